"""Channel: one publisher at a time, many readers; it outlives a publisher's reconnect.

Contract for whoever wires this room:

* `Channels(on_event=..., outputs=...)` is the registry. `open(name)` makes or finds a channel, `get(name)`
  only finds. `outputs(name)` makes what a new channel is carried to (HLS, a recording, a push elsewhere).
* `on_event` is awaited with each `ChannelEvent`, one at a time and in order: STARTED with the first picture
  or sound, INTERRUPTED when the publisher is lost or leaves, RESUMED when anyone's picture comes back, ENDED
  only by `end`. The same identity taking over while live is silent.
* `cut` ends the public picture at once: what was not yet shown never will be. Monitors and outputs that are
  not public go on. `restore` lets the public see again. Neither is an event: the caller knows.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

from streaming.feed import FEED_FRAMES, Ending, Feed
from streaming.h264 import is_keyframe, split_nals
from streaming.media import Kind, MediaFrame
from streaming.outputs import Output, Outputs
from streaming.tasks import Tasks
from streaming.timeline import Timeline

logger = logging.getLogger(__name__)

SILENCE_SECONDS = 5.0
WATCH_SECONDS = 1.0
KEYFRAME_REQUEST_SECONDS = 0.5
EVENT_SECONDS = 5.0  # how long closing waits for the listener


class EventKind(StrEnum):
    """What can happen to a channel."""

    STARTED = "started"
    INTERRUPTED = "interrupted"
    RESUMED = "resumed"
    ENDED = "ended"


class ChannelState(StrEnum):
    """Where a channel is; whether the public sees it is `Channel.cut_reason`."""

    IDLE = "idle"
    LIVE = "live"
    INTERRUPTED = "interrupted"
    ENDED = "ended"


@dataclass(frozen=True)
class ChannelEvent:
    """Something happened to a channel; `publisher` is the identity of whoever published last."""

    kind: EventKind
    channel: str
    publisher: str
    at: datetime
    reason: str = ""


class Occupied(Exception):
    """Someone else is publishing here."""


class Source(Protocol):
    """A publisher's connection, as the channel needs it."""

    async def connected(self) -> bool:
        """Wait until media can flow; False when it did not come to that."""

    def silent_for(self, since: float) -> float:
        """Seconds without media, counted from `since` (monotonic) when none ever came."""

    async def request_keyframe(self) -> None:
        """Ask for a keyframe soon."""

    async def close(self, reason: str) -> None:
        """Close for good."""


OnEvent = Callable[[ChannelEvent], Awaitable[None]]


@dataclass(eq=False)
class Publication:
    """One publisher's connection to one channel."""

    channel: "Channel"
    identity: str
    source: Source
    run: int = 0

    def frame(self, kind: Kind, timestamp: int, data: bytes) -> None:
        """An encoded frame came; ignored once another publication has taken over."""
        self.channel.receive(self, kind, timestamp, data)

    def report(self, kind: Kind, ntp_seconds: float, timestamp: int) -> None:
        """A sender report came."""
        if self.channel.publication is self:
            self.channel.timeline.report(kind, ntp_seconds, timestamp)


