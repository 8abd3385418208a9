import asyncio
import contextlib
import re
import socket
import time


async def until(hub, count):
    """Waits for this many connections."""
    async with asyncio.timeout(10):
        while hub.connections != count:  # noqa: ASYNC110  the hub announces facts, not viewers
            await asyncio.sleep(0)


@contextlib.contextmanager
def deaf(site):
    """A viewer who asks for everything and never reads an answer."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect((site.server.host, site.server.port))
    sock.sendall(b"GET /events?from=-1 HTTP/1.1\r\nHost: here\r\n\r\n")
    with sock:
        yield sock


def what_is_left(sock):
    """All that still comes, up to the end of the connection."""
    sock.settimeout(10)
    text = b""
    with contextlib.suppress(ConnectionResetError):
        while more := sock.recv(65536):
            text += more
    return text


async def test_a_slow_viewer_is_dropped_and_fifty_others_are_served_on_time(sites, fact):
    site = await sites(slow_seconds=0.5)
    big = "x" * 30_000
    async with contextlib.AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(site.stream(from_=-1)) for _ in range(50)]
        sock = stack.enter_context(deaf(site))
        await until(site.hub, 51)
        began = time.monotonic()
        worst = 0.0
        for batch in range(10):
            sent = time.monotonic()
            places = await site.record(*(fact(batch * 4 + n, reason=big) for n in range(4)))
            assert await asyncio.gather(*(s.indexes(4) for s in streams)) == [places] * 50
            worst = max(worst, time.monotonic() - sent)
        await until(site.hub, 50)
        assert site.hub.dropped == 1
        left = await asyncio.to_thread(what_is_left, sock)
        assert not left.endswith(b"0\r\n\r\n"), "cut in the middle, so that the viewer knows"
        assert len(left) < 500_000, "and little was kept for it"
        assert worst < 1.0, f"{worst:.2f} s"
        assert time.monotonic() - began < 10


async def test_a_dropped_viewer_comes_back_without_loss(sites, fact):
    site = await sites(slow_seconds=1)
    await site.record(*(fact(n, reason="x" * 3_000) for n in range(100)))
    with deaf(site) as sock:
        await until(site.hub, 1)
        await until(site.hub, 0)
        assert site.hub.dropped == 1
        whole, _, _ = (await asyncio.to_thread(what_is_left, sock)).rpartition(b"\n\n")
    got = [int(index) for index in re.findall(rb"^id: ([0-9]+)$", whole, re.MULTILINE)]
    assert 0 < len(got) < 100
    async with site.stream(last_id=str(got[-1])) as stream:
        got += await stream.indexes(100 - len(got))
    assert got == list(range(100))


async def test_a_quiet_connection_beats(sites):
    site = await sites(beat_seconds=0.05)
    async with site.stream() as stream:
        beats = [await stream.next(comments=True) for _ in range(3)]
    assert [b.comment for b in beats] == ["beat"] * 3


async def test_a_viewer_who_went_is_noticed_at_the_next_beat(sites):
    site = await sites(beat_seconds=0.05)
    async with site.stream():
        await until(site.hub, 1)
    await until(site.hub, 0)


async def test_whispers_come_at_most_once_a_second_and_the_newest_wins(sites):
    site = await sites(whisper_seconds=0.3)
    async with site.stream(episode="ep_1") as stream:
        site.hub.whisper("ep_1", "watching", {"watching": 0})
        assert (await stream.next(whispers=True)).said == {"watching": 0}
        got = []
        began = time.monotonic()
        for number in range(1, 200):
            site.hub.whisper("ep_1", "watching", {"watching": number})
            site.hub.whisper("ep_2", "watching", {"watching": -1})
            await asyncio.sleep(0)
        while not got or got[-1].said != {"watching": 199}:
            got.append(await stream.next(whispers=True))
    assert len(got) <= 1 + (time.monotonic() - began) / 0.3
    assert all(event.id is None and event.event == "watching" for event in got)


async def test_a_new_viewer_hears_the_present_value_at_once(sites):
    site = await sites(whisper_seconds=60)
    site.hub.whisper("ep_1", "watching", {"watching": 3})
    async with site.stream(episode="ep_1") as stream:
        assert (await stream.next(whispers=True)).said == {"watching": 3}


async def test_all_connections_end_at_once_when_the_hub_closes(sites, fact):
    site = await sites()
    await site.record(*(fact(n, reason="x" * 60_000) for n in range(20)))
    async with contextlib.AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(site.stream(from_=19)) for _ in range(20)]
        stack.enter_context(deaf(site))
        await until(site.hub, 21)
        began = time.monotonic()
        await site.hub.close()
        assert site.hub.connections == 0
        for stream in streams:
            assert b"retry" in await asyncio.wait_for(stream.response.content.read(), 5)
        assert time.monotonic() - began < 2
        async with site.stream() as late:
            assert await asyncio.wait_for(late.response.content.read(), 5) == b"retry: 1000\n\n"


async def test_stopping_the_server_does_not_wait_for_viewers(sites, fact):
    site = await sites()
    await site.record(*(fact(n, reason="x" * 60_000) for n in range(20)))
    with deaf(site):
        async with site.stream():
            await until(site.hub, 2)
            began = time.monotonic()
            await site.server.close()
            assert time.monotonic() - began < 3
