"""The public record: recording facts, reading them, and proving that they are there."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.kit.errors import NotFound, Unavailable
from server.kit.ids import new_id
from server.kit.mongo import Database, Tx
from server.ledger import merkle
from server.ledger.mark import Mark
from server.ledger.model import Entry, Fact, Head, Kind
from server.ledger.sequencer import POLL_SECONDS, Sequencer
from server.ledger.store import LedgerStore, Waiting


class NoSuchEntry(NotFound):
    """An index or size that the log has not reached."""


class Ledger:
    """The public record: writers `record` in their transaction, the sequencer gives places, all else reads.

    `mark` is the file, beside the key, that keeps how far the key has signed; without it a lost database goes
    unnoticed.
    """

    def __init__(self, database: Database, key: Ed25519PrivateKey, origin: str, mark: Path | None = None) -> None:
        self.origin = origin
        self.store = LedgerStore(database)
        self._key = key
        self._sequencer = Sequencer(database, self.store, key, origin, Mark(mark) if mark else None)
        self._order = 0

    @property
    def head(self) -> Head:
        """The newest committed state that this server knows of."""
        return self._sequencer.head

    @property
    def verifier_key(self) -> str:
        """The public key, as a signed-note verifier takes it."""
        return self._sequencer.verifier_key

    @property
    def trouble(self) -> str:
        """Why facts get no places now; empty while they do."""
        return self._sequencer.trouble

    async def open(self) -> None:
        """Makes the indexes, reads the head; LedgerLost or ForeignLedger where going on would fork the log."""
        await self._sequencer.open()

    async def sequence_forever(self) -> None:
        """Gives waiting facts their places as they come; the background task of every server."""
        await self._sequencer.run()

    # Promising

    def sign(self, purpose: str, text: bytes) -> bytes:
        """An Ed25519 signature (64 bytes) on `seethrough <purpose>`, a line feed and this text.

        The space in that first line keeps the purposes apart: no name of a ledger, with which the text of every
        checkpoint begins, holds one.
        """
        return self._key.sign(b"seethrough " + purpose.encode() + b"\n" + text)

    # Writing

    async def record(self, tx: Tx, fact: Fact) -> str:
        """Records a fact in the transaction of its noun; returns the ticket that `settled` asks for."""
        ticket = new_id("fact")
        await self.store.wait(Waiting(ticket, fact.raw()), self._next_order(), tx)
        tx.after_commit(self._sequencer.wake.set)
        return ticket

    def _next_order(self) -> int:
        """Microseconds since 1970, but never the same twice nor less than before, whatever the clock does."""
        self._order = max(self._order + 1, time.time_ns() // 1000)
        return self._order

    async def settled(self, ticket: str, timeout: float = 2.0) -> int | None:
        """The fact's index once it has one, None if that takes longer than `timeout` seconds.

        The caller's own work is committed by then, so a database that stops answering is no reason to fail.
        """
        give_up_at = time.monotonic() + timeout
        while True:
            size = self.head.size
            index = await self._index_of(ticket)
            left = give_up_at - time.monotonic()
            if left <= 0 or (index is not None and index < self.head.size):
                return index
            await self.wait_beyond(size, min(left, POLL_SECONDS))

    async def _index_of(self, ticket: str) -> int | None:
        try:
            return await self.store.index_of(ticket)
        except Unavailable:
            return None

    # Reading

    async def wait_beyond(self, size: int, timeout: float) -> bool:
        """Waits until the log is longer than `size`; False when `timeout` seconds pass first."""
        return await self._sequencer.wait_beyond(size, timeout)

    async def entries(self, first: int, limit: int, **matching: Any) -> list[Entry]:
        """Up to `limit` entries from `first` on, of those that match (such as `{"fact.episode": id}`)."""
        return await self.store.entries(first, self.head.size, limit=limit, matching=matching)

    async def entry(self, index: int) -> Entry:
        """The entry at an index."""
        found = await self.store.entries(index, index + 1) if 0 <= index < self.head.size else []
        if not found:
            raise NoSuchEntry(
                "The ledger has no entry {index}; it has {size} so far.", index=index, size=self.head.size
            )
        return found[0]

    def about(self, *subjects: str, kinds: list[Kind] | None = None) -> AsyncIterator[Entry]:
        """Every entry about these nouns, in order."""
        return self.store.about(list(subjects), kinds)

    # Proving

    async def root_at(self, size: int) -> bytes:
        """The root of the tree when it had `size` entries (RFC 6962, 2.1)."""
        self._check_size(size)
        return (await self._hashes([(0, size)]))[0]

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
        if not 0 <= size <= self.head.size:
            raise NoSuchEntry(
                "The ledger has {size} entries so far; a size of {asked} is still to come.",
                size=self.head.size,
                asked=size,
            )

    async def _hashes(self, spans: list[merkle.Span]) -> list[bytes]:
        nodes = await self.store.nodes(merkle.needed(spans))
        return [merkle.span_hash(span, nodes) for span in spans]
