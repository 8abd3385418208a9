"""Timed jobs on a real database: once for each due moment, late when missed, again after a failure."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from scheduler.runner import Job, Runner
from scheduler.when import daily, every
from server.kit.leases import Leases
from server.kit.mongo import Database
from tests.fakes import FakeClock

SOON = 0.05  # of a schedule that fires while the test waits for it
PATIENCE = 5.0


class Work:
    """A job's work that counts itself, and fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.runs = 0
        self.failures = failures
        self.done = asyncio.Event()

    async def __call__(self) -> None:
        self.runs += 1
        self.done.set()
        if self.runs <= self.failures:
            raise ConnectionError("the mail server does not answer")


@asynccontextmanager
async def running(runner: Runner) -> AsyncIterator[Runner]:
    await runner.start()
    try:
        yield runner
    finally:
        await runner.close()


async def has_run(work: Work) -> None:
    async with asyncio.timeout(PATIENCE):
        await work.done.wait()


async def run_of(database: Database, due_at: datetime) -> dict[str, Any]:
    found = await database.collection("runs").find_one({"due_at": due_at})
    assert found is not None
    return found


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 3, 6, 2, 0, 30, tzinfo=UTC))


async def test_two_servers_run_a_due_moment_once(database: Database, clock: FakeClock) -> None:
    work = Work()
    job = Job("remind", every(60), work)
    servers = [Runner([job], Leases(database, clock), clock) for _ in range(2)]
    assert sorted(await asyncio.gather(*(server.run_due(job) for server in servers))) == [False, True]
    clock.advance(seconds=20)
    assert [await server.run_due(job) for server in servers] == [False, False], "the same minute"
    clock.advance(seconds=20)
    assert [await server.run_due(job) for server in servers] == [True, False], "the next minute"
    assert work.runs == 2


async def test_two_running_servers_share_the_runs_of_real_time(database: Database) -> None:
    def now() -> datetime:
        return datetime.now(UTC)

    due: list[datetime] = []
    enough = asyncio.Event()

    async def work() -> None:
        due.append(every(SOON).latest(now()))
        if len(due) >= 6:
            enough.set()

    jobs = [Job("remind", every(SOON), work)]
    async with running(Runner(jobs, Leases(database), now)), running(Runner(jobs, Leases(database), now)):
        async with asyncio.timeout(PATIENCE):
            await enough.wait()
    assert await database.collection("runs").count({"finished_at": {"$ne": None}, "error": None}) == len(due)


