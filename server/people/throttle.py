"""Slows down whoever guesses passwords: attempts count per account and address, before the password is looked at."""

import hashlib
import hmac
import ipaddress
from datetime import datetime, timedelta
from typing import Any

from server.kit.clock import Clock
from server.kit.errors import TooMany
from server.kit.mongo import Database

FIRST_PAUSE_SECONDS = 30
LONGEST_PAUSE_SECONDS = 15 * 60
FORGET_AFTER = timedelta(hours=24)
ADDRESS_FACTOR = 4
"""An address may fail this many times more often than an account: many people may stand behind one."""


class TooManyAttempts(TooMany):
    """Too many wrong passwords; the message says when to try again."""


def pause_seconds(attempts: int, allowed: int) -> float:
    """How long to wait after so many attempts that failed: nothing at first, then doubling up to a bound."""
    if attempts < allowed:
        return 0
    return float(min(FIRST_PAUSE_SECONDS * 2 ** min(attempts - allowed, 16), LONGEST_PAUSE_SECONDS))


def network_of(address: str) -> str:
    """Whom an address belongs to: itself, or its /64 under IPv6, where one customer has them all (RFC 6177)."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address):
        return str(known.ipv4_mapped or ipaddress.ip_network((known, 64), strict=False))
    return str(known)


class Throttle:
    """Counters in the database, so that all servers count together. Keys are keyed digests: no address is kept."""

    def __init__(self, database: Database, clock: Clock, key: bytes, allowed: int) -> None:
        self._attempts = database.collection("sign_in_attempts")
        self._clock = clock
        self._key = key
        self._allowed = allowed

    async def prepare(self) -> None:
        """Indexes."""
        await self._attempts.ensure_index([("forget_at", 1)], expire_after=timedelta(0))

    async def admit(self, login: str, address: str) -> None:
        """Counts an attempt of an address on a login ("" is nobody's); refuses while a pause of either runs.

        Counted before the password is verified, in one step each, so attempts at once cannot outrun the count.
        """
        _refuse(await self._count(self._address(address), self._allowed * ADDRESS_FACTOR))
        if not login:
            return
        wait = await self._count(self._login(login), self._allowed)
        if wait:
            await self._give_back(address)  # Nothing was tried: one locked account must not lock an office.
        _refuse(wait)

    async def forgive(self, login: str, address: str) -> None:
        """A right password clears the account's count, and this attempt from the address's."""
        await self._attempts.delete({"_id": self._login(login)})
        await self._give_back(address)

    async def _count(self, name: str, allowed: int) -> float:
        """Seconds to wait; 0 when the attempt is admitted and counted."""
        now = self._clock()
        counted = await self._attempts.find_one_and_update({"_id": name}, _counting(now, allowed), upsert=True)
        assert counted is not None
        return 0.0 if counted["admitted"] else float((counted["free_at"] - now).total_seconds())

    async def _give_back(self, address: str) -> None:
        few = {"$lt": ["$count", self._allowed * ADDRESS_FACTOR]}
        await self._attempts.update(
            {"_id": self._address(address), "count": {"$gt": 0}},
            [
                {"$set": {"count": {"$subtract": ["$count", 1]}}},
                {"$set": {"free_at": {"$cond": [few, self._clock(), "$free_at"]}}},
            ],
        )

    def _login(self, login: str) -> str:
        return "login:" + self._digest(login)

    def _address(self, address: str) -> str:
        return "address:" + self._digest(network_of(address))

    def _digest(self, value: str) -> str:
        # A proxy may pass on a header that is no UTF-8: an address like another, not an accident.
        return hmac.new(self._key, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _counting(now: datetime, allowed: int) -> list[dict[str, Any]]:
    """One step for the database: admit unless a pause runs; count whoever is admitted, and set the next pause."""
    pauses = [pause_seconds(attempts, allowed) * 1000 for attempts in range(allowed + 8)]
    pause = {"$arrayElemAt": [pauses, {"$min": ["$count", len(pauses) - 1]}]}
    return [
        {
            "$set": {
                "admitted": {"$lte": [{"$ifNull": ["$free_at", now]}, now]},
                "count": {"$cond": [{"$gt": ["$forget_at", now]}, "$count", 0]},
            }
        },
        {"$set": {"count": {"$add": ["$count", {"$cond": ["$admitted", 1, 0]}]}}},
        {
            "$set": {
                "free_at": {"$cond": ["$admitted", {"$add": [now, pause]}, "$free_at"]},
                "forget_at": {"$cond": ["$admitted", now + FORGET_AFTER, "$forget_at"]},
            }
        },
    ]


def _refuse(wait: float) -> None:
    if wait:
        raise TooManyAttempts(
            "Too many attempts to sign in. Please try again in {seconds} seconds.",
            retry_after=wait,
            seconds=max(1, round(wait)),
        )