class Channel:
    """See the module's contract. Everything happens on the event loop that made it."""

    def __init__(self, name: str, *, on_event: OnEvent, outputs: Sequence[Output] = ()) -> None:
        self.name = name
        self.state = ChannelState.IDLE
        self.publication: Publication | None = None
        self.timeline = Timeline()
        self.cut_reason: str | None = None
        self.endings = 0  # how often it was ended: who asks before and after knows whether it was in between
        self._on_event = on_event
        self._events: asyncio.Queue[ChannelEvent] = asyncio.Queue()
        self._feeds: list[Feed] = []
        self._outputs = Outputs(name, outputs, self.open_feed, self.close_feed)
        self._tasks = Tasks()
        self._zero = time.monotonic()
        self._wall_zero = time.time()
        self._runs = 0
        self._last_identity = ""
        self._keyframe_asked_at = 0.0
        self._keyframe_came_at = 0.0
        self._keyframe_pending = False
        self._tasks.start(self._tell(), f"{name} events")

    @property
    def publisher(self) -> str | None:
        """The identity of whoever is connected or connecting to publish now."""
        return self.publication.identity if self.publication else None

    @property
    def outputs(self) -> list[Output]:
        """What this channel is carried to, to show its states."""
        return self._outputs.all

    # Publishing

    def check_free(self, identity: str) -> None:
        """Raise `Occupied` unless this identity may publish now: nobody does, or they do themselves."""
        if self.publication is not None and self.publication.identity != identity:
            raise Occupied(self.name)

    async def take(self, publication: Publication) -> None:
        """Publish by this connection from now on; the same identity's former one is closed as "replaced"."""
        self.check_free(publication.identity)
        former, self.publication = self.publication, publication
        self._runs += 1
        publication.run = self._runs
        self._last_identity = publication.identity
        self._wall_zero = time.time() - (time.monotonic() - self._zero)
        self.timeline.start()
        self._pause_feeds()
        self._outputs.start()
        self._tasks.start(self._watch(publication), f"{self.name} watch {publication.run}")
        if former is not None:
            await former.source.close("replaced")

    def receive(self, publication: Publication, kind: Kind, timestamp: int, data: bytes) -> None:
        """Hand one encoded frame of the current publication to every reader."""
        if self.publication is not publication:
            return
        if self.state is not ChannelState.LIVE:
            resumed = self.state is ChannelState.INTERRUPTED
            self.state = ChannelState.LIVE
            self._happened(EventKind.RESUMED if resumed else EventKind.STARTED)
        nals = split_nals(data) if kind == "video" else []
        now = time.monotonic()
        placed = self.timeline.place(kind, timestamp, now - self._zero)
        frame = MediaFrame(kind, data, nals, placed, 0.0, publication.run, is_keyframe(nals))
        # The frame that hurried most tells best when it was captured; no frame comes before its time.
        self._wall_zero = min(self._wall_zero, time.time() - frame.seconds)
        frame.wall = self._wall_zero + frame.seconds
        if frame.keyframe:
            self._keyframe_came_at = now
        for feed in self._feeds:
            feed.put(frame)

    def lost(self, publication: Publication, reason: str) -> None:
        """This publisher's connection is gone; nothing happens when it no longer was the current one."""
        if self.publication is not publication:
            return
        self.publication = None
        self._pause_feeds()
        self._tasks.start(publication.source.close(reason), f"{self.name} close {publication.run}")
        if self.state is ChannelState.LIVE:
            self.state = ChannelState.INTERRUPTED
            self._happened(EventKind.INTERRUPTED, reason)

    async def end(self, reason: str) -> None:
        """End the broadcast: the publisher is disconnected, outputs finish what they have."""
        publication, self.publication = self.publication, None
        self.endings += 1
        if self.state in (ChannelState.LIVE, ChannelState.INTERRUPTED):
            self._happened(EventKind.ENDED, reason)
        self.state = ChannelState.ENDED
        if publication is not None:
            await publication.source.close(reason)
        await self._outputs.stop(Ending.ENDED)

    async def cut(self, reason: str) -> None:
        """End the public picture at once; returns when no public output carries any more."""
        self.cut_reason = reason
        await self._outputs.cut()

    def restore(self) -> None:
        """Let the public see again, from now on."""
        self.cut_reason = None
        self._outputs.restore()

    # Reading

    def open_feed(self, name: str, kinds: Collection[Kind] = ("video", "audio"), *, limit: int = FEED_FRAMES) -> Feed:
        """A new reader, beginning at the keyframe that is asked for at once."""
        feed = Feed(f"{self.name} {name}", kinds=kinds, limit=limit, request_keyframe=self.request_keyframe)
        self._feeds.append(feed)
        self.request_keyframe()
        return feed

    def close_feed(self, feed: Feed) -> None:
        """The reader is gone; closing twice is harmless."""
        feed.end(Ending.CLOSED, drop=True)
        if feed in self._feeds:
            self._feeds.remove(feed)

    def request_keyframe(self) -> None:
        """Ask the publisher for a keyframe, at most twice a second; never forgotten, only bundled."""
        if not self._keyframe_pending and self.publication is not None:
            self._keyframe_pending = True
            self._tasks.start(self._ask_keyframe(time.monotonic()), f"{self.name} keyframe")

    async def close(self) -> None:
        """Stop everything without ending the broadcast: after a restart it goes on."""
        publication, self.publication = self.publication, None
        if publication is not None:
            await publication.source.close("the server stops")
        await self._outputs.close()
        for feed in list(self._feeds):
            self.close_feed(feed)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(EVENT_SECONDS):
                await self._events.join()
        await self._tasks.close()

    # Background

    async def _ask_keyframe(self, wished_at: float) -> None:
        try:
            await asyncio.sleep(max(0.0, self._keyframe_asked_at + KEYFRAME_REQUEST_SECONDS - wished_at))
        finally:
            self._keyframe_pending = False
        # A keyframe that came meanwhile was everything that was wished for.
        if self.publication is not None and self._keyframe_came_at < wished_at:
            self._keyframe_asked_at = time.monotonic()
            await self.publication.source.request_keyframe()

    async def _watch(self, publication: Publication) -> None:
        """Lose a publisher that never connects or falls silent; ask again for keyframes that never came."""
        if not await publication.source.connected():
            self.lost(publication, "the connection was not established")
        connected_at = time.monotonic()
        while self.publication is publication:
            if publication.source.silent_for(connected_at) > SILENCE_SECONDS:
                self.lost(publication, f"no media for {SILENCE_SECONDS:.0f} s")
            elif any(feed.needs_keyframe for feed in self._feeds):
                self.request_keyframe()
            await asyncio.sleep(WATCH_SECONDS)

    async def _tell(self) -> None:
        while True:
            event = await self._events.get()
            try:
                await self._on_event(event)
            except Exception:
                logger.exception("%s: the listener failed on %s", self.name, event.kind)
            finally:
                self._events.task_done()

    def _happened(self, kind: EventKind, reason: str = "") -> None:
        self._events.put_nowait(ChannelEvent(kind, self.name, self._last_identity, datetime.now(UTC), reason))

    def _pause_feeds(self) -> None:
        for feed in self._feeds:
            feed.pause()


class Channels:
    """The registry of channels; see the module's contract."""

    def __init__(self, *, on_event: OnEvent, outputs: Callable[[str], Sequence[Output]] = lambda _name: ()) -> None:
        self._on_event = on_event
        self._outputs = outputs
        self._channels: dict[str, Channel] = {}

    def get(self, name: str) -> Channel | None:
        """The channel of this name, if it was opened."""
        return self._channels.get(name)

    def open(self, name: str) -> Channel:
        """The channel of this name, made if need be; call on the event loop."""
        channel = self._channels.get(name)
        if channel is None:
            channel = Channel(name, on_event=self._on_event, outputs=self._outputs(name))
            self._channels[name] = channel
        return channel

    async def close(self) -> None:
        """Close every channel."""
        await asyncio.gather(*(channel.close() for channel in self._channels.values()))
        self._channels.clear()
