"""How rectifications and the businesses' private links are kept."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from server.kit.documents import document, maybe, noun
from server.kit.mongo import Database, Tx
from server.rectifications.model import AWAITING_BUSINESS, OPEN, Rectification, State


class RectificationStore:
    """Three collections: the nouns, the links, and whose turn it is to count what an episode still has open."""

    def __init__(self, database: Database) -> None:
        self._rectifications = database.collection("rectifications")
        self._links = database.collection("business_links")
        self._turns = database.collection("rectification_turns")

    async def prepare(self) -> None:
        """Indexes."""
        await self._rectifications.ensure_index([("finding", 1)], unique=True)
        await self._rectifications.ensure_index([("episode", 1)])
        await self._rectifications.ensure_index([("target", 1)])
        await self._rectifications.ensure_index([("inspection", 1)])
        await self._rectifications.ensure_index([("state", 1), ("due_on", 1)])
        await self._links.ensure_index([("digest", 1)], unique=True)

    async def get(self, rectification_id: str, tx: Tx | None = None) -> Rectification | None:
        """The rectification with this id."""
        return maybe(Rectification, await self._rectifications.find_one({"_id": rectification_id}, tx=tx))

    async def of_finding(self, finding: str, tx: Tx | None = None) -> Rectification | None:
        """What a finding set going."""
        return maybe(Rectification, await self._rectifications.find_one({"finding": finding}, tx=tx))

    async def find(
        self, *, overdue_on: date | None = None, limit: int = 0, tx: Tx | None = None, **wanted: Any
    ) -> list[Rectification]:
        """Rectifications by episode, target, inspection or state, of these only the late ones; most urgent first."""
        if overdue_on:
            wanted = {"$and": [wanted, _overdue(overdue_on)]}
        found = await self._rectifications.find(wanted, sort=[("due_on", 1), ("_id", 1)], limit=limit, tx=tx)
        return [noun(Rectification, d) for d in found]

    async def of_findings(self, findings: Sequence[str]) -> dict[str, str]:
        """Ids of rectifications by the findings they came from."""
        found = await self._rectifications.find({"finding": {"$in": list(findings)}}, projection={"finding": 1})
        return {d["finding"]: d["_id"] for d in found}

    async def count_open(self, episodes: Sequence[str], tx: Tx | None = None) -> dict[str, int]:
        """Open rectifications per episode."""
        states = [s.value for s in OPEN]
        rows = await self._rectifications.aggregate(
            [
                {"$match": {"episode": {"$in": list(episodes)}, "state": {"$in": states}}},
                {"$group": {"_id": "$episode", "count": {"$sum": 1}}},
            ],
            tx=tx,
        )
        return {row["_id"]: row["count"] for row in rows}

    async def count_states(self) -> dict[State, int]:
        """How many there are in each state."""
        rows = await self._rectifications.aggregate([{"$group": {"_id": "$state", "count": {"$sum": 1}}}])
        return {State(row["_id"]): row["count"] for row in rows}

    async def count_overdue(self, today: date) -> int:
        """How many are late."""
        return await self._rectifications.count(_overdue(today))

    async def take_turn(self, episode: str, tx: Tx) -> None:
        """Makes transactions that open, settle or count an episode's rectifications meet, so that one goes first.

        Each reads a snapshot: two that settle the last two at once would each see the other's still open.
        """
        await self._turns.update({"_id": episode}, {"$inc": {"turn": 1}}, upsert=True, tx=tx)

    async def insert(self, rectification: Rectification, tx: Tx) -> None:
        """Keeps a new rectification."""
        await self._rectifications.insert(document(rectification), tx=tx)

    async def save(self, rectification: Rectification, tx: Tx) -> None:
        """Keeps a changed rectification; ChangedMeanwhile when somebody was faster."""
        await self._rectifications.save(document(rectification), rectification.version, tx=tx)

    async def keep_link(self, digest: str, inspection: str, made_at: datetime) -> None:
        """A business's link to one inspection, by its digest; an older link of that inspection ends with this write."""
        link = {"_id": inspection, "digest": digest, "made_at": made_at}
        await self._links.replace({"_id": inspection}, link, upsert=True)

    async def link(self, digest: str) -> str | None:
        """The inspection that a link opens."""
        found = await self._links.find_one({"digest": digest})
        return found["_id"] if found else None


def _overdue(today: date) -> dict[str, Any]:
    """`Rectification.is_overdue`, as the database is asked."""
    return {"state": {"$in": [s.value for s in AWAITING_BUSINESS]}, "due_on": {"$lt": today.isoformat()}}
