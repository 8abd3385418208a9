import asyncio
from datetime import timedelta

import pytest

from server.app import all_in_place
from server.draws.model import BadSource, DrawOver, EmptyPool, Of
from server.draws.plan import Asked
from server.episodes.lifecycle import Method, Phase
from server.episodes.model import NoSuchEpisode, WrongPhase
from server.kit.errors import NotAllowed, TooLate
from server.people.model import SYSTEM, Role
from tests.makers import drawn, fill_registry, hire, hire_cast, live, open_house, reach

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def create(house, who, **changes):
    details = {"title": "一期", "method": Method.DRAW, "plan": {"live": house.clock()}, "category": "catering"}
    return await house.episodes.create(who, **(details | changes))


async def facts(house, episode):
    await all_in_place(house)
    found = await house.ledger.store.entries(0, 10_000, matching={"fact.episode": episode.id})
    return [entry.fact for entry in found]


async def kinds(house, episode) -> list[str]:
    return [fact.kind.value for fact in await facts(house, episode)]


async def test_target_and_inspectors_are_drawn_from_what_came_later(house, cast) -> None:
    episode = await create(house, cast.operator)
    done = await drawn(house, cast.operator, episode.id)
    episode = await house.episodes.get(episode.id)
    assert (episode.phase, episode.target) == (Phase.DRAWING, done.winners[0])
    team = await house.draws.store.of_episode(episode.id, Of.INSPECTORS)
    assert set(team.winners) == {p.mark for p in cast.inspectors}
    assert await kinds(house, episode) == [
        "episode.created", "episode.moved", "draw.announced", "draw.announced",
        "draw.sourced", "draw.drawn", "draw.sourced", "draw.drawn",
    ]  # fmt: skip


async def test_the_pool_is_what_fits_the_episode(house, cast) -> None:
    episode = await create(house, cast.operator)
    done = await drawn(house, cast.operator, episode.id)
    ids = house.draws.files.ids(done.pool_sha256)
    assert sorted(ids) == sorted(c.id for c in await house.targets.candidates(category="catering"))
    assert done.filter == {"category": "catering"}
    assert done.tickets == 2 * len(ids)  # all of grade B


async def test_drawing_again_is_refused(house, cast) -> None:
    episode = await create(house, cast.operator)
    await drawn(house, cast.operator, episode.id)
    with pytest.raises(DrawOver):
        await drawn(house, cast.operator, episode.id)


async def test_operators_at_once_announce_once(house, cast) -> None:
    episode = await create(house, cast.operator)
    tries = (house.choosing.announce(cast.operator, episode.id, Asked()) for _ in range(5))
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert len([o for o in outcomes if not isinstance(o, Exception)]) == 1
    assert all(isinstance(o, TooLate) for o in outcomes if isinstance(o, Exception))
    assert (await kinds(house, episode)).count("draw.announced") == 2


async def test_cancelling_does_not_hide_what_the_lots_say(house, cast) -> None:
    episode = await create(house, cast.operator)
    due = house.clock() + timedelta(minutes=1)
    draw = await house.choosing.announce(
        cast.operator, episode.id, Asked(beacon=False, numbers_name="测试彩", numbers_due=due)
    )
    await house.inspections.cancel(cast.operator, episode.id, "台风停工")
    await reach(house.clock, due)
    done = await house.sources.give(cast.operator, draw.id, 0, "1 2 3")
    assert done.winners
    assert (await house.episodes.get(episode.id)).target is None


async def test_facts_hold_no_names(house, cast) -> None:
    episode = await create(house, cast.operator, title="张三的面馆专场")
    await drawn(house, cast.operator, episode.id)
    raw = "".join(fact.raw().decode() for fact in await facts(house, episode))
    for secret in ("张三", cast.operator.name, cast.operator.id, "测试面馆"):
        assert secret not in raw


@pytest.mark.parametrize("category", ["bakery", "无此类别"])
async def test_an_empty_pool_leaves_the_episode_as_it_was(house, cast, category) -> None:
    episode = await create(house, cast.operator, category=category)
    with pytest.raises(EmptyPool, match="No target fits"):
        await drawn(house, cast.operator, episode.id)
    assert (await house.episodes.get(episode.id)).phase is Phase.DRAFT
    assert await kinds(house, episode) == ["episode.created"]


async def test_sources_without_randomness_leave_the_episode_as_it_was(house, cast) -> None:
    episode = await create(house, cast.operator)
    with pytest.raises(BadSource):
        await house.choosing.announce(cast.operator, episode.id, Asked(beacon=False))
    assert (await house.episodes.get(episode.id)).phase is Phase.DRAFT


async def test_only_operators_announce(house, cast) -> None:
    episode = await create(house, cast.operator)
    for who in (*cast.inspectors, cast.deputy, None):
        with pytest.raises(NotAllowed):
            await house.choosing.announce(who, episode.id, Asked())
    with pytest.raises(NoSuchEpisode):
        await house.choosing.announce(cast.operator, "ep_nobody", Asked())


async def test_what_is_chosen_by_vote_is_not_drawn(house, cast) -> None:
    for method in (Method.VOTE, Method.SHORTLIST):
        episode = await create(house, cast.operator, method=method)
        with pytest.raises(WrongPhase):
            await house.choosing.announce(cast.operator, episode.id, Asked())


@pytest.mark.asyncio(loop_scope="function")
async def test_a_team_needs_two_with_a_certificate(database, tmp_path, clock) -> None:
    async with open_house(database, tmp_path, clock) as alone:
        operator = await hire(alone, Role.OPERATOR, "operator")
        await hire(alone, Role.INSPECTOR, "first", "T-1")
        await hire(alone, Role.INSPECTOR, "novice")
        await fill_registry(alone)
        episode = await create(alone, operator)
        with pytest.raises(EmptyPool, match="2 inspectors with a certificate"):
            await drawn(alone, operator, episode.id)
        await hire(alone, Role.INSPECTOR, "second", "T-2")
        await drawn(alone, operator, episode.id)


@pytest.mark.asyncio(loop_scope="function")
async def test_whoever_was_inspected_is_left_out_for_a_while(database, tmp_path, clock) -> None:
    async with open_house(database, tmp_path, clock, target_interval_days=90, target_cap=1) as alone:
        cast = await hire_cast(alone)
        await fill_registry(alone, 3)
        first = await live(alone, cast)
        episode = await create(alone, cast.operator)
        done = await drawn(alone, cast.operator, episode.id)
        assert done.excluded == {"frequency_cap": 1}
        assert done.winners[0] != first.target
        assert SYSTEM.mark not in {f.by for f in await facts(alone, episode)}
