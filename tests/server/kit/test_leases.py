"""Leases: each due moment of a job runs once, whoever asks, and is taken over when its holder died."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from server.kit.leases import KEPT, Leases
from server.kit.mongo import Database
from tests.fakes import FakeClock

DUE = datetime(2026, 3, 6, 1, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def leases(database: Database, clock: FakeClock) -> Leases:
    return Leases(database, clock)


async def test_of_many_servers_one_gets_the_run(database: Database, clock: FakeClock) -> None:
    servers = [Leases(database, clock) for _ in range(10)]
    claims = await asyncio.gather(*(server.claim("draw", DUE, 60) for server in servers))
    assert len([claim for claim in claims if claim]) == 1


async def test_a_finished_run_is_never_claimed_again(leases: Leases, clock: FakeClock) -> None:
    claim = await leases.claim("draw", DUE, 60)
    assert claim is not None
    assert await leases.finish(claim, "ValueError: no")
    clock.advance(days=1)
    assert await leases.claim("draw", DUE, 60) is None


async def test_a_run_whose_holder_died_is_taken_over_when_its_time_is_over(leases: Leases, clock: FakeClock) -> None:
    dead = await leases.claim("draw", DUE, 60)
    assert dead is not None
    clock.advance(seconds=59)
    assert await leases.claim("draw", DUE, 60) is None
    clock.advance(seconds=1)
    heir = await leases.claim("draw", DUE, 60)
    assert heir is not None
    assert not await leases.finish(dead), "who lost the run cannot end it"
    assert await leases.finish(heir)


async def test_a_renewed_run_is_not_taken_over(leases: Leases, clock: FakeClock) -> None:
    claim = await leases.claim("draw", DUE, 60)
    assert claim is not None
    clock.advance(seconds=50)
    assert await leases.renew(claim, 60)
    clock.advance(seconds=50)
    assert await leases.claim("draw", DUE, 60) is None
    clock.advance(seconds=10)
    assert await leases.claim("draw", DUE, 60) is not None
    assert not await leases.renew(claim, 60)


async def test_the_last_run_is_the_newest_of_that_job_alone(leases: Leases) -> None:
    assert await leases.last("draw") is None
    for days in (1, 2, 0):
        await leases.claim("draw", DUE + timedelta(days=days), 60)
    await leases.claim("drawing", DUE + timedelta(days=9), 60)
    assert await leases.last("draw") == DUE + timedelta(days=2)


async def test_old_runs_are_forgotten(leases: Leases, database: Database) -> None:
    for due_at in (DUE - KEPT - timedelta(days=1), DUE - timedelta(days=1), DUE):
        await leases.claim("draw", due_at, 60)
    assert await database.collection("runs").count({}) == 2
