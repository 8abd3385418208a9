import asyncio

import pytest

from server.events.hub import Hub


async def nothing(entry):
    return None


async def test_the_signal_comes_when_the_ledger_grows(sites, fact):
    site = await sites()
    signal = site.hub.signal
    await site.record(fact(0))
    await asyncio.wait_for(signal.wait(), 5)
    assert not site.hub.signal.is_set()
    assert (await site.hub.read(0, None)).next == 1


async def test_many_whispers_are_one_signal(sites):
    site = await sites()
    hub = Hub(site.ledger, nothing, whisper_seconds=0.05)
    signal = hub.signal
    for number in range(100):
        hub.whisper("ep_1", "watching", number)
    assert not signal.is_set()
    await asyncio.wait_for(signal.wait(), 5)
    assert hub.whispers.since(0, "ep_1") == [b"event: watching\ndata: 99\n\n"]
    quiet = hub.signal
    hub.whisper("ep_1", "watching", 99)
    assert hub._telling is None, "the same value again is no news"
    assert not quiet.is_set()


async def test_closing_ends_every_viewer_wherever_it_waits(sites):
    site = await sites()
    hub = Hub(site.ledger, nothing)
    inside = asyncio.Event()

    async def view():
        async with asyncio.timeout(None) as scope:
            with hub.joined(scope):
                inside.set()
                await asyncio.Event().wait()

    viewers = [site.tasks.start("viewer", view()) for _ in range(5)]
    await inside.wait()
    assert hub.connections == 5
    await hub.close()
    assert hub.connections == 0
    for viewer in viewers:
        with pytest.raises(TimeoutError):
            await viewer
    with pytest.raises(TimeoutError):
        await view()
    await hub.close()
