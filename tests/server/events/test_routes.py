import asyncio
import contextlib
import json
import time

import pytest


async def test_a_fact_arrives_with_its_place_and_what_a_page_shows(sites, fact):
    site = await sites()
    async with site.stream() as stream:
        await site.record(fact(0, reason="因为"))
        event = await stream.next()
    assert event.id == "0"
    assert event.said == {
        "index": 0,
        "kind": "episode.moved",
        "at": "2026-03-06T02:00:00.000Z",
        "subject": "subject 0",
        "episode": "ep_1",
        "body": {"from": "draft", "to": "nominating", "reason": "因为"},
        "shown": {"title": "片 0"},
    }


async def test_the_reply_is_an_event_stream_that_nobody_keeps(sites):
    site = await sites()
    async with site.stream() as stream:
        headers = stream.response.headers
        first = await stream.response.content.readuntil(b"\n\n")
    assert headers["Content-Type"] == "text/event-stream"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Accel-Buffering"] == "no"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert first == b"retry: 1000\n\n"


async def test_without_a_place_only_what_is_new_arrives(sites, fact):
    site = await sites()
    await site.record(fact(0), fact(1))
    async with site.stream() as stream:
        await site.record(fact(2))
        assert await stream.indexes(1) == [2]


@pytest.mark.parametrize(("query", "header", "first"), [("-1", None, 0), ("1", None, 2), ("0", "2", 3)])
async def test_a_viewer_goes_on_after_the_place_that_it_names(sites, fact, query, header, first):
    site = await sites()
    await site.record(*(fact(n) for n in range(5)))
    async with site.stream(last_id=header, from_=query) as stream:
        assert await stream.indexes(5 - first) == list(range(first, 5))


async def test_everybody_is_sent_the_same_bytes(sites, fact):
    site = await sites()
    await site.record(*(fact(n) for n in range(3)))
    texts = set()
    for cookie in ("", "session=somebody"):
        async with site.session.get(site.url(from_=-1), headers={"Cookie": cookie}) as response:
            texts.add(b"".join([await response.content.readuntil(b"\n\n") for _ in range(4)]))
    assert len(texts) == 1


async def test_only_the_episode_asked_for_arrives(sites, fact):
    site = await sites()
    facts = [fact(n, episode=f"ep_{n % 3}") for n in range(9)]
    await site.record(*facts)
    async with site.stream(episode="ep_1", from_=-1) as stream:
        assert await stream.indexes(3) == [1, 4, 7]
        await site.record(fact(9, episode="ep_2"), fact(10, episode="ep_1"))
        assert await stream.indexes(1) == [10]
    async with site.stream(episode="subject 5", from_=-1) as stream:
        assert await stream.indexes(1) == [5]


async def test_a_broken_connection_resumes_without_loss_or_repeat(sites, fact):
    site = await sites()
    got, last = [], "-1"

    async def write():
        for number in range(60):
            await site.record(fact(number))

    writing = asyncio.gather(write())
    for share in (1, 7, 20, 12, 20):
        async with site.stream(last_id=last) as stream:
            got += await stream.indexes(share)
            last = stream.last_id
    await writing
    assert got == list(range(60))


async def test_a_restarted_server_is_resumed_without_loss_or_repeat(sites, fact):
    site = await sites()
    await site.record(*(fact(n) for n in range(5)))
    async with site.stream(from_=-1) as stream:
        got = await stream.indexes(3)
        await site.hub.close()
        with contextlib.suppress(EOFError):
            while True:
                got.append(int((await stream.next()).id))
        last = stream.last_id
    await site.stop()
    again = await sites()
    await again.record(fact(5), fact(6))
    async with again.stream(last_id=last) as stream:
        got += await stream.indexes(7 - len(got))
    assert got == list(range(7))


async def test_a_second_server_shows_the_facts_of_the_first_soon(sites, fact):
    first, second = await sites(), await sites()
    async with second.stream() as stream:
        began = time.monotonic()
        await first.record(fact(0))
        assert await stream.indexes(1) == [0]
        assert time.monotonic() - began < 1.5


async def test_a_server_that_lags_a_little_waits_for_the_place(sites, fact):
    first, second = await sites(), await sites()
    places = await first.record(*(fact(n) for n in range(3)))
    async with second.stream(last_id=str(places[-1])) as stream:
        await first.record(fact(3))
        assert await stream.indexes(1) == [3]


async def test_a_place_that_does_not_exist_is_refused(sites, fact, monkeypatch):
    monkeypatch.setattr("server.events.routes.LAG_SECONDS", 0.05)
    site = await sites()
    await site.record(fact(0))
    async with site.session.get(site.url(), headers={"Last-Event-ID": "7"}) as response:
        assert response.status == 400
        assert json.loads(await response.text())["error"] == {
            "status": 400,
            "kind": "Invalid",
            "message": "There is no event 7 to go on from; the ledger has 1 entries. Load the page again.",
            "where": "Last-Event-ID",
        }


@pytest.mark.parametrize(
    ("query", "where", "message"),
    [
        ({"from_": "x"}, "from", "“x” is not the index of an event, nor -1."),
        ({"from_": "-2"}, "from", "“-2” is not the index of an event, nor -1."),
        ({"from_": "9" * 60}, "from", f"“{'9' * 40}” is not the index of an event, nor -1."),
        ({"from_": "１"}, "from", "“１” is not the index of an event, nor -1."),
        ({"episode": ""}, "episode", "“” is not the id of an episode."),
        ({"episode": "e" * 65}, "episode", f"“{'e' * 64}” is not the id of an episode."),
    ],
)
async def test_a_question_that_cannot_be_is_refused(sites, query, where, message):
    site = await sites()
    async with site.session.get(site.url(**query)) as response:
        assert response.status == 400
        error = (await response.json())["error"]
    assert (error["where"], error["message"]) == (where, message)


async def test_head_is_not_answered_without_end(sites):
    site = await sites()
    async with site.session.head(site.url()) as response:
        assert response.status == 405
        assert response.headers["Allow"] == "GET"
