"""Who runs what: each due moment of a job is claimed once, however many servers ask; the database decides."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.kit.clock import Clock, iso, now
from server.kit.mongo import Database, Document, Duplicate

KEPT = timedelta(days=30)  # runs older than this, before the newest one, are forgotten


@dataclass(frozen=True)
class Claim:
    """The right to run one job for one due moment, until it is finished or its time is over."""

    job: str
    due_at: datetime
    holder: str


class Leases:
    """One document per run, whose `_id` names the job and the moment: that makes the claim unique.

    Servers compare the end of a lease with their own clocks, so these must agree to within a fraction of a lease.
    """

    def __init__(self, database: Database, clock: Clock = now) -> None:
        self._runs = database.collection("runs")
        self._clock = clock

    async def claim(self, job: str, due_at: datetime, seconds: float) -> Claim | None:
        """Take the run that is due at `due_at` for so many seconds; None when it is taken or done.

        A run whose holder let its time pass without finishing may be taken over.
        """
        claim = Claim(job, due_at, secrets.token_hex(8))
        started_at = self._clock()
        run: Document = {
            "holder": claim.holder,
            "started_at": started_at,
            "expires_at": started_at + timedelta(seconds=seconds),
            "finished_at": None,
            "error": None,
        }
        try:
            await self._runs.insert({"_id": _key(job, due_at), "due_at": due_at, **run})
        except Duplicate:
            abandoned = {"_id": _key(job, due_at), "finished_at": None, "expires_at": {"$lte": started_at}}
            return claim if await self._runs.update(abandoned, {"$set": run}) else None
        await self._runs.delete_all({"_id": {"$gte": f"{job}@", "$lt": _key(job, due_at - KEPT)}})
        return claim

    async def finish(self, claim: Claim, error: str | None = None) -> bool:
        """Record that the run has ended, well or with an error; False if it had been taken over meanwhile."""
        mine = {"_id": _key(claim.job, claim.due_at), "holder": claim.holder, "finished_at": None}
        return bool(await self._runs.update(mine, {"$set": {"finished_at": self._clock(), "error": error}}))

    async def renew(self, claim: Claim, seconds: float) -> bool:
        """Hold the run for so many seconds from now; False if it had been taken over meanwhile."""
        mine = {"_id": _key(claim.job, claim.due_at), "holder": claim.holder, "finished_at": None}
        expires_at = self._clock() + timedelta(seconds=seconds)
        return bool(await self._runs.update(mine, {"$set": {"expires_at": expires_at}}))

    async def last(self, job: str) -> datetime | None:
        """The due moment of the newest run that was taken; None when there was never one."""
        run = await self._runs.find_one({"_id": {"$gte": f"{job}@", "$lt": f"{job}A"}}, sort=[("_id", -1)])
        return run["due_at"] if run else None


def _key(job: str, due_at: datetime) -> str:
    return f"{job}@{iso(due_at)}"  # sorts by moment within a job; "A" is the character after "@"
