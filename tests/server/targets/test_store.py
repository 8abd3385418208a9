"""Targets, imports and checklists as the database keeps them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.kit.mongo import Database, Duplicate
from server.targets.model import Checklist, Grade, Import, Item, Target, id_of
from server.targets.store import TargetStore

NOW = datetime(2026, 3, 6, 2, tzinfo=UTC)
TARGET = Target(
    id_of("own", "1"),
    "own",
    "1",
    "老王面馆",
    "和平路1号",
    "东区",
    "catering",
    NOW,
    NOW,
    "91350100M000100Y43",
    Grade.C,
    37.5,
    -122.5,
    {"TaxCode": "H24"},
    3,
)
OTHER = replace(TARGET, id=id_of("own", "2"), key="2", district="", category="AA", code=None, grade=None)
RUNNING = Import("im_1", "own", "ab" * 32, 10, 0, 1, "mark", NOW, NOW)


@pytest.fixture
async def store(database: Database) -> TargetStore:
    store = TargetStore(database)
    await store.prepare()
    return store


async def kept(database: Database, store: TargetStore, *targets: Target) -> None:
    await database.transact(lambda tx: store.write(targets, tx))


async def test_a_target_comes_back_as_it_went(database: Database, store: TargetStore) -> None:
    await kept(database, store, TARGET, OTHER)
    assert await store.get(TARGET.id) == TARGET
    assert await store.get_many([TARGET.id, OTHER.id, TARGET.id, "ta_none"]) == {TARGET.id: TARGET, OTHER.id: OTHER}
    assert await store.of_register("own") == {"1": TARGET, "2": OTHER}
    assert await store.of_register("lives") == {}
    assert await store.get("ta_none") is None
    assert await store.get_many([]) == {}


async def test_targets_are_counted_listed_and_filtered(database: Database, store: TargetStore) -> None:
    await kept(database, store, TARGET, OTHER)
    assert await store.count() == 2
    assert [d["_id"] for d in await store.graded(category="catering")] == [TARGET.id]
    assert await store.graded(category="catering", district="西区") == []
    assert await store.distinct("category") == ["AA", "catering"]
    assert await store.distinct("district") == ["东区"], "a blank is no district"
    assert sorted(row["_id"] for row in await store.rows()) == sorted([TARGET.id, OTHER.id])


async def test_what_the_search_index_is_made_of_holds_no_grade(database: Database, store: TargetStore) -> None:
    await kept(database, store, TARGET)
    assert [sorted(row) for row in await store.rows()] == [["_id", "address", "category", "district", "name"]]


async def test_every_written_batch_counts_one_revision(database: Database, store: TargetStore) -> None:
    assert await store.revision() == 0
    await kept(database, store, TARGET)
    await kept(database, store, replace(TARGET, name="新面馆"))
    assert await store.revision() == 2
    assert await store.count() == 1


async def test_one_import_runs_at_a_time(database: Database, store: TargetStore) -> None:
    await store.begin_import(RUNNING)
    with pytest.raises(Duplicate):
        await store.begin_import(replace(RUNNING, id="im_2"))
    assert await store.running_import() == RUNNING
    ended = await database.transact(lambda tx: store.end_import("im_1", NOW, tx))
    assert ended == replace(RUNNING, ended_at=NOW)
    assert await database.transact(lambda tx: store.end_import("im_1", NOW, tx)) is None
    await store.begin_import(replace(RUNNING, id="im_2"))


async def test_an_import_counts_its_batches_until_it_has_ended(database: Database, store: TargetStore) -> None:
    later = NOW + timedelta(seconds=5)
    await store.begin_import(RUNNING)
    assert await database.transact(lambda tx: store.count_written("im_1", 3, 1, later, tx))
    assert await database.transact(lambda tx: store.count_written("im_1", 2, 0, later, tx))
    assert await store.running_import() == replace(RUNNING, added=5, changed=1, written_at=later)
    await database.transact(lambda tx: store.end_import("im_1", later, tx))
    assert not await database.transact(lambda tx: store.count_written("im_1", 2, 0, later, tx))


async def test_the_newest_checklist_and_each_version(database: Database, store: TargetStore) -> None:
    item = Item("C01", "证", "Licence", "法", "看", "look", "low", "懂", "plain")
    first = Checklist("catering/1", "catering", 1, "餐饮", "Catering", (item,), NOW, "ab" * 32)
    second = replace(first, id="catering/2", version=2)
    for checklist in (first, second):
        await database.transact(lambda tx, new=checklist: store.insert_checklist(new, tx))  # type: ignore[misc]
    assert await store.checklist("catering") == second
    assert await store.checklist("catering", 1) == first
    assert await store.checklist("catering", 3) is None
    with pytest.raises(Duplicate):
        await database.transact(lambda tx: store.insert_checklist(replace(second, id="other"), tx))
