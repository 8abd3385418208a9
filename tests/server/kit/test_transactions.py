"""Transactions: all or nothing, repeated where they meet, callbacks after the commit alone."""

import asyncio

import pytest

from server.kit.mongo import Database, Duplicate, Tx
from server.kit.transactions import retried, settled


async def test_a_transaction_returns_what_its_work_returned_and_keeps_its_writes(database: Database) -> None:
    things = database.collection("things")

    async def work(tx: Tx) -> str:
        await things.insert({"_id": 1}, tx=tx)
        assert await things.find_one({"_id": 1}) is None, "nobody else sees it yet"
        assert await things.find({}, tx=tx) == [{"_id": 1}]
        return "done"

    assert await database.transact(work) == "done"
    assert await things.find({}) == [{"_id": 1}]


async def test_work_that_fails_leaves_nothing_and_runs_no_callback(database: Database) -> None:
    things, called = database.collection("things"), []

    async def work(tx: Tx) -> None:
        tx.after_commit(lambda: called.append(1))
        await things.insert({"_id": 1}, tx=tx)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await database.transact(work)
    assert await things.find({}) == []
    assert called == []


async def test_transactions_that_meet_are_repeated_until_each_has_counted(database: Database) -> None:
    counters, called = database.collection("counters"), []
    await counters.insert({"_id": "n", "value": 0})

    async def work(tx: Tx) -> None:
        tx.after_commit(lambda: called.append(1))
        found = await counters.find_one({"_id": "n"}, tx=tx)
        assert found is not None
        await counters.update({"_id": "n"}, {"$set": {"value": found["value"] + 1}}, tx=tx)

    await asyncio.gather(*(database.transact(work) for _ in range(20)))
    assert await counters.find_one({"_id": "n"}) == {"_id": "n", "value": 20}
    assert len(called) == 20, "each callback runs once, however often its work was repeated"


async def test_a_callback_that_fails_does_not_undo_the_commit(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    called = []

    async def work(tx: Tx) -> None:
        tx.after_commit(lambda: 1 / 0)
        tx.after_commit(lambda: called.append(1))
        await database.collection("things").insert({"_id": 1}, tx=tx)

    await database.transact(work)
    assert called == [1]
    assert "A callback after a commit failed" in caplog.text


async def test_a_transaction_whose_error_was_caught_refuses_to_go_on(database: Database) -> None:
    things = database.collection("things")
    await things.insert({"_id": 1})

    async def work(tx: Tx) -> None:
        with pytest.raises(Duplicate):
            await things.insert({"_id": 1}, tx=tx)
        await things.insert({"_id": 2}, tx=tx)

    with pytest.raises(RuntimeError, match="has already failed"):
        await database.transact(work)


async def test_a_cancelled_transaction_leaves_nothing_and_the_database_goes_on(database: Database) -> None:
    things, inside = database.collection("things"), asyncio.Event()

    async def work(tx: Tx) -> None:
        await things.insert({"_id": 1}, tx=tx)
        inside.set()
        await asyncio.Event().wait()

    task = asyncio.ensure_future(database.transact(work))  # noqa: TID251  the test itself is its owner
    await inside.wait()
    task.cancel()
    await asyncio.wait([task])
    assert await things.find({}) == []
    await things.insert({"_id": 1})


async def test_time_limits_the_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.kit.transactions.GIVE_UP_SECONDS", 0.05)
    attempts = []

    async def attempt(give_up_at: float) -> None:
        attempts.append(give_up_at)
        raise ValueError("busy")

    with pytest.raises(ValueError, match="busy"):
        await retried(attempt, lambda error: isinstance(error, ValueError), asyncio.Lock())
    assert len(attempts) > 1


async def test_what_is_not_transient_is_tried_once() -> None:
    attempts = []

    async def attempt(give_up_at: float) -> None:
        attempts.append(give_up_at)
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        await retried(attempt, lambda _: False, asyncio.Lock())
    assert len(attempts) == 1


async def test_a_cancelled_caller_waits_until_its_call_has_ended() -> None:
    began, free, ended = asyncio.Event(), asyncio.Event(), []

    async def call() -> None:
        began.set()
        await free.wait()
        ended.append(1)

    task = asyncio.ensure_future(settled(call()))  # noqa: TID251  the test itself is its owner
    await began.wait()
    task.cancel()
    free.set()
    await asyncio.wait([task])
    assert task.cancelled()
    assert ended == [1]
