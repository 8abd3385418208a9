from dataclasses import replace
from datetime import UTC, datetime

import pytest

from server.draws.model import Algorithm, Draw, Of, Source, SourceKind
from server.draws.pool import Member, freeze
from server.draws.store import DrawStore, PoolFiles
from server.kit.mongo import ChangedMeanwhile, Duplicate

AT = datetime(2026, 3, 6, 2, tzinfo=UTC)
SOURCE = Source(SourceKind.CEREMONY, AT, commit_until=AT)
DRAW = Draw(
    "dr_1", Of.TARGET, "ep_1", 1, 1, Algorithm.SHA256, {"district": "城东区"}, "aa", 2, 2, {"closed": 1}, "11",
    (SOURCE,), AT, "fact_1",
)  # fmt: skip


@pytest.fixture
async def store(database):
    store = DrawStore(database)
    await store.prepare()
    await database.transact(lambda tx: store.insert(DRAW, tx))
    return store


async def test_a_draw_comes_back_as_it_went(store) -> None:
    assert await store.get("dr_1") == DRAW
    assert await store.of_episode("ep_1", Of.TARGET) == DRAW
    assert await store.of_episode("ep_1", Of.INSPECTORS) is None
    assert await store.all_of_episode("ep_1") == [DRAW]
    assert await store.all_open() == [DRAW]
    assert await store.get("dr_2") is None


async def test_an_episode_has_one_draw_of_a_kind_and_attempt(store, database) -> None:
    with pytest.raises(Duplicate):
        await database.transact(lambda tx: store.insert(replace(DRAW, id="dr_2"), tx))
    await database.transact(lambda tx: store.insert(replace(DRAW, id="dr_2", attempt=2), tx))
    assert (await store.of_episode("ep_1", Of.TARGET)).attempt == 2


async def test_a_draw_that_changed_meanwhile_is_not_overwritten(store, database) -> None:
    kept = await database.transact(lambda tx: store.save(replace(DRAW, key="33"), tx))
    assert kept == replace(DRAW, key="33", version=1)
    with pytest.raises(ChangedMeanwhile):
        await database.transact(lambda tx: store.save(replace(DRAW, key="44"), tx))
    assert await store.get("dr_1") == kept


async def test_draws_that_hang_on_another_are_found_while_they_are_open(store, database) -> None:
    child = replace(DRAW, id="dr_2", of=Of.INSPECTORS, sources=(Source(SourceKind.DRAW, AT, draw="dr_1"),))
    await database.transact(lambda tx: store.insert(child, tx))
    assert await database.transact(lambda tx: store.following("dr_1", tx)) == [child]
    await database.transact(lambda tx: store.save(replace(child, drawn_at=AT), tx))
    assert await database.transact(lambda tx: store.following("dr_1", tx)) == []
    assert [draw.id for draw in await store.all_open()] == ["dr_1"]


def test_pools_are_files_by_their_hash_and_the_ids_are_for_the_server_alone(tmp_path) -> None:
    files, pool = PoolFiles(tmp_path / "pools"), freeze([Member("ta_1"), Member("ta_2")], b"s" * 32)
    files.keep(pool)
    files.keep(pool)
    assert files.file(pool.sha256) == pool.file
    assert files.ids(pool.sha256) == pool.ids
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "pools").iterdir()} == {0o600}
    assert len(list((tmp_path / "pools").iterdir())) == 2
