"""How often somebody, and everybody behind one network, may do a thing. Counted under keyed digests alone."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any

from server.kit.clock import Clock
from server.kit.errors import TooMany
from server.kit.mongo import Database
from server.people.throttle import network_of

HOUR_SECONDS = 3600
SAID_IN_MINUTES = 2 * HOUR_SECONDS
"""Up to this wait a refusal speaks of minutes, beyond it of hours."""


class OftenEnough(TooMany):
    """A limit is reached; the message says when to try again."""


class Limits:
    """Counters in the database, so that all servers count together; each begins anew when its time is over."""

    def __init__(self, database: Database, clock: Clock, key: bytes) -> None:
        self._counts = database.collection("citizen_counts")
        self._clock = clock
        self._key = key

    async def prepare(self) -> None:
        """Indexes."""
        await self._counts.ensure_index([("until", 1)], expire_after=timedelta(0))

    async def admit(
        self, what: str, who: str, address: str, *, per_citizen: int, per_network: int, hours: float
    ) -> None:
        """Counts once for `who` and once for their network, in one step each; refuses beyond a limit (0: none)."""
        own, network = self._name(what, "citizen", who), self._name(what, "network", network_of(address))
        span = timedelta(hours=hours)
        _refuse(await self._count(own, per_citizen, span))
        wait = await self._count(network, per_network, span)
        if wait:
            await self._give_back(own, per_citizen)  # Nothing was done that counts against them.
        _refuse(wait)

    async def _count(self, name: str, limit: int, span: timedelta) -> float:
        """Seconds to wait; 0 when admitted and counted."""
        if not limit:
            return 0.0
        now = self._clock()
        counted = await self._counts.find_one_and_update({"_id": name}, _counting(now, limit, span), upsert=True)
        assert counted is not None
        return 0.0 if counted["admitted"] else float((counted["until"] - now).total_seconds())

    async def _give_back(self, name: str, limit: int) -> None:
        if limit:
            await self._counts.update({"_id": name, "count": {"$gt": 0}}, {"$inc": {"count": -1}})

    def _name(self, *parts: str) -> str:
        # A proxy may pass on a header that is no UTF-8: an address like another, not an accident.
        text = "\0".join(parts).encode("utf-8", "surrogatepass")
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()


def _counting(now: datetime, limit: int, span: timedelta) -> list[dict[str, Any]]:
    """One step for the database: begin anew when the time is over, then count whoever is admitted."""
    running = {"$gt": [{"$ifNull": ["$until", now]}, now]}
    return [
        {"$set": {"count": {"$cond": [running, "$count", 0]}, "until": {"$cond": [running, "$until", now + span]}}},
        {"$set": {"admitted": {"$lt": ["$count", limit]}}},
        {"$set": {"count": {"$add": ["$count", {"$cond": ["$admitted", 1, 0]}]}}},
    ]


def _refuse(wait: float) -> None:
    if not wait:
        return
    if wait <= SAID_IN_MINUTES:
        raise OftenEnough(
            "This has been done often enough for now. Please try again in {minutes} min.",
            retry_after=wait,
            minutes=-int(-wait // 60),
        )
    raise OftenEnough(
        "This has been done often enough for now. Please try again in {hours} h.",
        retry_after=wait,
        hours=-int(-wait // HOUR_SECONDS),
    )
