"""Gives waiting facts their places, and says how far the log has come. One runs in every server."""

import asyncio
import contextlib
import logging

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.kit.errors import ChangedMeanwhile, Refusal
from server.kit.mongo import Database, Tx
from server.ledger import merkle
from server.ledger.checkpoint import Checkpoint, sign, verifier_key
from server.ledger.mark import Mark
from server.ledger.model import Head
from server.ledger.store import LedgerStore, Tree

log = logging.getLogger(__name__)

BATCH = 500
POLL_SECONDS = 0.5
"""How soon a fact that another server recorded is noticed here."""
PAUSE_SECONDS = 1.0
"""How long the sequencer rests after a failure."""


class LedgerLost(Exception):
    """The database does not hold what was signed here: to go on would begin a second history."""


class ForeignLedger(Exception):
    """The ledger in the database is kept under another key or name than ours."""


class Sequencer:
    """Appends to the log, alone or beside the sequencers of other servers, and adopts what was appended.

    Order of writes: (1) entries, nodes and head commit in one transaction (majority, journalled), conditional
    on the head that this server had adopted, so two sequencers, even a stale one, cannot both extend the same
    size. (2) The committed head is checked to continue the one adopted before. (3) The mark is made durable.
    (4) The key signs. So it never signs two trees of which neither is a prefix of the other, and nothing that
    could still be rolled back.
    """

    def __init__(
        self, database: Database, store: LedgerStore, key: Ed25519PrivateKey, origin: str, mark: Mark | None
    ) -> None:
        self.verifier_key = verifier_key(origin, key.public_key())
        self.wake = asyncio.Event()
        self._database = database
        self._store = store
        self._key = key
        self._origin = origin
        self._mark = mark
        self._growth = asyncio.Condition()
        self._problem = ""
        self._root = merkle.EMPTY_ROOT
        self.head = self._signed(0, merkle.EMPTY_ROOT)
        """The newest state that this server vouches for. Only `_vouch` replaces it."""

    async def open(self) -> None:
        """Takes up where this server stopped; LedgerLost when the database lacks anything that it has signed."""
        await self._store.prepare()
        seen = await asyncio.to_thread(self._mark.read) if self._mark else None
        if seen is not None:
            if seen.origin != self._origin:
                raise self._foreign(seen.origin)
            await self._vouch(seen.size, seen.root)
        await self._adopt()

    async def run(self) -> None:
        """Sequences whenever there is something to do, for ever. A database that is away is waited for."""
        while True:
            self.wake.clear()
            try:
                more = await self._step()
            except (Refusal, LedgerLost, ForeignLedger, OSError) as problem:
                self._note_problem(str(problem))
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            self._note_problem("")
            if not more:
                await self._rest()

    async def wait_beyond(self, size: int, timeout: float) -> bool:
        """Waits until the head is larger than `size`; False when `timeout` seconds pass first."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout), self._growth:
                await self._growth.wait_for(lambda: self.head.size > size)
        return self.head.size > size

    @property
    def trouble(self) -> str:
        """Why facts get no places now; empty while they do."""
        return self._problem

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self.wake.wait()

    def _note_problem(self, problem: str) -> None:
        """Logs a trouble when it begins and when it ends, not at every attempt between."""
        if problem == self._problem:
            return
        if problem:
            log.error("Facts get no places in the ledger for now: %s", problem)
        else:
            log.warning("Facts get their places in the ledger again.")
        self._problem = problem

    async def _step(self) -> bool:
        """Adopts, appends at most one batch, adopts that; whether there may be more to do at once."""
        await self._adopt()
        if not await self._store.waiting(1):
            return False
        try:
            count = await self._database.transact(self._append)
        except ChangedMeanwhile:
            return True  # Another server was faster: adopt what it wrote, then go on.
        await self._adopt()
        return count == BATCH

    async def _append(self, tx: Tx) -> int:
        tree = await self._store.tree(tx)
        size = self.head.size
        if (tree.size, tree.root) != (size, self._root) if tree else size:
            raise ChangedMeanwhile
        batch = await self._store.waiting(BATCH, tx)
        if not batch:
            return 0
        old = await self._store.nodes(merkle.subtrees((0, size)), tx)
        new = merkle.grown(size, [merkle.leaf_hash(w.raw) for w in batch], old.__getitem__)
        grown = size + len(batch)
        root = merkle.span_hash((0, grown), old | new)
        await self._store.append(size, batch, new, Tree(grown, root, self.verifier_key), tx)
        return len(batch)

    async def _adopt(self) -> None:
        """Makes the committed head ours, if it continues what this server vouched for before."""
        tree = await self._store.tree()
        if tree is None:
            if self.head.size:
                raise self._lost("the database holds no ledger at all")
            return
        if tree.signer != self.verifier_key:
            raise self._foreign(tree.signer)
        if (tree.size, tree.root) != (self.head.size, self._root):
            await self._check_continues(tree)
            await self._vouch(tree.size, tree.root)

    async def _check_continues(self, tree: Tree) -> None:
        if tree.size < self.head.size:
            raise self._lost(f"the database holds only {tree.size}")
        old, new = (0, self.head.size), (0, tree.size)
        nodes = await self._store.nodes(merkle.needed([old, new]))
        try:
            roots = merkle.span_hash(old, nodes), merkle.span_hash(new, nodes)
        except KeyError as missing:
            raise self._lost(f"the database lacks the hash of the subtree {missing}") from None
        if roots != (self._root, tree.root):
            raise self._lost("the database holds other entries in their place")

    async def _vouch(self, size: int, root: bytes) -> None:
        if self._mark:
            await asyncio.to_thread(self._mark.write, Checkpoint(self._origin, size, root))
        async with self._growth:
            self._root = root
            self.head = self._signed(size, root)
            self._growth.notify_all()

    def _signed(self, size: int, root: bytes) -> Head:
        return Head(size, root.hex(), sign(Checkpoint(self._origin, size, root), self._key))

    def _lost(self, found: str) -> LedgerLost:
        where = self._mark.path if self._mark else "its memory"
        return LedgerLost(
            f"This server has signed a ledger of {self.head.size} entries ({where} says so), but {found}. "
            "Restore the database from its newest backup. Only if the entries are lost for good: say so in "
            "public, then move that file and the ledger's key away and start with an empty database; the new key "
            "begins a new ledger."
        )

    def _foreign(self, theirs: str) -> ForeignLedger:
        return ForeignLedger(
            f"The ledger is kept as {theirs}, but this server's name and key are {self.verifier_key}. "
            "Put back the key file and the setting ledger_origin that belong to this database."
        )
