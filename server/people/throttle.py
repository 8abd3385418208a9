"""Slows down whoever guesses passwords: attempts count per account and address, before the password is looked at."""

import hashlib
import hmac
from datetime import datetime, timedelta

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
        """Counts an attempt for both, in one step each; refuses while a pause runs.

        Counted before the password is verified, so attempts at once cannot outrun the count.
        """
        for kind, value, allowed in (
            ("login", login, self._allowed),
            ("address", address, self._allowed * ADDRESS_FACTOR),
        ):
            wait = await self._count(self._name(kind, value), allowed)
            if wait > 0:
                raise TooManyAttempts(
                    "Too many attempts to sign in. Please try again in {seconds} seconds.",
                    retry_after=wait,
                    seconds=round(wait),
                )

    async def forgive(self, login: str) -> None:
        """A right password clears the account's count."""
        await self._attempts.delete({"_id": self._name("login", login)})

    async def _count(self, name: str, allowed: int) -> float:
        """Seconds to wait; 0 when the attempt is admitted and counted."""
        now = self._clock()
        admitted = await self._attempts.find_one_and_update(
            {"_id": name, "free_at": {"$lte": now}},
            {"$inc": {"count": 1}, "$set": {"forget_at": now + FORGET_AFTER}},
        )
        if admitted is None:
            admitted = await self._attempts.find_one_and_update(
                {"_id": name},
                {"$setOnInsert": {"count": 1, "free_at": now, "forget_at": now + FORGET_AFTER}},
                upsert=True,
            )
            assert admitted is not None
            return max(0.0, self._left(admitted["free_at"], now))
        pause = pause_seconds(admitted["count"], allowed)
        if pause:
            free_at = now + timedelta(seconds=pause)
            await self._attempts.update({"_id": name}, {"$max": {"free_at": free_at}})
        return 0.0

    @staticmethod
    def _left(free_at: datetime, now: datetime) -> float:
        return (free_at - now).total_seconds()

    def _name(self, kind: str, value: str) -> str:
        return kind + ":" + hmac.new(self._key, value.encode(), hashlib.sha256).hexdigest()
