"""A team and whoever moved up in it, judged by the stranger from what is on record."""

import pytest

from server.app import all_in_place
from server.draws.model import Of
from server.draws.team import Place
from server.people.model import SYSTEM, Role
from tests.journeys.draw_stranger import Refuted, verify
from tests.makers import drawn, fill_registry, hire, hire_cast, open_house, planned
from tests.server.inspections.test_teams import create


@pytest.fixture
async def many(database, tmp_path, clock):
    """A house with five inspectors who may be drawn."""
    async with open_house(database, tmp_path, clock) as house:
        cast = await hire_cast(house)
        for n in range(3):
            await hire(house, Role.INSPECTOR, f"another{n}", f"T-{n + 3}")
        await fill_registry(house)
        yield house, cast


async def judge(house, episode):
    """What the stranger says of the episode's team, from the record and the pool's file alone."""
    await all_in_place(house)
    entries = await house.ledger.store.entries(0, 10_000, matching={"fact.episode": episode})
    draws, recusals = {}, []
    for entry in entries:
        if entry.fact.kind == "inspector.recused":
            recusals.append(entry.raw.decode())
        elif entry.fact.kind.startswith("draw."):
            draws.setdefault(entry.fact.subject, []).append(entry)
    team = next(d for d, facts in draws.items() if facts[0].fact.body["of"] == "inspectors")
    target = next(d for d, facts in draws.items() if facts[0].fact.body["of"] == "target")
    texts = {draw: [entry.raw.decode() for entry in facts] for draw, facts in draws.items()}
    pools = {draw: house.draws.files.file(facts[0].fact.body["pool_sha256"]) for draw, facts in draws.items()}
    (chosen,) = verify(texts[target], pools[target]).drawn
    place = await house.targets.get(chosen)
    known = {"draws": texts, "category": place.category, "district": place.district}
    with pytest.raises(Refuted):
        verify(texts[team], pools[team], **(known | {"draws": {}}))
    return verify(texts[team], pools[team], recusals=recusals, **known)


async def test_the_team_and_those_who_move_up_are_who_the_lots_say(many) -> None:
    house, cast = many
    inspection = await planned(house, cast)
    people = {p.id: p for p in await house.people.by_role(Role.INSPECTOR)}
    first, second = inspection.team
    assert (await judge(house, inspection.episode)).standing == [people[first].mark, people[second].mark]
    changed = await house.teams.recuse(people[first], inspection.id, first, "店主是我的亲戚")
    changed = await house.teams.recuse(people[second], inspection.id, second, "店主是我的同学")
    team = await judge(house, inspection.episode)
    assert team.drawn == [people[first].mark, people[second].mark]
    assert team.standing == [people[one].mark for one in changed.team]
    assert not set(team.standing) & set(team.drawn)


async def test_who_left_after_the_draw_is_replaced_by_whom_the_lots_say(many) -> None:
    house, cast = many
    episode = await create(house, cast.operator)
    await drawn(house, cast.operator, episode.id)
    before = await judge(house, episode.id)
    people = {p.mark: p for p in await house.people.by_role(Role.INSPECTOR)}
    await house.people.disable(SYSTEM, people[before.drawn[0]].id)
    inspection = await house.teams.assign(cast.operator, episode.id)
    marks = {p.id: p.mark for p in people.values()}
    assert (await judge(house, episode.id)).standing == [marks[one] for one in inspection.team]


async def leave_after_the_draw(house, cast, *places):
    """Those at these places of the drawn order lose their accounts; then the team is assigned."""
    episode = await create(house, cast.operator)
    await drawn(house, cast.operator, episode.id)
    draw = await house.draws.store.of_episode(episode.id, Of.INSPECTORS)
    target = await house.targets.get((await house.episodes.get(episode.id)).drawn())
    steps = await house.draws.walk(draw, bytes.fromhex(draw.key), Place(target.category, target.district))
    ids = house.draws.files.ids(draw.pool_sha256)
    order = [ids[step.position] for step in steps]
    people = {p.mark: p.id for p in await house.people.by_role(Role.INSPECTOR)}
    for place in places:
        await house.people.disable(SYSTEM, people[order[place]])
    inspection = await house.teams.assign(cast.operator, episode.id)
    return order, inspection, [next(m for m, one in people.items() if one == who) for who in inspection.team]


async def test_both_who_were_drawn_leave_and_the_next_two_are_the_team(many) -> None:
    house, cast = many
    order, inspection, team = await leave_after_the_draw(house, cast, 0, 1)
    assert team == order[2:4]
    assert (await judge(house, inspection.episode)).standing == team


async def test_one_who_would_have_moved_up_leaves_and_the_record_says_so(many) -> None:
    house, cast = many
    order, inspection, team = await leave_after_the_draw(house, cast, 0, 2)
    assert team == [order[1], order[3]]
    assert (await judge(house, inspection.episode)).standing == team
