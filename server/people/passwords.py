"""Password hashes: argon2id (RFC 9106), in a worker thread, a few at a time."""

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from argon2.low_level import Type

from server.people.model import normal_password

AT_ONCE = 2
"""Bounds what sign-ins can take: this many times MEMORY_KIB, and as many threads."""
MEMORY_KIB = 19 * 1024
PASSES = 2
"""OWASP's parameters for a small server: 19 MiB, two passes, one lane."""


class Passwords:
    """Hashes and verifies without stalling the event loop."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=1, type=Type.ID)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._nobody = self._hasher.hash(secrets.token_hex(16))

    async def hash(self, password: str) -> str:
        """The hash to keep, parameters and salt included."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, normal_password(password))

    async def is_right(self, kept: str | None, password: str) -> bool:
        """Whether the password is the one. None, for a login that nobody has, takes as long and is never right."""
        async with self._turns:
            right = await asyncio.to_thread(self._verify, kept or self._nobody, normal_password(password))
        return right and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether a right password should be hashed again, with today's parameters."""
        return self._hasher.check_needs_rehash(kept)

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerifyMismatchError, InvalidHashError):
            return False
