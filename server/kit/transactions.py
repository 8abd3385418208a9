"""One transaction as its callers see it, and how it is tried again; the driver stays in `mongo.py`."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")

GIVE_UP_SECONDS = 5.0  # how long a transaction is tried again before its caller is refused


class Tx:
    """One running transaction: pass it to every call that belongs to it, and to no other task.

    Its first error has ended it on the server, so that error must leave the work.
    """

    def __init__(self, session: Any) -> None:
        self._session = session
        self._after: list[Callable[[], object]] = []
        self.failed = False

    @property
    def session(self) -> Any:
        """The driver's session, for `mongo.py` alone."""
        if self.failed:
            raise RuntimeError("This transaction has already failed: let the first error leave the work.")
        return self._session

    def after_commit(self, callback: Callable[[], object]) -> None:
        """Run `callback` once, when the commit has succeeded; an attempt that fails forgets its callbacks."""
        self._after.append(callback)

    def run_callbacks(self) -> None:
        """Run what waited for the commit; what fails there is logged, because the commit stands."""
        for callback in self._after:
            try:
                callback()
            except Exception:
                log.exception("A callback after a commit failed: %r", callback)


async def retried(
    attempt: Callable[[float], Awaitable[T]], is_transient: Callable[[Exception], bool], turn: asyncio.Lock
) -> T:
    """Run `attempt(give_up_at)`; as long as it fails transiently and time remains, run it again when it is our turn.

    Attempts that met take turns, one at a time in this process, or they would go on meeting one another; the random
    pause keeps them apart from those of other servers.
    """
    give_up_at = time.monotonic() + GIVE_UP_SECONDS
    try:
        return await attempt(give_up_at)
    except Exception as error:
        if not is_transient(error):
            raise
        failure = error
    async with turn:
        pause = 0.002
        while time.monotonic() < give_up_at:
            await asyncio.sleep(random.uniform(0, pause))  # noqa: S311  it keeps no secret
            try:
                return await attempt(give_up_at)
            except Exception as error:
                if not is_transient(error):
                    raise
                failure = error
            pause = min(0.25, pause * 1.5)
    raise failure


async def settled(call: Awaitable[T]) -> T:
    """Await a call; if we are cancelled, first let it end.

    A session serves one call at a time, and Motor's threads go on with theirs when the task that waits is cancelled.
    """
    future = asyncio.gather(call)
    try:
        return (await asyncio.shield(future))[0]
    except asyncio.CancelledError:
        await asyncio.wait([future])
        raise
