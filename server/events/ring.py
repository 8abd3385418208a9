"""The newest entries of the ledger, each drawn once for all viewers; older ones are drawn on the way."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from server.kit.errors import Unavailable
from server.kit.replies import jsonable
from server.ledger.actions import Ledger
from server.ledger.model import Entry, Fact

log = logging.getLogger(__name__)

Shown = Callable[[Entry], Awaitable[dict[str, Any] | None]]
"""What a page needs to draw an entry, None where the fact alone is enough."""

PAGE = 100
PAST_READERS = 2
"""How many viewers may read entries older than the ring at once; the others wait their turn."""
AWAY_SECONDS = 1.0
"""How long nobody asks the database again after it did not answer."""


@dataclass
class Slot:
    """An entry in the ring; `frame` are its bytes on the wire, once somebody wanted them."""

    entry: Entry
    frame: bytes | None = None


@dataclass(frozen=True)
class Reading:
    """Some frames in order, and the index from which to read on."""

    frames: list[bytes]
    next: int


class Ring:
    """Reads entries as frames. Holds `size` entries at most, whoever reads how slowly."""

    def __init__(self, ledger: Ledger, shown: Shown, size: int) -> None:
        self._ledger = ledger
        self._shown = shown
        self._size = size
        self._slots: dict[int, Slot] = {}
        self._loading = asyncio.Lock()
        self._drawing = asyncio.Lock()
        self._past = asyncio.Semaphore(PAST_READERS)
        self._away_until = 0.0

    async def read(self, first: int, episode: str | None) -> Reading:
        """Up to a page of frames from `first` on, of this episode or of all; Unavailable while the database is away."""
        if first < self._ledger.head.size - self._size:
            return await self._read_past(first, episode)
        return await self._read_recent(first, episode)

    async def _read_past(self, first: int, episode: str | None) -> Reading:
        async with self._past:
            end = self._ledger.head.size
            with self._asking():
                found = await self._ledger.entries(first, PAGE, **_of(episode))
            frames = [await self._draw(entry) for entry in found]
        return Reading(frames, found[-1].index + 1 if len(found) == PAGE else end)

    async def _read_recent(self, first: int, episode: str | None) -> Reading:
        end = min(first + PAGE, self._ledger.head.size)
        slots = await self._load(first, end)
        frames = [await self._frame(slot) for slot in slots if concerns(slot.entry.fact, episode)]
        return Reading(frames, max(first, end))

    async def _load(self, first: int, end: int) -> list[Slot]:
        slots = self._held(first, end)
        if len(slots) == end - first:
            return slots
        async with self._loading:  # One viewer fetches; those behind it find what it fetched.
            missing = [index for index in range(first, end) if index not in self._slots]
            if missing:
                with self._asking():
                    found = await self._ledger.entries(missing[0], missing[-1] - missing[0] + 1)
                for entry in found:
                    self._slots.setdefault(entry.index, Slot(entry))
            slots = self._held(first, end)
            self._forget()
            return slots

    def _held(self, first: int, end: int) -> list[Slot]:
        return [self._slots[index] for index in range(first, end) if index in self._slots]

    def _forget(self) -> None:
        oldest = self._ledger.head.size - self._size
        for index in [index for index in self._slots if index < oldest]:
            del self._slots[index]

    async def _frame(self, slot: Slot) -> bytes:
        if slot.frame is None:
            async with self._drawing:
                if slot.frame is None:
                    slot.frame = await self._draw(slot.entry)
        return slot.frame

    async def _draw(self, entry: Entry) -> bytes:
        try:
            with self._asking():
                return frame(entry, await self._shown(entry))
        except Unavailable:
            raise
        except Exception:
            log.exception("Entry %d could not be drawn; it goes out without what a page shows.", entry.index)
            return frame(entry, None)

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        """Spares a database that has just not answered the questions of everybody else who waits."""
        if _now() < self._away_until:
            raise Unavailable("The database does not answer. Try again in a second.", retry_after=1)
        try:
            yield
        except Unavailable:
            self._away_until = _now() + AWAY_SECONDS
            raise


def concerns(fact: Fact, episode: str | None) -> bool:
    """Whether a viewer of this episode (None: of everything) is sent this fact."""
    return episode is None or episode in (fact.episode, fact.subject)


def _of(episode: str | None) -> dict[str, Any]:
    """`concerns`, as the database is asked."""
    return {} if episode is None else {"$or": [{"fact.episode": episode}, {"fact.subject": episode}]}


def frame(entry: Entry, shown: dict[str, Any] | None) -> bytes:
    """One server-sent event whose id is the entry's place."""
    fact = entry.fact
    said = {
        "index": entry.index,
        "kind": fact.kind,
        "at": fact.at,
        "subject": fact.subject,
        "episode": fact.episode,
        "body": fact.body,
        "shown": shown,
    }
    return sse("fact", said, index=entry.index)


def sse(event: str, said: Any, *, index: int | None = None) -> bytes:
    """A frame of text/event-stream (WHATWG HTML, 9.2); JSON never spans lines."""
    text = json.dumps(jsonable(said), ensure_ascii=False, separators=(",", ":"))
    identity = "" if index is None else f"id: {index}\n"
    return f"{identity}event: {event}\ndata: {text}\n\n".encode("utf-8", "replace")


def _now() -> float:
    return asyncio.get_running_loop().time()
