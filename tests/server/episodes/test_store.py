from dataclasses import replace
from datetime import UTC, datetime

import pytest

from server.episodes.lifecycle import Method, Phase
from server.episodes.model import Episode
from server.episodes.store import EpisodeStore
from server.kit.mongo import ChangedMeanwhile, Duplicate

AT = datetime(2026, 3, 6, 2, tzinfo=UTC)


def episode(number: int, **changes) -> Episode:
    made = Episode(
        f"ep_{number}", number, "一期", Method.DRAW, Phase.DRAFT, AT, plan={"live": AT}, reached={"draft": AT}
    )
    return replace(made, **changes)


@pytest.fixture
async def store(database):
    store = EpisodeStore(database)
    await store.prepare()
    return store


@pytest.fixture
def keep(store, database):
    async def keep(*episodes):
        for one in episodes:
            await database.transact(lambda tx, one=one: store.insert(one, tx))

    return keep


async def test_an_episode_comes_back_as_it_went(store, keep) -> None:
    await keep(episode(1))
    assert await store.get("ep_1") == episode(1)
    assert await store.get("ep_2") is None


async def test_numbers_count_from_one_and_never_repeat(store, database) -> None:
    assert [await database.transact(store.next_number) for _ in range(3)] == [1, 2, 3]


async def test_episodes_are_found_newest_first_by_phase_and_target(store, keep) -> None:
    await keep(episode(1), episode(2, phase=Phase.LIVE, target="ta_1"), episode(3, phase=Phase.LIVE))
    assert [e.number for e in await store.find()] == [3, 2, 1]
    assert [e.number for e in await store.find([Phase.LIVE])] == [3, 2]
    assert [e.number for e in await store.find(target="ta_1")] == [2]
    assert [e.number for e in await store.find(limit=1)] == [3]


async def test_a_week_has_one_episode(store, keep) -> None:
    await keep(episode(1, week="2026-W10"), episode(2), episode(3))  # those without a week are as many as there are
    assert (await store.of_week("2026-W10")).number == 1
    with pytest.raises(Duplicate):
        await keep(episode(4, week="2026-W10"))


async def test_episodes_shown_are_those_that_were_live(store, keep) -> None:
    await keep(episode(1), episode(2, reached={"draft": AT, "live": AT}, phase=Phase.CLOSED))
    assert await store.count_shown() == 1


async def test_an_episode_that_changed_meanwhile_is_not_overwritten(store, keep, database) -> None:
    await keep(episode(1))
    await database.transact(lambda tx: store.save(episode(1, title="二"), tx))
    with pytest.raises(ChangedMeanwhile):
        await database.transact(lambda tx: store.save(episode(1, title="三"), tx))
