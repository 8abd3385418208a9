import asyncio
import json
import logging

import pytest

from server.events.ring import Ring, sse
from server.kit.errors import Unavailable


class Drawer:
    """Draws entries, counting; fails as it is told."""

    def __init__(self):
        self.drawn = []
        self.problem = None

    async def __call__(self, entry):
        self.drawn.append(entry.index)
        await asyncio.sleep(0)
        if self.problem:
            raise self.problem
        return {"n": entry.index}


@pytest.fixture
def drawer():
    return Drawer()


def ids(frames):
    return [int(frame.split(b"\n")[0].removeprefix(b"id: ")) for frame in frames]


async def walk(ring, first, end, episode=None):
    """Everything from `first` to `end`, by as many readings as it takes."""
    got = []
    while first < end:
        reading = await ring.read(first, episode)
        assert reading.next > first
        got += ids(reading.frames)
        first = reading.next
    return got


async def test_an_entry_is_drawn_once_however_many_read_it(sites, fact, drawer):
    site = await sites()
    await site.record(*(fact(n) for n in range(30)))
    ring = Ring(site.ledger, drawer, 100)
    got = await asyncio.gather(*(walk(ring, n % 3, 30) for n in range(20)))
    assert got == [list(range(n % 3, 30)) for n in range(20)]
    assert sorted(drawer.drawn) == list(range(30))


async def test_only_what_somebody_wants_is_drawn(sites, fact, drawer):
    site = await sites()
    await site.record(*(fact(n, episode=f"ep_{n % 5}") for n in range(30)))
    ring = Ring(site.ledger, drawer, 100)
    assert await walk(ring, 0, 30, "ep_3") == [3, 8, 13, 18, 23, 28]
    assert drawer.drawn == [3, 8, 13, 18, 23, 28]


@pytest.mark.parametrize("size", [0, 1, 7, 49, 50, 51, 500])
@pytest.mark.parametrize("episode", [None, "ep_1"])
async def test_whatever_the_ring_holds_all_is_read_once_in_order(sites, fact, drawer, size, episode, monkeypatch):
    monkeypatch.setattr("server.events.ring.PAGE", 8)
    site = await sites()
    await site.record(*(fact(n, episode=f"ep_{n % 2}") for n in range(50)))
    ring = Ring(site.ledger, drawer, size)
    wanted = [n for n in range(50) if episode is None or n % 2 == 1]
    assert await walk(ring, 0, 50, episode) == wanted


async def test_the_ring_stays_small_while_the_ledger_grows(sites, fact, drawer):
    site = await sites()
    ring = Ring(site.ledger, drawer, 10)
    for start in range(0, 60, 6):
        await site.record(*(fact(start + n) for n in range(6)))
        assert await walk(ring, start, start + 6) == list(range(start, start + 6))
        assert len(ring._slots) <= 10
    assert await walk(ring, 0, 60) == list(range(60))
    assert len(ring._slots) <= 10


async def test_an_entry_that_cannot_be_drawn_goes_out_all_the_same(sites, fact, drawer, caplog):
    site = await sites()
    await site.record(fact(0))
    drawer.problem = RuntimeError("broken")
    reading = await Ring(site.ledger, drawer, 10).read(0, None)
    [frame] = reading.frames
    assert json.loads(frame.split(b"data: ")[1])["shown"] is None
    [record] = [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert record.getMessage() == "Entry 0 could not be drawn; it goes out without what a page shows."


@pytest.mark.parametrize("size", [0, 10])
async def test_a_database_that_is_away_is_asked_once_not_by_everybody(sites, fact, drawer, size, monkeypatch):
    monkeypatch.setattr("server.events.ring.AWAY_SECONDS", 0.2)
    site = await sites()
    await site.record(fact(0))
    ring = Ring(site.ledger, drawer, size)
    drawer.problem = Unavailable("away", retry_after=2)
    got = await asyncio.gather(*(ring.read(0, None) for _ in range(20)), return_exceptions=True)
    assert all(isinstance(problem, Unavailable) for problem in got)
    assert len(drawer.drawn) <= 2
    drawer.problem = None
    async with asyncio.timeout(5):
        while True:
            with_it = await asyncio.gather(ring.read(0, None), return_exceptions=True)
            if not isinstance(with_it[0], Unavailable):
                break
    assert ids(with_it[0].frames) == [0]


async def test_reading_at_the_end_gives_nothing_and_stays(sites, fact, drawer):
    site = await sites()
    await site.record(fact(0))
    reading = await Ring(site.ledger, drawer, 10).read(1, None)
    assert (reading.frames, reading.next) == ([], 1)


def test_a_frame_never_breaks_its_line():
    assert sse("fact", {"a": "1\n2\r\u2028\ud800"}, index=3) == (
        b'id: 3\nevent: fact\ndata: {"a":"1\\n2\\r\xe2\x80\xa8?"}\n\n'
    )
