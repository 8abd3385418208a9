import hashlib
from collections import Counter
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.kit.tasks import Tasks
from server.ledger.actions import Ledger
from server.ledger.checkpoint import verify
from server.ledger.merkle import verify_consistency, verify_inclusion
from server.ledger.model import Fact, Kind

AT = datetime(2026, 3, 6, 2, 0, 0, tzinfo=UTC)
ORIGIN = "inspect.example/ledger"


def naive_root(leaves):
    """MTH of RFC 6962, section 2.1, from its definition."""
    if len(leaves) < 2:
        return hashlib.sha256(b"\x00" + leaves[0] if leaves else b"").digest()
    k = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


class Prover:
    """A stranger who remembers every checkpoint it was shown, and proves the whole log again after every step."""

    def __init__(self):
        self.shown = {}

    async def __call__(self, *ledgers):
        for ledger in ledgers:
            await self.prove(ledger)

    async def prove(self, ledger):
        head = ledger.head
        shown = verify(head.note, ledger.verifier_key)
        assert (shown.size, shown.root.hex()) == (head.size, head.root)
        entries = await ledger.entries(0, 0)
        entries = entries[: head.size]
        assert [e.index for e in entries] == list(range(head.size)), "no hole, no repeat"
        assert naive_root([e.raw for e in entries]).hex() == head.root
        await self.prove_inclusion(ledger, head, entries)
        await self.prove_growth(ledger, head)
        return entries

    async def prove_inclusion(self, ledger, head, entries):
        for entry in entries[:: max(1, len(entries) // 20)]:
            proof = await ledger.inclusion_proof(entry.index, head.size)
            assert verify_inclusion(entry.index, head.size, entry.leaf_hash, bytes.fromhex(head.root), proof)

    async def prove_growth(self, ledger, head):
        assert self.shown.setdefault(head.size, head.root) == head.root, "two roots of one size: a fork"
        for size, root in list(self.shown.items()):
            if 0 < size <= head.size:
                proof = await ledger.consistency_proof(size, head.size)
                roots = bytes.fromhex(root), bytes.fromhex(head.root)
                assert verify_consistency(size, head.size, *roots, proof)
                assert await ledger.root_at(size) == roots[0]


class World:
    """One database and the servers on it."""

    def __init__(self, database, tasks):
        self.database = database
        self.tasks = tasks
        self.key = Ed25519PrivateKey.generate()

    async def server(self, *, key=None, mark=None, database=None, running=True):
        """One more server's ledger, opened; its sequencer runs unless it is not to."""
        ledger = Ledger(database or self.database, key or self.key, ORIGIN, mark and mark.path)
        await ledger.open()
        if running:
            ledger.task = self.tasks.keep("sequencer", ledger.sequence_forever, pause=0.05)
        return ledger

    async def record(self, ledger, *facts):
        """These facts in one transaction; their tickets."""
        return await self.database.transact(lambda tx: self._record(ledger, tx, facts))

    async def _record(self, ledger, tx, facts):
        return [await ledger.record(tx, fact) for fact in facts]

    async def settle(self, ledger, *facts):
        """These facts in one transaction; their places."""
        return [await ledger.settled(ticket, 10) for ticket in await self.record(ledger, *facts)]


def moved(number, episode="ep_1", **changes):
    body = {"from": "draft", "to": "nominating", "reason": str(number)}
    return Fact(Kind.EPISODE_MOVED, AT, f"subject {number}", "mark", body, episode, **changes)


def subjects(entries):
    return [entry.fact.subject for entry in entries]


def assert_all_once(entries, count):
    """Facts 0 to count - 1 stand in the log, each once."""
    assert Counter(subjects(entries)) == Counter(f"subject {n}" for n in range(count))


@pytest.fixture
def prover():
    return Prover()


@pytest_asyncio.fixture
async def tasks():
    tasks = Tasks()
    yield tasks
    await tasks.close()


@pytest.fixture
def world(database, tasks):
    return World(database, tasks)


@pytest.fixture
def fact():
    """Makes the numbered fact."""
    return moved


@pytest.fixture
def all_once():
    return assert_all_once
