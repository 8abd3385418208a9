import asyncio

import pytest

from server.episodes.lifecycle import Method, Phase
from server.episodes.model import NoSuchEpisode, WrongPhase
from server.kit.errors import NotAllowed, TooLate
from server.people.model import SYSTEM
from tests.makers import fill_registry, hire_cast


@pytest.fixture
async def cast(house):
    cast = await hire_cast(house)
    await fill_registry(house)
    return cast


async def create(house, who, **changes):
    details = {"title": "一期", "method": Method.DRAW, "plan": {"live": house.clock()}, "category": "catering"}
    return await house.episodes.create(who, **(details | changes))


async def kinds(house, episode) -> list[str]:
    await house.ledger.wait_beyond(10_000, 0.3)
    return [e.fact.kind.value for e in await house.ledger.entries(0, 1000) if e.fact.episode == episode.id]


async def test_an_episode_is_created_with_its_number_and_its_fact(house, cast) -> None:
    first, second = await create(house, cast.operator), await create(house, cast.operator)
    assert (first.number, second.number) == (1, 2)
    assert first.phase is Phase.DRAFT
    assert await kinds(house, first) == ["episode.created"]


async def test_the_target_is_drawn_from_the_filtered_pool(house, cast) -> None:
    episode = await create(house, cast.operator)
    draw = await house.episodes.draw(cast.operator, episode.id)
    assert (await house.episodes.get(episode.id)).target == draw.winners[0]
    assert sorted(draw.pool) == sorted(await house.targets.pool(category="catering"))
    assert await kinds(house, episode) == ["episode.created", "episode.moved", "draw.committed", "draw.drawn"]


async def test_drawing_again_gives_the_same_draw(house, cast) -> None:
    episode = await create(house, cast.operator)
    first = await house.episodes.draw(cast.operator, episode.id)
    assert (await house.episodes.draw(cast.operator, episode.id)).winners == first.winners


async def test_operators_at_once_draw_once(house, cast) -> None:
    episode = await create(house, cast.operator)
    outcomes = await asyncio.gather(
        *(house.episodes.draw(cast.operator, episode.id) for _ in range(5)), return_exceptions=True
    )
    winners = {o.winners for o in outcomes if not isinstance(o, Exception)}
    assert len(winners) == 1
    assert all(isinstance(o, TooLate) for o in outcomes if isinstance(o, Exception))
    assert (await kinds(house, episode)).count("draw.drawn") == 1


async def test_a_draw_that_broke_off_after_its_commitment_is_finished(house, cast) -> None:
    episode = await create(house, cast.operator)
    committed = await house.episodes._commit(cast.operator, episode)  # and then the server died
    drawn = await house.episodes.draw(cast.operator, episode.id)
    assert (drawn.id, drawn.commitment) == (committed.id, committed.commitment)
    assert drawn.winners


async def test_an_empty_pool_leaves_the_episode_as_it_was(house, cast) -> None:
    episode = await create(house, cast.operator, category="bakery")
    with pytest.raises(Exception, match="The pool has 0 members"):
        await house.episodes.draw(cast.operator, episode.id)
    assert (await house.episodes.get(episode.id)).phase is Phase.DRAFT
    assert await kinds(house, episode) == ["episode.created"]


async def test_what_is_chosen_by_vote_is_not_drawn(house, cast) -> None:
    episode = await create(house, cast.operator, method=Method.VOTE)
    with pytest.raises(WrongPhase):
        await house.episodes.draw(cast.operator, episode.id)


async def test_a_week_gets_one_episode_however_many_servers_ask(house) -> None:
    details = {"title": "周", "method": Method.DRAW, "plan": {}}
    made = await asyncio.gather(*(house.episodes.create_of_week(SYSTEM, "2026-W10", **details) for _ in range(5)))
    assert len([episode for episode in made if episode]) == 1


async def test_only_operators_plan(house, cast) -> None:
    for who in (*cast.inspectors, cast.deputy, None):
        with pytest.raises(NotAllowed):
            await create(house, who)
    with pytest.raises(NoSuchEpisode):
        await house.episodes.draw(cast.operator, "ep_nobody")
