"""Recording facts, giving them their places, and proving that they are there."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.kit.errors import NotFound
from server.kit.ids import new_id
from server.kit.mongo import ChangedMeanwhile, Database, Tx
from server.ledger import merkle
from server.ledger.checkpoint import Checkpoint, sign, verifier_key
from server.ledger.model import Entry, Fact, Kind
from server.ledger.store import Head, LedgerStore, Waiting

log = logging.getLogger(__name__)

BATCH = 500
POLL_SECONDS = 0.5
"""How soon a fact that another server recorded is noticed here."""


class NoSuchEntry(NotFound):
    """An index or size that the log has not reached."""


class LedgerLost(Exception):
    """The database holds no ledger although this server has kept one: starting would begin a second history."""


class Ledger:
    """The public record.

    Order of writes: entries, nodes, and the head with its signed note commit in one transaction (majority, journalled),
    conditional on the size that was read. So a served note is never contradicted: what is served was read from a
    committed head, and two sequencers, even a stale one, cannot both extend the same size.
    """

    def __init__(self, database: Database, key: Ed25519PrivateKey, origin: str) -> None:
        self._database = database
        self._key = key
        self.origin = origin
        self.store = LedgerStore(database)
        self._wake = asyncio.Event()
        self._growth = asyncio.Condition()
        self._head = Head(0, merkle.EMPTY_ROOT.hex(), self._note(0, merkle.EMPTY_ROOT))

    @property
    def head(self) -> Head:
        """The newest committed state that this server knows of."""
        return self._head

    @property
    def verifier_key(self) -> str:
        """The public key, as a signed-note verifier takes it."""
        return verifier_key(self.origin, self._key.public_key())

    async def open(self) -> None:
        """Makes the indexes and reads the head."""
        await self.store.prepare()
        self._head = await self.store.head() or self._head

    # Writing

    async def record(self, tx: Tx, fact: Fact) -> str:
        """Records a fact in the transaction of its noun; returns the ticket by which `settled` finds its index."""
        ticket = new_id("fact")
        await self.store.wait(Waiting(ticket, fact, fact.raw()), time.time(), tx)
        tx.after_commit(self._wake.set)
        return ticket

    async def settled(self, ticket: str, timeout: float = 2.0) -> int | None:
        """The fact's index once it has one, None if that takes longer than `timeout` seconds."""
        give_up_at = time.monotonic() + timeout
        while (left := give_up_at - time.monotonic()) > 0:
            size = self._head.size
            index = await self.store.index_of(ticket)
            if index is not None:
                return index
            await self.wait_beyond(size, min(left, POLL_SECONDS))
        return None

    # Sequencing

    async def sequence_forever(self) -> None:
        """Gives waiting facts their places as they come; the background task of every server."""
        while True:
            self._wake.clear()
            full = await self._step()
            if not full:
                await _wait(self._wake, POLL_SECONDS)

    async def _step(self) -> bool:
        try:
            count = await self._database.transact(self._sequence)
        except ChangedMeanwhile:
            count = BATCH  # Another server was faster: look again at once.
        await self._refresh()
        return count == BATCH

    async def _sequence(self, tx: Tx) -> int:
        batch = await self.store.waiting(BATCH, tx)
        if not batch:
            return 0
        head = await self.store.head(tx)
        size = head.size if head else 0
        old = await self.store.nodes(merkle.subtrees((0, size)), tx)
        new = merkle.grown(size, [merkle.leaf_hash(w.raw) for w in batch], old.__getitem__)
        size_now = size + len(batch)
        root = merkle.span_hash((0, size_now), old | new)
        await self.store.append(
            size, batch, new, Head(size_now, root.hex(), self._note(size_now, root)), tx
        )
        return len(batch)

    def _note(self, size: int, root: bytes) -> str:
        return sign(Checkpoint(self.origin, size, root), self._key)

    async def _refresh(self) -> None:
        head = await self.store.head()
        if head and head.size > self._head.size:
            async with self._growth:
                self._head = head
                self._growth.notify_all()

    # Reading

    async def wait_beyond(self, size: int, timeout: float) -> bool:
        """Waits until the log is longer than `size`; False when `timeout` seconds pass first."""
        async with self._growth:
            try:
                await asyncio.wait_for(self._growth.wait_for(lambda: self._head.size > size), timeout)
            except TimeoutError:
                return False
            return True

    async def entries(self, first: int, limit: int, **filter: Any) -> list[Entry]:
        """Up to `limit` entries from `first` on."""
        return await self.store.entries(first, self._head.size, limit=limit, filter=filter or None)

    async def entry(self, index: int) -> Entry:
        """The entry at an index."""
        found = await self.store.entries(index, index + 1) if 0 <= index < self._head.size else []
        if not found:
            raise NoSuchEntry("The ledger has no entry {index}; it has {size} so far.", index=index, size=self._head.size)
        return found[0]

    def about(self, *subjects: str, kinds: list[Kind] | None = None) -> AsyncIterator[Entry]:
        """Every entry about these nouns, in order."""
        return self.store.about(list(subjects), kinds)

    async def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """The audit path of an entry in the tree of this size (RFC 6962, 2.1.1)."""
        self._check_size(size)
        if not 0 <= index < size:
            raise NoSuchEntry("There is no entry {index} in a ledger of {size}.", index=index, size=size)
        return await self._hashes(merkle.inclusion_spans(index, size))

    async def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """The proof that the ledger of `old` entries is a prefix of that of `new` (RFC 6962, 2.1.2)."""
        self._check_size(new)
        if not 0 < old <= new:
            raise NoSuchEntry("No proof leads from a ledger of {old} entries to one of {new}.", old=old, new=new)
        return await self._hashes(merkle.consistency_spans(old, new))

    def _check_size(self, size: int) -> None:
        if size > self._head.size:
            raise NoSuchEntry(
                "The ledger has {size} entries so far; a size of {asked} is still to come.",
                size=self._head.size,
                asked=size,
            )

    async def _hashes(self, spans: list[merkle.Span]) -> list[bytes]:
        nodes = await self.store.nodes(merkle.needed(spans))
        return [merkle.span_hash(span, nodes) for span in spans]


async def _wait(event: asyncio.Event, timeout: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), timeout)
    except TimeoutError:
        pass
