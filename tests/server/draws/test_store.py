from dataclasses import replace
from datetime import UTC, datetime

import pytest

from server.draws.model import Draw, Of
from server.draws.store import DrawStore
from server.kit.mongo import ChangedMeanwhile, Duplicate

AT = datetime(2026, 3, 6, 2, tzinfo=UTC)
DRAW = Draw("dr_1", Of.TARGET, "ep_1", 1, ("a", "b"), "00", {"district": "城东区"}, "11", "22", AT, "fact_1")


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
    assert await store.get("dr_2") is None


async def test_an_episode_has_one_draw_of_a_kind(store, database) -> None:
    with pytest.raises(Duplicate):
        await database.transact(lambda tx: store.insert(replace(DRAW, id="dr_2"), tx))


async def test_a_draw_that_changed_meanwhile_is_not_overwritten(store, database) -> None:
    await database.transact(lambda tx: store.save(replace(DRAW, seed="33"), tx))
    with pytest.raises(ChangedMeanwhile):
        await database.transact(lambda tx: store.save(replace(DRAW, seed="44"), tx))
    kept = await store.get("dr_1")
    assert (kept.seed, kept.version) == ("33", 1)
