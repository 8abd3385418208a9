"""A bounded queue between a channel and one reader: a slow reader loses frames and nobody else notices."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Collection
from enum import StrEnum

from streaming.media import Kind, MediaFrame

logger = logging.getLogger(__name__)

FEED_FRAMES = 400  # some five seconds of 30 frames and 50 packets of sound a second
LOSS_LOG_SECONDS = 1.0


class Ending(StrEnum):
    """Why a feed ends: the broadcast is over, the public may not see on, or only this reader stops."""

    ENDED = "ended"
    CUT = "cut"
    CLOSED = "closed"


class FeedEnded(Exception):
    """Nothing more will come through this feed."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending)
        self.ending = ending


class Feed:
    """Frames for one reader, beginning at a keyframe. Filled and emptied on the event loop only.

    When full, everything waiting is dropped and the picture resumes at the next keyframe: lag never grows.
    """

    def __init__(
        self,
        name: str,
        *,
        kinds: Collection[Kind] = ("video", "audio"),
        limit: int = FEED_FRAMES,
        request_keyframe: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self.lost = 0
        self.ended: Ending | None = None
        self.request_keyframe = request_keyframe
        self._kinds = frozenset(kinds)
        self._limit = limit
        self._frames: deque[MediaFrame | None] = deque()
        self._wake = asyncio.Event()
        self.needs_keyframe = True
        self._unreported = 0
        self._reported_at = 0.0

    @property
    def waiting(self) -> int:
        """How many frames wait to be read."""
        return len(self._frames)

    def put(self, frame: MediaFrame) -> None:
        """Offer a frame; never blocks and never fails."""
        if frame.kind not in self._kinds or self.ended is not None:
            return
        if len(self._frames) >= self._limit:
            self._drop(len(self._frames))
        if frame.kind == "video" and self.needs_keyframe:
            if not frame.keyframe:
                return
            self.needs_keyframe = False
        self._frames.append(frame)
        self._wake.set()

    def pause(self) -> None:
        """Tell the reader that the publisher is gone for now: it reads None, once."""
        self._frames.append(None)
        self.needs_keyframe = True
        self._wake.set()

    def end(self, ending: Ending, *, drop: bool = False) -> None:
        """Let the reader finish what is waiting, with `drop` nothing of it, then raise `FeedEnded` there."""
        if drop:
            self._frames.clear()
        self.ended = self.ended or ending
        self._wake.set()

    async def next(self) -> MediaFrame | None:
        """The next frame; None when the publisher has gone for now."""
        while not self._frames:
            if self.ended is not None:
                raise FeedEnded(self.ended)
            self._wake.clear()
            await self._wake.wait()
        return self._frames.popleft()

    def _drop(self, count: int) -> None:
        self._frames.clear()
        self.lost += count
        self._unreported += count
        self.needs_keyframe = "video" in self._kinds
        if self.needs_keyframe:
            self.request_keyframe()
        now = time.monotonic()
        if now - self._reported_at >= LOSS_LOG_SECONDS:
            logger.warning("%s is too slow: %d frames dropped", self.name, self._unreported)
            self._reported_at, self._unreported = now, 0
