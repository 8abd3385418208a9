import asyncio

import pytest

from server.draws.model import Of
from server.draws.shuffle import pseudonym
from server.episodes.actions import ReasonNeeded
from server.episodes.lifecycle import Method, Phase
from server.episodes.model import WrongPhase
from server.inspections.model import NotOnTheTeam, NotPlanned, TooFewInspectors
from server.kit.errors import NotAllowed, TooLate
from server.people.model import SYSTEM, Role
from server.targets.model import NoSuchChecklist
from tests.makers import drawn, fill_registry, hire, hire_cast, live, open_house, planned, register

pytestmark = pytest.mark.asyncio(loop_scope="module")
by_itself = pytest.mark.asyncio(loop_scope="function")


async def create(house, operator, category="catering"):
    plan = {Phase.LIVE.value: house.clock()}
    return await house.episodes.create(operator, title="一期", method=Method.DRAW, plan=plan, category=category)


async def drawn_episode(house, operator, category="catering"):
    episode = await create(house, operator, category)
    await drawn(house, operator, episode.id)
    return await house.episodes.get(episode.id)


async def test_a_visit_is_planned_with_the_drawn_team_and_the_newest_checklist(house, ready) -> None:
    inspection = await planned(house, ready)
    draw = await house.draws.store.of_episode(inspection.episode, Of.INSPECTORS)
    by_mark = {p.mark: p.id for p in ready.inspectors}
    assert inspection.team == tuple(by_mark[mark] for mark in draw.winners)
    assert (inspection.checklist, inspection.checklist_version) == ("catering", 1)
    episode = await house.episodes.get(inspection.episode)
    assert (episode.phase, episode.inspection) == (Phase.READY, inspection.id)


async def test_a_team_is_assigned_once_there_is_a_target(house, ready) -> None:
    episode = await create(house, ready.operator)
    with pytest.raises(WrongPhase):
        await house.teams.assign(ready.operator, episode.id)


async def test_a_category_without_a_checklist_says_what_to_do(house, ready) -> None:
    data = register().replace(b"catering", b"bakery").replace(b"T000", b"B000")
    await house.targets.import_register(SYSTEM, data, "own")
    episode = await drawn_episode(house, ready.operator, "bakery")
    with pytest.raises(NoSuchChecklist, match="seethrough checklists publish"):
        await house.teams.assign(ready.operator, episode.id)


