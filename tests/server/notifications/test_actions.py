import pytest

from server.citizens.model import Tier


@pytest.fixture
def citizen(house):
    return house.citizens.new_device()[0]


async def tell(house, *followers, code="nomination.drawn", **parameters):
    notifications = house.notifications
    await house.database.transact(lambda tx: notifications.tell(tx, followers, code, "/nominations/no_1", **parameters))


async def test_everybody_who_follows_is_told_once(house, citizen):
    inbox, other = house.notifications.inbox(citizen), house.notifications.inbox(house.citizens.new_device()[0])
    await tell(house, inbox, other, inbox, nomination="no_1")
    (told,) = await house.notifications.news(citizen)
    assert (told.code, told.link, told.parameters) == ("nomination.drawn", "/nominations/no_1", {"nomination": "no_1"})
    assert await house.notifications.unread(citizen) == 1
    await tell(house)


async def test_what_is_told_falls_with_the_callers_transaction(house, citizen):
    async def work(tx):
        await house.notifications.tell(tx, [house.notifications.inbox(citizen)], "nomination.drawn", "/x")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await house.database.transact(work)
    assert await house.notifications.news(citizen) == []


async def test_reading_ends_the_count_but_not_of_what_came_after_the_page(house, clock, citizen):
    inbox = house.notifications.inbox(citizen)
    await tell(house, inbox)
    drawn_at = clock()
    clock.advance(seconds=1)
    await tell(house, inbox)
    await house.notifications.read(citizen, drawn_at)
    assert await house.notifications.unread(citizen) == 1
    await house.notifications.read(citizen)
    assert await house.notifications.unread(citizen) == 0


async def test_nobody_marks_the_future_as_read(house, clock, citizen):
    await house.notifications.read(citizen, clock().replace(year=2100))
    clock.advance(seconds=1)
    await tell(house, house.notifications.inbox(citizen))
    assert await house.notifications.unread(citizen) == 1


async def test_strangers_have_no_news_and_read_nobodys(house, citizen):
    await tell(house, house.notifications.inbox(citizen))
    stranger = house.citizens.new_device()[0]
    assert await house.notifications.unread(None) == 0
    assert await house.notifications.news(stranger) == []
    await house.notifications.read(stranger)
    assert await house.notifications.unread(citizen) == 1


async def test_a_browsers_news_stays_readable_when_it_is_known_better(house, citizen):
    await tell(house, house.notifications.inbox(citizen))
    better = type(citizen)(citizen.device, Tier.PHONE, house.citizens.identity(Tier.PHONE, "+8613800000000"))
    assert house.notifications.inbox(better) != house.notifications.inbox(citizen)
    assert await house.notifications.unread(better) == 1
