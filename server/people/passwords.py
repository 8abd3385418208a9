"""Password hashes: argon2id (RFC 9106), in a worker thread, a few at a time."""

import asyncio
import secrets
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from argon2.low_level import Type

from server.kit.errors import TooMany
from server.people.model import PASSWORD_LENGTH, normal_password

T = TypeVar("T")

AT_ONCE = 2
"""Bounds what sign-ins can take: this many times MEMORY_KIB, and as many threads."""
MOST_WAITING = 100
"""More than these do not queue: they would wait for seconds, and hold what they sent all that time."""
AGAIN_SECONDS = 5
MEMORY_KIB = 19 * 1024
PASSES = 2
"""OWASP's parameters for a small server: 19 MiB, two passes, one lane."""


class Crowded(TooMany):
    """More people sign in at this moment than the server hashes passwords for."""


class Passwords:
    """Hashes and verifies without stalling the event loop."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=1, type=Type.ID)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._inside = 0
        self._nobody = self._hasher.hash(secrets.token_hex(16))

    async def hash(self, password: str) -> str:
        """The hash to keep, parameters and salt included."""
        return await self._in_turn(lambda: self._hasher.hash(_bytes(password)))

    async def is_right(self, kept: str | None, password: str) -> bool:
        """Whether the password is the one. None, for a login that nobody has, takes as long and is never right."""
        right = await self._in_turn(lambda: self._verify(kept or self._nobody, password))
        return right and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether a right password should be hashed again, with today's parameters."""
        return self._hasher.check_needs_rehash(kept)

    async def _in_turn(self, work: Callable[[], T]) -> T:
        if self._inside >= AT_ONCE + MOST_WAITING:
            raise Crowded(
                "Too many attempts to sign in. Please try again in {seconds} seconds.",
                retry_after=AGAIN_SECONDS,
                seconds=AGAIN_SECONDS,
            )
        self._inside += 1
        try:
            async with self._turns:
                return await asyncio.to_thread(work)
        finally:
            self._inside -= 1

    def _verify(self, kept: str, password: str) -> bool:
        # Nobody has a longer one, and what a stranger sends may be many megabytes.
        possible = password if len(password) <= PASSWORD_LENGTH[1] else ""
        try:
            return self._hasher.verify(kept, _bytes(possible))
        except (VerifyMismatchError, InvalidHashError):
            return False


def _bytes(password: str) -> bytes:
    """A program may send half of a surrogate pair in JSON; it is a password like another, not an accident."""
    return normal_password(password).encode("utf-8", "surrogatepass")
