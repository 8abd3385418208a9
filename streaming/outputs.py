"""What a channel is carried to: runs each output, again after each failure; stops the public ones at a cut."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from streaming.feed import Ending, Feed
from streaming.tasks import Tasks

logger = logging.getLogger(__name__)

RETRY_SECONDS = 2.0
STOP_SECONDS = 10.0


class Output(Protocol):
    """Something a channel is carried to. It is run again after each failure, cut or end."""

    public: bool

    @property
    def state(self) -> str:
        """One word or sentence for people: what it is doing, or how it failed."""

    async def run(self, feed: Feed) -> None:
        """Carry until the feed ends; `feed.ended` says why."""

    async def close(self) -> None:
        """Release everything and wait for it; `run` has returned."""


@dataclass(eq=False)
class _Carried:
    """An output, the feed it last ran on, and whether it is between two runs."""

    output: Output
    feed: Feed | None = None
    idle: asyncio.Event = field(default_factory=asyncio.Event)


class Outputs:
    """The outputs of one channel. They run from `start` on until `stop`; the public ones not while cut."""

    def __init__(
        self,
        name: str,
        outputs: Sequence[Output],
        open_feed: Callable[[str], Feed],
        close_feed: Callable[[Feed], None],
    ) -> None:
        self._name = name
        self._open_feed = open_feed
        self._close_feed = close_feed
        self._on_air = asyncio.Event()
        self._public = asyncio.Event()
        self._public.set()
        self._tasks = Tasks()
        self._carried = [_Carried(output) for output in outputs]
        for carried in self._carried:
            self._tasks.start(self._carry(carried), f"{name} {type(carried.output).__name__}")

    @property
    def all(self) -> list[Output]:
        """Every output, to show its state."""
        return [carried.output for carried in self._carried]

    def start(self) -> None:
        """Somebody publishes: run."""
        self._on_air.set()

    async def stop(self, ending: Ending) -> None:
        """Let all finish what they have, and wait."""
        self._on_air.clear()
        await self._stop(self._carried, ending)

    async def cut(self) -> None:
        """Stop the public ones at once, and wait."""
        self._public.clear()
        await self._stop([carried for carried in self._carried if carried.output.public], Ending.CUT)

    def restore(self) -> None:
        """Let the public ones run again."""
        self._public.set()

    async def close(self) -> None:
        """Stop for good."""
        await self.stop(Ending.CLOSED)
        await self._tasks.close()
        for carried in self._carried:
            await carried.output.close()

    async def _carry(self, carried: _Carried) -> None:
        while True:
            carried.idle.set()
            await self._on_air.wait()
            if carried.output.public and not self._public.is_set():
                await self._public.wait()
                continue
            carried.idle.clear()
            carried.feed = self._open_feed(type(carried.output).__name__)
            if await self._run(carried.output, carried.feed):
                carried.idle.set()
                await asyncio.sleep(RETRY_SECONDS)

    async def _run(self, output: Output, feed: Feed) -> bool:
        """Run once; whether it stopped by itself and should be tried again after a pause."""
        try:
            await output.run(feed)
        except Exception:
            logger.exception("%s: %s failed, trying again", self._name, type(output).__name__)
        failed = feed.ended is None
        self._close_feed(feed)
        return failed

    async def _stop(self, stopped: Sequence[_Carried], ending: Ending) -> None:
        for carried in stopped:
            if carried.feed is not None:
                carried.feed.end(ending, drop=ending is Ending.CUT)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                for carried in stopped:
                    await carried.idle.wait()
        except TimeoutError:
            logger.exception("%s: an output did not stop within %d s", self._name, STOP_SECONDS)
