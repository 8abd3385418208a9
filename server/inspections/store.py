"""How inspections, findings and the tokens for publishing are kept."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from server.inspections.model import Finding, Inspection, State
from server.kit.documents import document, maybe, noun
from server.kit.mongo import Database, Tx


class InspectionStore:
    """Three collections."""

    def __init__(self, database: Database) -> None:
        self._inspections = database.collection("inspections")
        self._findings = database.collection("findings")
        self._tokens = database.collection("publish_tokens")

    async def prepare(self) -> None:
        """Indexes. A finding's key is unique within its inspection: sending it twice keeps it once."""
        await self._inspections.ensure_index([("episode", 1)])
        await self._inspections.ensure_index([("target", 1)])
        await self._inspections.ensure_index([("team", 1)])
        await self._findings.ensure_index([("inspection", 1), ("key", 1)], unique=True)
        await self._findings.ensure_index([("episode", 1), ("at", 1)])
        await self._findings.ensure_index([("target", 1), ("at", 1)])
        await self._tokens.ensure_index([("expires_at", 1)], expire_after=timedelta(0))

    async def get(self, inspection_id: str, tx: Tx | None = None) -> Inspection | None:
        """The inspection with this id."""
        return maybe(Inspection, await self._inspections.find_one({"_id": inspection_id}, tx=tx))

    async def find(
        self,
        *,
        member: str | None = None,
        target: str | None = None,
        episodes: Sequence[str] | None = None,
        state: State | None = None,
    ) -> list[Inspection]:
        """Inspections, newest first."""
        wanted: dict[str, Any] = {}
        if member:
            wanted["team"] = member
        if target:
            wanted["target"] = target
        if episodes is not None:
            wanted["episode"] = {"$in": list(episodes)}
        if state:
            wanted["state"] = state.value
        found = await self._inspections.find(wanted, sort=[("planned_at", -1)])
        return [noun(Inspection, d) for d in found]

    async def visits(self, targets: Sequence[str]) -> dict[str, tuple[int, datetime]]:
        """How often each target was inspected, and when last; those that never were are left out."""
        rows = await self._inspections.aggregate([
            {"$match": {"target": {"$in": list(targets)}, "started_at": {"$ne": None}}},
            {"$group": {"_id": "$target", "count": {"$sum": 1}, "last": {"$max": "$started_at"}}},
        ])  # fmt: skip
        return {row["_id"]: (row["count"], row["last"]) for row in rows}

    async def duties(self, since: datetime) -> list[tuple[str, datetime]]:
        """Who was sent out since then, and when: one pair for each inspector of each visit."""
        wanted = {"planned_at": {"$gte": since}, "state": {"$ne": State.CANCELLED.value}}
        found = await self._inspections.find(wanted, projection={"team": 1, "planned_at": 1})
        return [(who, d["planned_at"]) for d in found for who in d["team"]]

    async def insert(self, inspection: Inspection, tx: Tx) -> None:
        """Keeps a new inspection."""
        await self._inspections.insert(document(inspection), tx=tx)

    async def save(self, inspection: Inspection, tx: Tx) -> None:
        """Keeps a changed inspection; ChangedMeanwhile when somebody was faster."""
        await self._inspections.save(document(inspection), inspection.version, tx=tx)

    async def count_one(self, inspection_id: str, tx: Tx) -> int:
        """Counts a finding on its inspection while that is live, 0 when it is not (any more).

        The write makes publishing and concluding meet: one of two transactions at once is run again.
        """
        wanted = {"_id": inspection_id, "state": State.LIVE.value}
        return await self._inspections.update(wanted, {"$inc": {"findings": 1}}, tx=tx)

    async def finding(self, finding_id: str, tx: Tx | None = None) -> Finding | None:
        """The finding with this id."""
        return maybe(Finding, await self._findings.find_one({"_id": finding_id}, tx=tx))

    async def finding_by_key(self, inspection_id: str, key: str) -> Finding | None:
        """The finding that was sent under this key."""
        found = await self._findings.find_one({"inspection": inspection_id, "key": key})
        return maybe(Finding, found)

    async def findings(self, tx: Tx | None = None, **wanted: str) -> list[Finding]:
        """Findings by inspection, episode or target, in the order of their moments."""
        found = await self._findings.find(wanted, sort=[("at", 1), ("_id", 1)], tx=tx)
        return [noun(Finding, d) for d in found]

    async def findings_with(self, ids: Sequence[str]) -> dict[str, Finding]:
        """Findings by their ids."""
        found = await self._findings.find({"_id": {"$in": list(ids)}})
        return {d["_id"]: noun(Finding, d) for d in found}

    async def count_findings(self, episodes: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Per episode: findings that stand, and how many of them fail."""
        rows = await self._findings.aggregate([
            {"$match": {"episode": {"$in": list(episodes)}, "withdrawn_at": None}},
            {"$group": {
                "_id": "$episode",
                "all": {"$sum": 1},
                "fails": {"$sum": {"$cond": [{"$eq": ["$result", "fail"]}, 1, 0]}},
            }},
        ])  # fmt: skip
        return {row["_id"]: (row["all"], row["fails"]) for row in rows}

    async def totals(self) -> tuple[int, int]:
        """Findings that stand, and how many of them fail, ever."""
        standing = {"withdrawn_at": None}
        return (
            await self._findings.count(standing),
            await self._findings.count({**standing, "result": "fail"}),
        )

    async def insert_finding(self, finding: Finding, tx: Tx) -> None:
        """Keeps a new finding; Duplicate when its key was used."""
        await self._findings.insert(document(finding), tx=tx)

    async def save_finding(self, finding: Finding, tx: Tx) -> None:
        """Keeps a changed finding; ChangedMeanwhile when somebody was faster."""
        await self._findings.save(document(finding), finding.version, tx=tx)

    async def keep_token(self, digest: str, inspection: str, person: str, mark: str, expires_at: datetime) -> None:
        """A token for publishing, by its digest."""
        await self._tokens.insert(
            {
                "_id": digest,
                "inspection": inspection,
                "person": person,
                "mark": mark,
                "expires_at": expires_at,
            }
        )

    async def token(self, digest: str, now: datetime) -> dict[str, Any] | None:
        """What a token is for, while it is valid."""
        return await self._tokens.find_one({"_id": digest, "expires_at": {"$gt": now}})

    async def forget_tokens(self, inspection: str) -> None:
        """Revokes every token of an inspection."""
        await self._tokens.delete_all({"inspection": inspection})