async def test_two_operators_at_once_plan_one_visit(house, ready) -> None:
    episode = await drawn_episode(house, ready.operator)
    tries = [house.teams.assign(ready.operator, episode.id) for _ in range(3)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert len([o for o in outcomes if not isinstance(o, Exception)]) == 1
    assert all(isinstance(o, TooLate) for o in outcomes if isinstance(o, Exception))
    assert len(await house.inspections.store.find(episodes=[episode.id])) == 1


@pytest.fixture
async def many(database, tmp_path, clock):
    """A house with four inspectors, of whom one has no certificate."""
    async with open_house(database, tmp_path, clock) as house:
        cast = await hire_cast(house)
        await hire(house, Role.INSPECTOR, "third", "T-3")
        await hire(house, Role.INSPECTOR, "novice")
        await fill_registry(house)
        yield house, cast


@by_itself
async def test_whoever_steps_back_is_replaced_by_the_next_in_the_drawn_order(many, facts) -> None:
    house, cast = many
    inspection = await planned(house, cast)
    people = {p.id: p for p in await house.people.by_role(Role.INSPECTOR)}
    first, second = inspection.team
    (third,) = {p.id for p in people.values() if p.certificate} - {first, second}
    changed = await house.teams.recuse(people[first], inspection.id, first, "店主是我的亲戚")
    assert changed.team == (second, third)
    (fact,) = await facts(house, inspection, "inspector.recused")
    assert (fact.body["inspector"], fact.body["replaced_by"]) == (people[first].mark, people[third].mark)
    assert "亲戚" not in fact.raw().decode()
    with pytest.raises(TooFewInspectors):
        await house.teams.recuse(cast.operator, inspection.id, second, "店主是他的亲戚")
    assert (await house.inspections.get(inspection.id)).team == (second, third)


@by_itself
async def test_who_left_after_the_draw_is_replaced_and_the_record_says_so(many, facts) -> None:
    house, cast = many
    episode = await drawn_episode(house, cast.operator)
    draw = await house.draws.store.of_episode(episode.id, Of.INSPECTORS)
    people = {p.mark: p for p in await house.people.by_role(Role.INSPECTOR)}
    await house.people.disable(SYSTEM, people[draw.winners[0]].id)
    inspection = await house.teams.assign(cast.operator, episode.id)
    assert people[draw.winners[0]].id not in inspection.team
    assert inspection.team[0] == people[draw.winners[1]].id
    (fact,) = await facts(house, inspection, "inspector.recused")
    assert fact.body["inspector"] == draw.winners[0]


@by_itself
async def test_a_team_changes_before_the_visit_and_by_those_who_may(many) -> None:
    house, cast = many
    inspection = await planned(house, cast)
    people = {p.id: p for p in await house.people.by_role(Role.INSPECTOR)}
    first, second = inspection.team
    with pytest.raises(NotOnTheTeam):
        await house.teams.recuse(people[first], inspection.id, second, "不想与他同去")
    with pytest.raises(NotOnTheTeam):
        await house.teams.recuse(cast.operator, inspection.id, "ac_nobody", "无此人")
    for who in (cast.deputy, None):
        with pytest.raises(NotAllowed):
            await house.teams.recuse(who, inspection.id, first, "理由")
    with pytest.raises(ReasonNeeded):
        await house.teams.recuse(people[first], inspection.id, first, "")
    await house.inspections.start(cast.operator, inspection.episode)
    with pytest.raises(NotPlanned):
        await house.teams.recuse(people[first], inspection.id, first, "店主是我的亲戚")


@by_itself
async def test_the_least_burdened_are_sent_first(many) -> None:
    house, cast = many
    first = await planned(house, cast)
    second = await planned(house, cast)
    (rested,) = {p.id for p in await house.people.by_role(Role.INSPECTOR) if p.certificate} - set(first.team)
    assert rested == second.team[0]


@by_itself
async def test_who_has_no_certificate_or_rests_is_left_out_with_the_code(database, tmp_path, clock) -> None:
    async with open_house(database, tmp_path, clock, inspector_rest_days=3) as house:
        cast = await hire_cast(house)
        await hire(house, Role.INSPECTOR, "novice")
        await fill_registry(house)
        await live(house, cast)
        assert sorted(m.note for m in await house.teams.roster() if not m.tickets) == [
            "no_certificate", "resting", "resting",
        ]  # fmt: skip
        clock.advance(days=3)
        assert [m.note for m in await house.teams.roster() if not m.tickets] == ["no_certificate"]


@by_itself
async def test_who_would_move_up_but_left_is_on_record_too(many, facts) -> None:
    house, cast = many
    await hire(house, Role.INSPECTOR, "fifth", "T-5")
    inspection = await planned(house, cast)
    draw = await house.draws.store.of_episode(inspection.episode, Of.INSPECTORS)
    people = {p.mark: p.id for p in await house.people.by_role(Role.INSPECTOR)}
    order = await house.teams._order(draw)
    await house.people.disable(SYSTEM, people[order[2]])
    await house.people.disable(SYSTEM, people[order[1]])
    changed = await house.teams.recuse(cast.operator, inspection.id, people[order[1]], "账号已注销")
    assert changed.team == (people[order[0]], people[order[3]])
    told = await facts(house, inspection, "inspector.recused")
    assert [(f.body["inspector"], f.body["replaced_by"]) for f in told] == [
        (order[1], order[2]),
        (order[2], order[3]),
    ]
    lines = house.draws.files.file(draw.pool_sha256).decode()
    for fact in told:
        salt = bytes.fromhex(fact.body["inspector_salt"])
        assert pseudonym(salt, fact.body["inspector"]) in lines
