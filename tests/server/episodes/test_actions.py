import asyncio

import pytest

from server.app import all_in_place
from server.episodes.lifecycle import Method, Phase
from server.episodes.model import NoSuchEpisode, WrongPhase
from server.kit.errors import NotAllowed
from server.people.model import SYSTEM

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


async def test_an_episode_is_created_with_its_number_and_its_fact(house, cast) -> None:
    first, second = await create(house, cast.operator), await create(house, cast.operator)
    assert second.number == first.number + 1
    assert first.phase is Phase.DRAFT
    assert await kinds(house, first) == ["episode.created"]


async def test_an_aborted_step_leaves_neither_phase_nor_fact(house, cast) -> None:
    episode = await create(house, cast.operator)

    async def work(tx):
        await house.episodes.move(tx, episode, Phase.DRAWING, "mark")
        raise RuntimeError("the rest of the transaction fails")

    with pytest.raises(RuntimeError):
        await house.database.transact(work)
    assert await house.episodes.get(episode.id) == episode
    assert await kinds(house, episode) == ["episode.created"]


async def test_facts_hold_neither_title_nor_names(house, cast) -> None:
    episode = await create(house, cast.operator, title="张三的面馆专场")
    told = await facts(house, episode)
    raw = "".join(fact.raw().decode() for fact in told)
    for secret in ("张三", cast.operator.name, cast.operator.id, "测试面馆"):
        assert secret not in raw
    assert {fact.by for fact in told} == {cast.operator.mark}


async def test_a_week_gets_one_episode_however_many_servers_ask(house) -> None:
    details = {"title": "周", "method": Method.DRAW, "plan": {}}
    made = await asyncio.gather(*(house.episodes.create_of_week(SYSTEM, "2026-W10", **details) for _ in range(5)))
    assert len([episode for episode in made if episode]) == 1


async def test_only_operators_plan(house, cast) -> None:
    episode = await create(house, cast.operator, method=Method.SHORTLIST)
    for who in (*cast.inspectors, cast.deputy, None):
        with pytest.raises(NotAllowed):
            await create(house, who)
        with pytest.raises(NotAllowed):
            await house.episodes.advance(who, episode.id, Phase.NOMINATING)
    with pytest.raises(NoSuchEpisode):
        await house.episodes.advance(cast.operator, "ep_nobody", Phase.NOMINATING)


async def test_nominations_open_by_themselves_but_no_broadcast_does(house, cast) -> None:
    episode = await create(house, cast.operator, method=Method.SHORTLIST)
    for to in (Phase.VOTING, Phase.LIVE, Phase.CANCELLED, Phase.CLOSED):
        with pytest.raises(WrongPhase):
            await house.episodes.advance(cast.operator, episode.id, to)
    assert (await house.episodes.advance(cast.operator, episode.id, Phase.NOMINATING)).phase is Phase.NOMINATING
    with pytest.raises(WrongPhase):
        await house.episodes.advance(cast.operator, episode.id, Phase.VOTING)  # a vote begins with its ballot
