import asyncio
from dataclasses import dataclass, field

import pytest

from streaming.channels import Channel, Channels, ChannelState, Occupied, Publication
from streaming.feed import Ending, Feed, FeedEnded


@dataclass
class Source:
    """A publisher's connection at the edge of the world: says what a test wants it to."""

    connects: bool = True
    silent: float = 0.0
    asked: int = 0
    closed: list[str] = field(default_factory=list)

    async def connected(self):
        return self.connects

    def silent_for(self, since):
        return self.silent

    async def request_keyframe(self):
        self.asked += 1

    async def close(self, reason):
        self.closed.append(reason)


class Reader:
    """An output that keeps what it reads; it fails the first `failures` times."""

    def __init__(self, *, public=True, failures=0):
        self.public, self.failures = public, failures
        self.read, self.endings = [], []
        self.state = "waiting"
        self.closed = False

    async def run(self, feed: Feed):
        if self.failures:
            self.failures -= 1
            raise OSError("no disk")
        try:
            while True:
                self.read.append(await feed.next())
        except FeedEnded as ended:
            self.endings.append(ended.ending)

    async def close(self):
        self.closed = True


@pytest.fixture
def told():
    return []


@pytest.fixture
async def stage(told):
    """Make a channel with these outputs; closed after the test."""
    made = []

    def make(*outputs):
        async def note(event):
            told.append((str(event.kind), event.publisher, event.reason))

        made.append(Channel("kitchen", on_event=note, outputs=outputs))
        return made[-1]

    yield make
    for channel in made:
        await channel.close()


async def publish(channel, identity="anna", source=None):
    publication = Publication(channel, identity, source or Source())
    await channel.take(publication)
    return publication


def play(publication, shot):
    for frame in shot:
        publication.frame(frame.kind, frame.time, frame.data)


async def test_a_broadcast_in_events(stage, shot, told, until):
    channel = stage()
    first = await publish(channel)
    assert (channel.state, channel.publisher) == (ChannelState.IDLE, "anna")
    play(first, shot[:5])
    assert channel.state is ChannelState.LIVE
    channel.lost(first, "no media for 5 s")
    assert (channel.state, channel.publisher) == (ChannelState.INTERRUPTED, None)
    second = await publish(channel, "ben")  # whoever comes while nobody publishes
    play(second, shot[:5])
    await channel.end("concluded")
    await until(lambda: len(told) == 4)
    assert told == [
        ("started", "anna", ""),
        ("interrupted", "anna", "no media for 5 s"),
        ("resumed", "ben", ""),
        ("ended", "ben", "concluded"),
    ]
    assert first.source.closed == ["no media for 5 s"]
    assert second.source.closed == ["concluded"]


async def test_the_same_identity_takes_over_and_only_its_latest_frames_count(stage, shot, told):
    channel = stage()
    first = await publish(channel)
    play(first, shot[:5])
    second = await publish(channel)
    assert first.source.closed == ["replaced"]
    feed = channel.open_feed("test")
    play(first, shot)
    assert len(feed._frames) == 0
    play(second, shot)
    assert {frame.run for frame in feed._frames} == {2}
    channel.lost(first, "the other side closed")
    assert channel.publisher == "anna"
    await asyncio.sleep(0)
    assert [kind for kind, *_ in told] == ["started"]


async def test_another_identity_is_refused_while_one_publishes_or_connects(stage):
    channel = stage()
    await publish(channel)
    with pytest.raises(Occupied):
        await publish(channel, "ben")


async def test_a_publisher_that_never_connects_makes_room(stage, told, until):
    channel = stage()
    publication = await publish(channel, source=Source(connects=False))
    await until(lambda: channel.publisher is None)
    await until(lambda: publication.source.closed == ["the connection was not established"])
    assert told == []


async def test_a_silent_publisher_is_interrupted(stage, shot, told, until):
    channel = stage()
    publication = await publish(channel)
    play(publication, shot[:5])
    publication.source.silent = 6
    await until(lambda: told[-1:] == [("interrupted", "anna", "no media for 5 s")])


async def test_timestamps_go_on_through_a_change_of_publisher(stage, shot):
    channel = stage()
    feed = channel.open_feed("test")
    play(await publish(channel), shot[:100])
    play(await publish(channel), shot[:100])
    frames = [frame for frame in feed._frames if frame is not None and frame.kind == "video"]
    assert [frame.time for frame in frames] == sorted({frame.time for frame in frames})
    assert {frame.run for frame in frames} == {1, 2}


async def test_a_cut_ends_the_public_picture_and_no_other(stage, shot, until):
    public, record = Reader(), Reader(public=False)
    channel = stage(public, record)
    publication = await publish(channel)
    await until(lambda: len(channel._feeds) == 2)
    await channel.cut("a minor in the picture")
    assert public.endings == [Ending.CUT]
    monitor = channel.open_feed("monitor")
    play(publication, shot)
    await until(lambda: len(record.read) > 10)
    assert monitor._frames
    assert not any(public.read)
    channel.restore()
    await until(lambda: len(channel._feeds) == 3)
    play(publication, shot)
    await until(lambda: any(public.read))
    assert record.endings == []


async def test_an_output_may_be_cut_before_anyone_publishes(stage, shot, until):
    public = Reader()
    channel = stage(public)
    await channel.cut("not yet")
    play(await publish(channel), shot)
    await asyncio.sleep(0)
    assert public.read == []
    channel.restore()
    await until(lambda: channel._feeds)


async def test_closing_stops_without_ending(stage, shot, told, until):
    reader = Reader()
    channel = stage(reader)
    play(await publish(channel), shot)
    await until(lambda: channel._feeds)
    await channel.close()
    assert reader.endings == [Ending.CLOSED]
    assert reader.closed
    assert [kind for kind, *_ in told] == ["started"]


async def test_keyframe_wishes_are_bundled_and_never_forgotten(stage, shot, until):
    channel = stage()
    publication = await publish(channel)
    for _ in range(20):
        channel.request_keyframe()
    await until(lambda: publication.source.asked == 1)
    for _ in range(20):
        channel.request_keyframe()
    await until(lambda: publication.source.asked == 2)
    channel.request_keyframe()
    play(publication, shot[:1])  # the keyframe comes meanwhile
    await until(lambda: not channel._keyframe_pending)
    assert publication.source.asked == 2


async def test_a_failing_listener_does_not_stop_the_next_event(shot, until, caplog):
    heard = []

    async def listener(event):
        heard.append(str(event.kind))
        raise OSError("no database")

    channels = Channels(on_event=listener)
    channel = channels.open("kitchen")
    play(await publish(channel), shot[:5])
    await channel.end("concluded")
    await until(lambda: heard == ["started", "ended"])
    await channels.close()
    assert "the listener failed on started" in caplog.text


async def test_the_registry_opens_once_and_gets_only_what_is_open():
    async def ignore(_event):
        pass

    channels = Channels(on_event=ignore)
    assert channels.get("kitchen") is None
    assert channels.open("kitchen") is channels.open("kitchen") is channels.get("kitchen")
    await channels.close()
    assert channels.get("kitchen") is None