async def test_a_failing_job_is_logged_and_runs_again_at_its_next_time(
    database: Database, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    work = Work(failures=1)
    job = Job("send", every(60), work)
    runner = Runner([job], Leases(database, clock), clock)
    assert await runner.run_due(job)
    run = await run_of(database, job.when.latest(clock()))
    assert run["error"] == "ConnectionError: the mail server does not answer"
    assert "Job send failed; it runs again at its next time." in caplog.text
    assert not await runner.run_due(job), "not at once"
    clock.advance(minutes=1)
    assert await runner.run_due(job)
    assert (await run_of(database, job.when.latest(clock())))["error"] is None


async def test_a_job_that_does_not_end_is_cancelled_within_its_lease(
    database: Database, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    job = Job("hang", every(60), _forever, seconds=0.05)
    assert await Runner([job], Leases(database, clock), clock).run_due(job)
    assert (await run_of(database, job.when.latest(clock())))["error"] == "TimeoutError: not done after 0.05 s"
    assert "Job hang did not end within 0.05 s." in caplog.text


async def test_a_timeout_of_the_jobs_own_is_told_from_ours(database: Database, clock: FakeClock) -> None:
    async def work() -> None:
        raise TimeoutError("the mail server is slow")

    job = Job("send", every(60), work)
    assert await Runner([job], Leases(database, clock), clock).run_due(job)
    assert (await run_of(database, job.when.latest(clock())))["error"] == "TimeoutError: the mail server is slow"


async def test_a_run_of_a_server_that_died_is_taken_over_when_its_lease_ends(
    database: Database, clock: FakeClock
) -> None:
    work = Work()
    job = Job("close", daily("10:00", "Asia/Shanghai"), work, seconds=300)
    assert await Leases(database, clock).claim(job.name, job.when.latest(clock()), job.seconds)  # and dies
    runner = Runner([job], Leases(database, clock), clock)
    assert not await runner.run_due(job)
    clock.advance(seconds=301)
    assert await runner.run_due(job)
    assert work.runs == 1


async def test_what_was_missed_in_downtime_runs_late_once_and_says_so(
    database: Database, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    work = Work()
    job = Job("digest", daily("10:00", "Asia/Shanghai"), work)
    assert await Runner([job], Leases(database, clock), clock).run_due(job)
    work.done.clear()
    clock.advance(days=3, hours=1)  # three mornings went by
    async with running(Runner([job], Leases(database, clock), clock)):
        await has_run(work)
    assert work.runs == 2
    assert "Job digest was due at 2026-03-09T02:00:00+00:00 and runs 3630 s late." in caplog.text


class Seen:
    """Leases that say when a claim was asked for."""

    def __init__(self, leases: Leases) -> None:
        self.last, self.finish, self._claim = leases.last, leases.finish, leases.claim
        self.asked: asyncio.Queue[str] = asyncio.Queue()

    async def claim(self, job: str, due_at: datetime, seconds: float) -> Any:
        claim = await self._claim(job, due_at, seconds)
        self.asked.put_nowait(job)
        return claim


async def test_nothing_is_missed_by_a_job_that_never_ran_or_is_done(database: Database, clock: FakeClock) -> None:
    work = Work()
    jobs = fresh, done = [Job(name, daily("10:00", "Asia/Shanghai"), work) for name in ("fresh", "done")]
    leases = Seen(Leases(database, clock))
    await Runner([done], leases, clock).run_due(done)
    async with running(Runner(jobs, leases, clock)), asyncio.timeout(PATIENCE):
        assert [await leases.asked.get() for _ in range(2)] == ["done", "done"]
    assert leases.asked.empty()
    assert work.runs == 1
    assert await leases.last(fresh.name) is None


async def test_a_run_that_broke_off_is_taken_over_after_a_restart(database: Database) -> None:
    work = Work()
    job = Job("close", daily("10:00", "Asia/Shanghai"), work, seconds=0.2)
    assert await Leases(database).claim(job.name, job.when.latest(_now()), job.seconds)  # and dies
    async with running(Runner([job], Leases(database), _now)):
        await has_run(work)
    assert work.runs == 1


def _now() -> datetime:
    return datetime.now(UTC)


async def test_closing_waits_for_what_runs(database: Database) -> None:
    began, may_end, ended = asyncio.Event(), asyncio.Event(), []

    async def work() -> None:
        began.set()
        await may_end.wait()
        ended.append(True)

    runner = Runner([Job("slow", every(SOON), work)], Leases(database), _now)
    await runner.start()
    async with asyncio.timeout(PATIENCE):
        await began.wait()
    closing = asyncio.gather(runner.close())
    await asyncio.sleep(0)
    may_end.set()
    await closing
    assert ended == [True]
    assert await database.collection("runs").count({"finished_at": None}) == 0


async def test_closing_cancels_what_does_not_end(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    began = asyncio.Event()

    async def work() -> None:
        began.set()
        await _forever()

    runner = Runner([Job("stuck", every(SOON), work)], Leases(database), _now)
    await runner.start()
    async with asyncio.timeout(PATIENCE):
        await began.wait()
        await runner.close(seconds=0.01)
    assert "Cancelled 1 jobs that did not end within 0.01 s." in caplog.text


async def test_closing_what_never_started_or_is_closed_does_nothing(database: Database) -> None:
    runner = Runner([], Leases(database), _now)
    await runner.close()
    await runner.start()
    await runner.close()
    await runner.close()


class Lost:
    """A lease whose database is away for the first claims."""

    def __init__(self, leases: Leases, failures: int) -> None:
        self._leases = leases
        self.failures = failures
        self.finish = leases.finish

    async def claim(self, job: str, due_at: datetime, seconds: float) -> Any:
        if self.failures > 0:
            self.failures -= 1
            raise OSError("no database")
        return await self._leases.claim(job, due_at, seconds)

    async def last(self, job: str) -> datetime | None:
        raise OSError("no database")


async def test_a_database_that_is_away_for_a_while_is_survived(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    work = Work()
    async with running(Runner([Job("remind", every(SOON), work)], Lost(Leases(database), 2), _now)):
        await has_run(work)
    assert "Job remind could not be claimed or ended; it is tried again at its next time." in caplog.text
    assert "whether a run was missed cannot be known" in caplog.text


def test_two_jobs_of_one_name_are_refused(clock: FakeClock) -> None:
    job = Job("remind", every(60), _nothing)
    with pytest.raises(ValueError, match="Two jobs have the same name"):
        Runner([job, job], Lost, clock)  # type: ignore[arg-type]


async def _nothing() -> None: ...


async def _forever() -> None:
    await asyncio.Event().wait()
