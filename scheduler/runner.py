"""Runs timed jobs, each due moment once however many servers run: APScheduler wakes us, a lease decides.

What a job does, and how the lease is kept, is handed in.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.date import DateTrigger

from scheduler.when import When

log = logging.getLogger(__name__)

LATE_SECONDS = 60.0  # a run that begins later than this is reported as late
CLOSE_SECONDS = 10.0  # how long `close` waits for running jobs before it cancels them


@dataclass(frozen=True)
class Job:
    """Timed work: `run` is called once for each due moment, and cancelled after `seconds`."""

    name: str
    when: When
    run: Callable[[], Awaitable[None]]
    seconds: float = 300.0


class Claim(Protocol):
    """The right to run one job for one due moment; opaque to us."""


class Lease(Protocol):
    """Who runs what: one row per job, shared by all servers."""

    async def claim(self, job: str, due_at: datetime, seconds: float) -> Claim | None:
        """Take the run that is due at `due_at` for so many seconds; None when it is taken or done."""

    async def finish(self, claim: Any, error: str | None) -> object:
        """The run has ended, well or with an error."""

    async def last(self, job: str) -> datetime | None:
        """The due moment of the newest run that was taken; None when there was never one."""


class Runner:
    """Owns the running jobs: start it once, close it once."""

    def __init__(self, jobs: Iterable[Job], lease: Lease, clock: Callable[[], datetime]) -> None:
        self._jobs = tuple(jobs)
        self._lease = lease
        self._clock = clock
        self._running: set[asyncio.Task[Any]] = set()
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        if len({job.name for job in self._jobs}) < len(self._jobs):
            raise ValueError("Two jobs have the same name; a lease is kept by name.")

    async def start(self) -> None:
        """Begin; what became due while nothing ran is run now, once, however many times it was missed."""
        self._scheduler.start()
        for job in self._jobs:
            now = datetime.now(UTC)
            known = await self._has_run(job)
            self._add(job, _Due(job.when), job.name, **({"next_run_time": now} if known else {}))
            if known:
                # A run that broke off with its server can be taken over only when its lease has ended.
                self._add(job, DateTrigger(now + timedelta(seconds=job.seconds)), f"{job.name}, taken over")

    def _add(self, job: Job, trigger: BaseTrigger, name: str, **more: Any) -> None:
        self._scheduler.add_job(
            self._wake,
            trigger,
            args=[job],
            id=name,
            coalesce=True,
            misfire_grace_time=None,  # never skipped because the loop was busy: run late instead
            max_instances=1,
            **more,
        )

    async def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Start nothing more, wait for what runs, and cancel what still runs after `seconds`."""
        if not self._scheduler.running:
            return
        self._scheduler.remove_all_jobs()
        if self._running:
            _, overrunning = await asyncio.wait(self._running, timeout=seconds)
            for task in overrunning:
                task.cancel()
            if overrunning:
                log.warning("Cancelled %d jobs that did not end within %g s.", len(overrunning), seconds)
                await asyncio.wait(overrunning)
        self._scheduler.shutdown(wait=False)
        # APScheduler shuts down in a callback of the loop: let it happen before we return.
        while self._scheduler.running:  # noqa: ASYNC110  # it offers no event to wait for
            await asyncio.sleep(0)

    async def run_due(self, job: Job) -> bool:
        """Run the newest due moment of a job unless it was taken; says whether it ran here (even if it failed)."""
        now = self._clock()
        due_at = job.when.latest(now)
        claim = await self._lease.claim(job.name, due_at, job.seconds)
        if claim is None:
            return False
        late = (now - due_at).total_seconds()
        if late > LATE_SECONDS:
            log.warning("Job %s was due at %s and runs %.0f s late.", job.name, due_at.isoformat(), late)
        await self._lease.finish(claim, await self._outcome(job))
        return True

    async def _has_run(self, job: Job) -> bool:
        """A job that is new here has missed nothing."""
        try:
            return await self._lease.last(job.name) is not None
        except Exception:
            log.exception("Job %s: whether a run was missed cannot be known; it runs at its next time.", job.name)
            return False

    async def _wake(self, job: Job) -> None:
        """What APScheduler calls. Nothing may escape: a failing lease must not end the job's future."""
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            await self.run_due(job)
        except Exception:
            log.exception("Job %s could not be claimed or ended; it is tried again at its next time.", job.name)
        finally:
            self._running.discard(task)

    async def _outcome(self, job: Job) -> str | None:
        """Run the job within its lease; None, or what went wrong."""
        try:
            async with asyncio.timeout(job.seconds) as limit:
                await job.run()
        except Exception as error:
            if limit.expired():
                log.exception("Job %s did not end within %g s.", job.name, job.seconds)
                return f"TimeoutError: not done after {job.seconds:g} s"
            log.exception("Job %s failed; it runs again at its next time.", job.name)
            return f"{type(error).__name__}: {error}"
        return None


class _Due(BaseTrigger):  # type: ignore[misc]  # APScheduler ships no types
    """Hands our due moments to APScheduler."""

    __slots__ = ("_when",)

    def __init__(self, when: When) -> None:
        self._when = when

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        # APScheduler asks for every time up to now and coalesces them: after a long pause that would be a long list,
        # so the times that were missed are given as one, the latest.
        if previous_fire_time is None:
            return self._when.following(now)
        return max(self._when.following(previous_fire_time), self._when.latest(now))
