from datetime import timedelta

from server.notifications.model import Message


def message(clock, number=1, inbox="one", **more):
    return Message(f"ms_{number}", inbox, "nomination.drawn", "/nominations/no_1", clock(), {"a": "b"}, **more)


async def keep(house, *messages):
    await house.database.transact(lambda tx: house.notifications.store.insert(messages, tx))


async def test_a_message_is_kept_whole_and_the_newest_comes_first(house, clock):
    old = message(clock)
    clock.advance(hours=1)
    new, foreign = message(clock, 2, read_at=clock()), message(clock, 3, "other")
    await keep(house, old, new, foreign)
    store = house.notifications.store
    assert await store.find(["one"], 10) == [new, old]
    assert await store.find(["one"], 1) == [new]
    assert await store.find([], 10) == []
    assert await store.count_unread(["one"]) == 1
    assert await store.count_unread(["one", "other"]) == 2


async def test_reading_marks_what_had_come_by_then(house, clock):
    await keep(house, message(clock))
    drawn_at = clock()
    clock.advance(seconds=1)
    await keep(house, message(clock, 2), message(clock, 3, "other"))
    store = house.notifications.store
    await store.read_all(["one"], drawn_at, clock())
    assert [m.read_at for m in await store.find(["one"], 10)] == [None, clock()]
    assert await store.count_unread(["other"]) == 1


async def test_the_count_of_unread_news_has_an_index_and_old_news_goes(house):
    messages = house.database.collection("messages")
    indexes = await messages._motor.index_information()
    assert indexes["unread"]["partialFilterExpression"] == {"read_at": None}
    (expiring,) = [i for i in indexes.values() if "expireAfterSeconds" in i]
    assert expiring["expireAfterSeconds"] == timedelta(days=400).total_seconds()
