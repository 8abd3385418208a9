"""How the ledger is kept: facts that wait, entries in order, complete nodes of the tree, one head."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from server.kit.errors import ChangedMeanwhile
from server.kit.mongo import Database, Tx
from server.ledger.merkle import Node
from server.ledger.model import Entry, Kind, fact_of

HEAD = "head"
RAW = {"raw": 1}


@dataclass(frozen=True)
class Tree:
    """The committed state of the log; `signer` is the verifier key under which its history stands."""

    size: int
    root: bytes
    signer: str


@dataclass(frozen=True)
class Waiting:
    """A fact without a place yet; `ticket` names it until it has one."""

    ticket: str
    raw: bytes


class LedgerStore:
    """Four collections. `ledger_entries` is the record; nodes and head can be made again from it.

    Only `raw` is ever read back. `fact` holds the same once more, for the indexes: who alters it alters what is
    found, never what is shown.
    """

    def __init__(self, database: Database) -> None:
        self._pending = database.collection("ledger_pending")
        self._entries = database.collection("ledger_entries")
        self._nodes = database.collection("ledger_nodes")
        self._head = database.collection("ledger_head")

    async def prepare(self) -> None:
        """Indexes."""
        await self._pending.ensure_index([("order", 1), ("_id", 1)])
        await self._entries.ensure_index([("ticket", 1)], unique=True)
        await self._entries.ensure_index([("fact.subject", 1), ("_id", 1)])
        await self._entries.ensure_index([("fact.episode", 1), ("_id", 1)])

    async def wait(self, waiting: Waiting, order: int, tx: Tx) -> None:
        """Keeps a fact until it is sequenced; part of the transaction of its noun."""
        await self._pending.insert({"_id": waiting.ticket, "order": order, "raw": waiting.raw}, tx=tx)

    async def waiting(self, limit: int, tx: Tx | None = None) -> list[Waiting]:
        """The oldest facts without a place."""
        documents = await self._pending.find({}, sort=[("order", 1), ("_id", 1)], limit=limit, tx=tx)
        return [Waiting(d["_id"], bytes(d["raw"])) for d in documents]

    async def tree(self, tx: Tx | None = None) -> Tree | None:
        """The newest committed state, None before the first entry."""
        found = await self._head.find_one({"_id": HEAD}, tx=tx)
        return Tree(found["size"], bytes(found["root"]), found["signer"]) if found else None

    async def append(self, old_size: int, new: list[Waiting], nodes: Mapping[Node, bytes], tree: Tree, tx: Tx) -> None:
        """Gives facts their places; ChangedMeanwhile when the log is not `old_size` long any more."""
        await self._entries.insert_many([_document(old_size + i, w) for i, w in enumerate(new)], ordered=True, tx=tx)
        await self._nodes.insert_many([{"_id": _name(node), "hash": value} for node, value in nodes.items()], tx=tx)
        await self._pending.delete_all({"_id": {"$in": [w.ticket for w in new]}}, tx=tx)
        document = {"_id": HEAD, "size": tree.size, "root": tree.root, "signer": tree.signer}
        if old_size == 0:
            await self._head.insert(document, tx=tx)
        elif not await self._head.replace({"_id": HEAD, "size": old_size}, document, tx=tx):
            raise ChangedMeanwhile

    async def nodes(self, wanted: Iterable[Node], tx: Tx | None = None) -> dict[Node, bytes]:
        """The hashes of complete subtrees; those that are not there are left out."""
        names = {_name(node): node for node in wanted}
        found = await self._nodes.find({"_id": {"$in": list(names)}}, tx=tx) if names else []
        return {names[d["_id"]]: bytes(d["hash"]) for d in found}

    async def entries(
        self, first: int, end: int, *, limit: int = 0, matching: Mapping[str, Any] | None = None
    ) -> list[Entry]:
        """Entries [first, end) in order, at most `limit` of them (0: all)."""
        wanted = {"_id": {"$gte": first, "$lt": end}, **(matching or {})}
        found = await self._entries.find(wanted, sort=[("_id", 1)], limit=limit, projection=RAW)
        return [_entry(d) for d in found]

    async def about(self, subjects: list[str], kinds: list[Kind] | None = None) -> AsyncIterator[Entry]:
        """Every entry about these nouns, in order."""
        wanted: dict[str, Any] = {"fact.subject": {"$in": subjects}}
        if kinds:
            wanted["fact.kind"] = {"$in": [k.value for k in kinds]}
        async for document in self._entries.iterate(wanted, sort=[("_id", 1)], projection=RAW):
            yield _entry(document)

    async def index_of(self, ticket: str) -> int | None:
        """Where a fact stands, None while it waits."""
        found = await self._entries.find_one({"ticket": ticket}, projection={"_id": 1})
        return found["_id"] if found else None


def _name(node: Node) -> str:
    level, number = node
    return f"{level}:{number}"


def _document(index: int, waiting: Waiting) -> dict[str, Any]:
    fact = fact_of(waiting.raw)
    return {
        "_id": index,
        "ticket": waiting.ticket,
        "raw": waiting.raw,
        "fact": {
            "kind": fact.kind.value,
            "at": fact.at,
            "subject": fact.subject,
            "by": fact.by,
            "body": dict(fact.body),
            "episode": fact.episode,
        },
    }


def _entry(document: Mapping[str, Any]) -> Entry:
    raw = bytes(document["raw"])
    return Entry(document["_id"], fact_of(raw), raw)
