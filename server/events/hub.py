"""Where the connections of all viewers meet: what there is to read, when to look again, when to go home."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

from server.events.ring import Reading, Ring, Shown
from server.events.whispers import Whispers
from server.ledger.actions import Ledger

RING_ENTRIES = 2000
POLL_SECONDS = 60.0
CLOSE_SECONDS = 5.0


class Hub:
    """Viewers pull: each walks the ledger at its own pace, so nothing is queued for anybody.

    The hub only says when something changed. Its `run` is the background task of every server that has viewers.
    """

    def __init__(
        self,
        ledger: Ledger,
        shown: Shown,
        *,
        slow_seconds: float = 10.0,
        beat_seconds: float = 15.0,
        whisper_seconds: float = 1.0,
    ) -> None:
        self.ledger = ledger
        self.whispers = Whispers()
        self.slow_seconds = slow_seconds
        self.beat_seconds = beat_seconds
        self.whisper_seconds = whisper_seconds
        self.dropped = 0
        """Viewers that stood still for too long, since the start."""
        self._ring = Ring(ledger, shown, RING_ENTRIES)
        self._signal = asyncio.Event()
        self._telling: asyncio.TimerHandle | None = None
        self._scopes: set[asyncio.Timeout] = set()
        self._empty = asyncio.Event()
        self._closing = False

    @property
    def connections(self) -> int:
        """Viewers connected now; one that has silently gone counts until the next beat."""
        return len(self._scopes)

    @property
    def signal(self) -> asyncio.Event:
        """Set at the next change. Take it before looking, so that no change falls between."""
        return self._signal

    async def run(self) -> None:
        """Watches the ledger grow, for ever."""
        self._announce()  # What grew before this task ran, or while it was down.
        size = self.ledger.head.size
        while True:
            if await self.ledger.wait_beyond(size, POLL_SECONDS):
                size = self.ledger.head.size
                self._announce()

    async def read(self, first: int, episode: str | None) -> Reading:
        """Frames from this index on."""
        return await self._ring.read(first, episode)

    def whisper(self, episode: str, event: str, said: Any) -> None:
        """Tells viewers of an episode something that is no fact; only the newest value reaches the slower ones."""
        if self.whispers.put(episode, event, said) and self._telling is None:
            loop = asyncio.get_running_loop()
            self._telling = loop.call_later(self.whisper_seconds, self._tell)

    def _tell(self) -> None:
        self._telling = None
        self._announce()

    def _announce(self) -> None:
        self._signal.set()
        self._signal = asyncio.Event()

    @contextlib.contextmanager
    def joined(self, scope: asyncio.Timeout) -> Iterator[None]:
        """Counts a viewer while the block runs; `close` ends the block by its timeout, wherever it waits."""
        self._scopes.add(scope)
        if self._closing:
            _expire(scope)
        try:
            yield
        finally:
            self._scopes.discard(scope)
            if not self._scopes:
                self._empty.set()

    async def close(self) -> None:
        """Ends all connections at once and waits until they have gone."""
        self._closing = True
        if self._telling:
            self._telling.cancel()
        self._empty.clear()
        for scope in self._scopes:
            _expire(scope)
        if self._scopes:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), CLOSE_SECONDS)


def _expire(scope: asyncio.Timeout) -> None:
    if not scope.expired():
        scope.reschedule(asyncio.get_running_loop().time())
