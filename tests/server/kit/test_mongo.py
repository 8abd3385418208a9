"""The database surface, against a real MongoDB: what each call does, and what its failures are called."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.kit import mongo
from server.kit.embedded import EmbeddedMongo
from server.kit.errors import AccessDenied, Unavailable, Uncertain
from server.kit.mongo import ChangedMeanwhile, Collection, Database, Duplicate, Tx

SILENT = "The database does not answer; nothing was saved. Try again in a few seconds."


@pytest.fixture
def things(database: Database) -> Collection:
    return database.collection("things")


async def test_moments_come_back_aware_and_in_utc(things: Collection) -> None:
    moment = datetime(2026, 3, 6, 10, 0, tzinfo=UTC)
    await things.insert({"_id": 1, "at": moment})
    found = await things.find_one({"_id": 1})
    assert found is not None
    assert found["at"] == moment
    assert found["at"].utcoffset() == timedelta(0)


async def test_find_sorts_skips_limits_and_projects(things: Collection) -> None:
    await things.insert_many({"_id": n, "half": n // 2, "rest": "x"} for n in range(6))
    found = await things.find(
        {"_id": {"$gt": 0}}, sort=[("half", -1), ("_id", 1)], skip=1, limit=2, projection={"rest": 0}
    )
    assert found == [{"_id": 5, "half": 2}, {"_id": 2, "half": 1}]
    assert await things.find_one({}, sort="_id", projection=["half"]) == {"_id": 0, "half": 0}
    assert await things.find_one({"_id": 99}) is None


async def test_iterating_crosses_batches_and_may_be_left_early(things: Collection) -> None:
    await things.insert_many({"_id": n} for n in range(1201))
    assert [d["_id"] async for d in things.iterate({}, sort="_id")] == list(range(1201))
    async for document in things.iterate({}):
        assert "_id" in document
        break


async def test_a_second_insert_is_a_duplicate_that_names_its_fields(things: Collection) -> None:
    await things.ensure_index([("week", 1), ("place", 1)], unique=True)
    await things.insert({"_id": 1, "week": "W1", "place": "a"})
    with pytest.raises(Duplicate, match="already recorded") as refused:
        await things.insert({"_id": 2, "week": "W1", "place": "a"})
    assert refused.value.fields == ("week", "place")
    with pytest.raises(Duplicate) as refused:
        await things.insert({"_id": 1})
    assert refused.value.fields == ("_id",)


async def test_many_inserts_report_the_positions_of_duplicates(things: Collection) -> None:
    await things.insert({"_id": 2})
    result = await things.insert_many([{"_id": n} for n in (1, 2, 3, 1)])
    assert (result.count, result.duplicates) == (2, (1, 3))
    assert (await things.insert_many([])).count == 0


async def test_a_duplicate_ends_a_transaction(database: Database, things: Collection) -> None:
    await things.insert({"_id": 2})

    async def work(tx: Tx) -> None:
        await things.insert_many([{"_id": 1}, {"_id": 2}], tx=tx)

    with pytest.raises(Duplicate):
        await database.transact(work)
    assert await things.count({}) == 1


async def test_changes_say_how_many_they_matched(things: Collection) -> None:
    assert await things.replace({"_id": 1}, {"a": 1}) == 0
    assert await things.replace({"_id": 1}, {"a": 1}, upsert=True) == 1
    assert await things.update({"_id": 1}, {"$set": {"a": 1}}) == 1, "matched, though nothing had to change"
    assert await things.update({"_id": 2}, {"$set": {"a": 2}}, upsert=True) == 1
    assert await things.update_all({}, {"$inc": {"a": 10}}) == 2
    assert sorted(await things.distinct("a")) == [11, 12]
    assert await things.distinct("a", {"_id": 2}) == [12]
    assert await things.bulk_upsert([({"_id": 2}, {"a": 0}), ({"_id": 3}, {"a": 0})]) == 2
    assert await things.bulk_upsert([]) == 0
    assert await things.count({"a": 0}) == 2
    assert await things.delete({"a": 0}) == 1
    assert await things.delete_all({}) == 2


async def test_find_and_update_gives_the_document_after_or_before(things: Collection) -> None:
    assert await things.find_one_and_update({"_id": 1}, {"$inc": {"n": 1}}) is None
    assert await things.find_one_and_update({"_id": 1}, {"$inc": {"n": 1}}, upsert=True) == {"_id": 1, "n": 1}
    assert await things.find_one_and_update({"_id": 1}, {"$inc": {"n": 1}}, after=False) == {"_id": 1, "n": 1}
    await things.insert({"_id": 2, "n": 9})
    first = await things.find_one_and_update({}, {"$inc": {"n": 1}}, sort=[("n", -1)])
    assert first == {"_id": 2, "n": 10}


async def test_aggregate_returns_its_documents(things: Collection) -> None:
    await things.insert_many({"_id": n, "odd": n % 2} for n in range(5))
    counted = await things.aggregate([{"$group": {"_id": "$odd", "n": {"$sum": 1}}}, {"$sort": {"_id": 1}}])
    assert counted == [{"_id": 0, "n": 3}, {"_id": 1, "n": 2}]


async def test_saving_over_somebody_elses_change_is_refused(things: Collection) -> None:
    await things.insert({"_id": 1, "version": 0, "name": "a"})
    assert await things.save({"_id": 1, "name": "b"}, 0) == {"_id": 1, "name": "b", "version": 1}
    with pytest.raises(ChangedMeanwhile, match="Somebody else changed this meanwhile"):
        await things.save({"_id": 1, "name": "c"}, 0)
    assert await things.find_one({"_id": 1}) == {"_id": 1, "name": "b", "version": 1}


async def test_an_index_with_other_options_is_replaced(database: Database, things: Collection) -> None:
    await things.ensure_index("at")
    await things.ensure_index("at")
    await things.ensure_index("at", expire_after=timedelta(hours=1))
    await things.ensure_index("key", unique=True, partial={"key": {"$type": "string"}}, name="by_key")
    answer = await database.command({"listIndexes": "things"}, on=database.name)
    indexes = {index["name"]: index for index in answer["cursor"]["firstBatch"]}
    assert indexes["at_1"]["expireAfterSeconds"] == 3600
    assert indexes["by_key"]["unique"]
    assert set(indexes) == {"_id_", "at_1", "by_key"}


async def test_a_failing_command_is_returned_with_its_code(database: Database) -> None:
    assert (await database.command({"noSuchCommand": 1}))["code"] == 59


async def test_a_healthy_database_says_so(database: Database) -> None:
    state = await database.state()
    assert state["healthy"] is True
    assert state["version"]


CALLS: dict[str, Callable[[Collection], Awaitable[object]]] = {
    "find": lambda c: c.find({}),
    "find_one": lambda c: c.find_one({}),
    "insert": lambda c: c.insert({"_id": 1}),
    "insert_many": lambda c: c.insert_many([{"_id": 1}]),
    "replace": lambda c: c.replace({}, {}),
    "save": lambda c: c.save({"_id": 1}, 0),
    "update": lambda c: c.update({}, {"$set": {"a": 1}}),
    "update_all": lambda c: c.update_all({}, {"$set": {"a": 1}}),
    "find_one_and_update": lambda c: c.find_one_and_update({}, {"$set": {"a": 1}}),
    "delete": lambda c: c.delete({}),
    "delete_all": lambda c: c.delete_all({}),
    "count": lambda c: c.count({}),
    "distinct": lambda c: c.distinct("a"),
    "aggregate": lambda c: c.aggregate([]),
    "bulk_upsert": lambda c: c.bulk_upsert([({"_id": 1}, {})]),
    "ensure_index": lambda c: c.ensure_index("a"),
    "iterate": lambda c: anext(c.iterate({})),
}


async def test_nothing_answers_and_every_call_says_so_in_time() -> None:
    database = Database.connect("mongodb://127.0.0.1:9/?replicaSet=none")
    began = time.monotonic()
    refused = await asyncio.gather(
        *(call(database.collection("things")) for call in CALLS.values()),
        database.ping(),
        database.transact(lambda tx: database.collection("things").insert({}, tx=tx)),
        database.state(),
        return_exceptions=True,
    )
    assert refused.pop() == {"healthy": False, "error": SILENT}
    for name, error in zip([*CALLS, "ping", "transact"], refused, strict=True):
        assert type(error) is Unavailable, f"{name}: {error!r}"
        assert str(error) == SILENT
        assert error.retry_after == 2
    assert time.monotonic() - began < 8
    await database.close()


async def test_a_wrong_password_is_named(mongodb_uri: str) -> None:
    if "@127.0.0.1" not in mongodb_uri:
        pytest.skip("The given database may have no users.")
    database = Database.connect("mongodb://root:wrong@" + mongodb_uri.split("@")[1])
    with pytest.raises(AccessDenied, match="does not accept our user name and password"):
        await database.ping()
    await database.close()


async def test_a_write_whose_answer_is_lost_is_not_called_unsaved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with EmbeddedMongo.running(tmp_path) as mongod:
        monkeypatch.setitem(mongo._CONNECTION, "socketTimeoutMS", 200)
        database = Database.connect(mongod.uri)
        things = database.collection("things")
        await things.insert({"_id": 1})
        assert mongod.pid is not None
        os.kill(mongod.pid, signal.SIGSTOP)
        try:
            with pytest.raises(Uncertain, match="did not confirm in time"):
                await things.insert({"_id": 2})
            with pytest.raises(Unavailable, match="does not answer; nothing was saved"):
                await things.find({})
        finally:
            os.kill(mongod.pid, signal.SIGCONT)
        await database.close()
