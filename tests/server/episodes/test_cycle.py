"""The steps of real episodes over real time: due, missed, refused, by two servers, by hand."""

import asyncio
from datetime import timedelta

import pytest

from server.app import all_in_place
from server.episodes.actions import ReasonNeeded
from server.episodes.cycle import StepHeld, code_of
from server.episodes.holds import What
from server.episodes.lifecycle import Method, Phase
from server.episodes.steps import BadMoment, StepNotNext, StepTaken
from server.kit.errors import NotAllowed, Refusal, TooLate, Unavailable
from server.nominations.model import reason_digest
from server.people.model import SYSTEM
from tests.makers import drawn, fill_registry, hire_cast, open_house

DAYS = {"nominating": 0, "voting": 2, "drawing": 3, "live": 4}


@pytest.fixture
async def house(database, tmp_path, clock):
    async with open_house(database, tmp_path, clock) as house:
        yield house


@pytest.fixture
async def cast(house):
    return await hire_cast(house)


@pytest.fixture
def taken(house):
    """Steps that do nothing but say that they were taken, and move the episode where nothing else is needed."""
    told = []
    house.cycle.takes = steps_of(house, told)
    return told


def steps_of(house, told):
    async def take(step, who, episode):
        async def work(tx):
            current = await house.episodes.get(episode.id, tx)
            await house.episodes.move(tx, current, step, who.mark)

        await house.database.transact(work)
        told.append(step.value)

    return {step: lambda who, e, step=step: take(step, who, e) for step in map(Phase, DAYS)}


async def week(house, method=Method.SHORTLIST):
    """A timed episode whose first step is due in an hour."""
    first = house.clock() + timedelta(hours=1)
    plan = {step: first + timedelta(days=days) for step, days in DAYS.items()}
    return await house.episodes.create_of_week(SYSTEM, "2026-W11", title="周", method=method, plan=plan, timed=True)


async def facts(house, episode):
    await all_in_place(house)
    found = await house.ledger.store.entries(0, 10_000, matching={"fact.episode": episode.id})
    return [entry.fact for entry in found]


async def bodies(house, episode, kind):
    return [fact.body for fact in await facts(house, episode) if fact.kind == kind]


async def test_each_step_is_taken_at_its_moment_and_once(house, clock, taken) -> None:
    await week(house)
    await house.cycle.take_due()
    assert taken == []
    clock.advance(hours=1)
    await house.cycle.take_due()
    await house.cycle.take_due()
    assert taken == ["nominating"]
    clock.advance(days=2)
    await house.cycle.take_due()
    assert taken == ["nominating", "voting"]


async def test_what_nobody_timed_is_left_to_people(house, clock, taken, cast) -> None:
    plan = {"drawing": clock(), "live": clock() + timedelta(days=1)}
    await house.episodes.create(cast.operator, title="手", method=Method.DRAW, plan=plan)
    clock.advance(hours=2)
    await house.cycle.take_due()
    assert taken == []


async def test_a_step_missed_while_down_runs_once_on_return(database, tmp_path, house, clock, taken) -> None:
    episode = await week(house)
    clock.advance(hours=1 + 11.9)
    again = []
    async with open_house(database, tmp_path, clock) as other:
        other.cycle.takes = steps_of(other, again)
        await other.cycle.take_due()
        await other.cycle.take_due()
    assert again == ["nominating"]
    assert (await house.episodes.get(episode.id)).phase is Phase.NOMINATING


async def test_after_a_week_away_the_step_is_held_as_missed_and_says_so(house, clock, taken) -> None:
    episode = await week(house)
    clock.advance(days=7)
    for _ in range(3):
        await house.cycle.take_due()
    assert taken == []
    held = await house.episodes.get(episode.id)
    assert held.phase is Phase.DRAFT
    assert [(c.what, c.step, c.code) for c in held.changes] == [(What.HELD, "nominating", "missed")]
    assert await bodies(house, episode, "episode.held") == [
        {"step": "nominating", "code": "missed", "reason_digest": None}
    ]


async def test_a_clock_that_jumps_ahead_and_back_takes_no_step_twice(house, clock, taken) -> None:
    episode = await week(house)
    clock.advance(hours=2)
    await house.cycle.take_due()
    clock.advance(days=-10)
    await house.cycle.take_due()
    clock.advance(days=12)
    await house.cycle.take_due()
    assert taken == ["nominating", "voting"]
    clock.advance(days=30)
    await house.cycle.take_due()
    clock.advance(days=-30)
    await house.cycle.take_due()
    assert taken == ["nominating", "voting"]
    assert [c.code for c in (await house.episodes.get(episode.id)).changes] == ["missed"]


async def test_two_servers_take_a_step_once(database, tmp_path, house, cast, clock) -> None:
    """With the real steps: lots are drawn by whoever is faster, and the slower one holds nothing."""
    await fill_registry(house)
    episode = await week(house, Method.DRAW)
    clock.advance(days=3, hours=1)
    async with open_house(database, tmp_path, clock) as other:
        await asyncio.gather(*(server.cycle.take_due() for server in (house, other) * 3))
    assert (await house.episodes.get(episode.id)).holds == {}
    told = [fact.kind.value for fact in await facts(house, episode)]
    assert told == ["episode.created", "episode.moved", "draw.announced", "draw.announced"]


async def test_two_servers_hold_a_missed_step_once(database, tmp_path, house, clock, taken) -> None:
    episode = await week(house)
    clock.advance(days=7)
    async with open_house(database, tmp_path, clock) as other:
        await asyncio.gather(*(server.cycle.take_due() for server in (house, other) * 3))
    assert len(await bodies(house, episode, "episode.held")) == 1


async def test_a_step_that_refuses_is_held_with_the_refusal_and_tried_again_when_resumed(house, cast, clock) -> None:
    episode = await week(house, Method.DRAW)
    clock.advance(days=3, hours=1)
    for _ in range(3):
        await house.cycle.take_due()
    [change] = (await house.episodes.get(episode.id)).changes
    assert (change.what, change.code) == (What.HELD, "empty_pool")
    assert change.message == "No target fits this episode’s filter. Import a register, or widen the filter."
    await fill_registry(house)
    await house.cycle.take_due()
    assert (await house.episodes.get(episode.id)).phase is Phase.DRAFT
    await house.cycle.resume(cast.operator, episode.id, Phase.DRAWING, "名录库已补齐")
    await house.cycle.take_due()
    assert (await house.episodes.get(episode.id)).phase is Phase.DRAWING


async def test_the_values_of_a_refusal_are_kept_for_the_page(house, clock) -> None:
    async def refuse(_who, _episode):
        raise TooLate("The pool has {count} members.", count=0)

    episode = await week(house)
    house.cycle.takes[Phase.NOMINATING] = refuse
    clock.advance(hours=1)
    await house.cycle.take_due()
    [change] = (await house.episodes.get(episode.id)).changes
    assert (change.message, change.values) == ("The pool has {count} members.", {"count": "0"})


async def test_what_cannot_be_yet_is_tried_again_while_the_window_is_open(house, clock) -> None:
    asked = []

    async def later(_who, _episode):
        asked.append(clock())
        raise Unavailable("Not yet.", retry_after=5)

    episode = await week(house)
    house.cycle.takes[Phase.NOMINATING] = later
    clock.advance(hours=1)
    for _ in range(3):
        await house.cycle.take_due()
    assert len(asked) == 3
    assert (await house.episodes.get(episode.id)).holds == {}
    clock.advance(hours=13)
    await house.cycle.take_due()
    assert (await house.episodes.get(episode.id)).holds["nominating"].code == "missed"


async def test_a_step_that_breaks_stops_no_other_episode(house, clock, taken, cast, caplog) -> None:
    first = await week(house)
    other = await house.episodes.create(
        cast.operator, title="另一期", method=Method.DRAW, plan={"drawing": clock()}, timed=True
    )

    async def broken(_who, _episode):
        raise RuntimeError("our mistake")

    house.cycle.takes[Phase.NOMINATING] = broken
    clock.advance(hours=1)
    await house.cycle.take_due()
    assert (await house.episodes.get(other.id)).phase is Phase.DRAWING
    assert (await house.episodes.get(first.id)).holds == {}
    assert "our mistake" in caplog.text


async def drawing(house, cast):
    """A timed episode whose target and team were drawn, live in two hours."""
    await fill_registry(house)
    plan = {"drawing": house.clock(), "live": house.clock() + timedelta(hours=2)}
    episode = await house.episodes.create(cast.operator, title="周", method=Method.DRAW, plan=plan, timed=True)
    await drawn(house, cast.operator, episode.id)
    return episode


async def test_a_visit_is_planned_as_soon_as_lots_named_target_and_team(house, cast) -> None:
    episode = await drawing(house, cast)
    await house.cycle.take_due()
    planned = await house.episodes.get(episode.id)
    assert (planned.phase, planned.holds) == (Phase.READY, {})


async def test_a_green_gate_opens_the_broadcast_at_its_moment(house, cast, clock) -> None:
    episode = await drawing(house, cast)
    await house.cycle.take_due()
    clock.advance(hours=2)
    await house.cycle.take_due()
    assert (await house.episodes.get(episode.id)).phase is Phase.LIVE


async def test_without_a_draw_that_was_decided_there_is_no_broadcast(house, cast, clock) -> None:
    await fill_registry(house)
    plan = {"drawing": clock(), "live": clock() + timedelta(hours=2)}
    episode = await house.episodes.create(cast.operator, title="周", method=Method.DRAW, plan=plan, timed=True)
    await house.cycle.take_due()
    clock.advance(hours=2)
    await house.cycle.take_due()
    held = await house.episodes.get(episode.id)
    assert (held.phase, held.holds["live"].code) == (Phase.DRAWING, "wrong_phase")


async def test_a_gate_that_is_red_holds_the_broadcast(house, cast, clock) -> None:
    episode = await drawing(house, cast)
    await house.cycle.take_due()
    for inspector in cast.inspectors:
        await house.people.disable(cast.operator, inspector.id)
    clock.advance(hours=2)
    await house.cycle.take_due()
    held = await house.episodes.get(episode.id)
    assert (held.phase, held.holds["live"].code) == (Phase.READY, "gate_is_red")


# By hand


async def test_a_held_step_stays_until_it_is_resumed(house, cast, clock, taken) -> None:
    episode = await week(house)
    await house.cycle.hold(cast.operator, episode.id, Phase.NOMINATING, "系统升级")
    clock.advance(days=5)
    await house.cycle.take_due()
    assert taken == []
    await house.cycle.resume(cast.operator, episode.id, Phase.NOMINATING, "升级完成")
    await house.cycle.take_due()
    assert taken == ["nominating"]
    kept = await house.episodes.get(episode.id)
    assert [(c.what, c.reason) for c in kept.changes] == [(What.HELD, "系统升级"), (What.RESUMED, "升级完成")]
    [held], [resumed] = [await bodies(house, episode, f"episode.{what}") for what in ("held", "resumed")]
    first, second = kept.changes
    assert held == {"step": "nominating", "code": "operator", "reason_digest": reason_digest(first.salt, "系统升级")}
    assert resumed == {"step": "nominating", "reason_digest": reason_digest(second.salt, "升级完成")}


async def test_a_moved_step_comes_at_its_new_moment(house, cast, clock, taken) -> None:
    episode = await week(house)
    before, to = episode.plan["nominating"], episode.plan["nominating"] + timedelta(hours=20)
    await house.cycle.move(cast.operator, episode.id, Phase.NOMINATING, to, "周一放假")
    clock.advance(hours=2)
    await house.cycle.take_due()
    assert taken == []
    clock.at = to
    await house.cycle.take_due()
    assert taken == ["nominating"]
    kept = await house.episodes.get(episode.id)
    [change] = kept.changes
    assert (change.what, change.before, change.after) == (What.MOVED, before, to)
    [body] = await bodies(house, episode, "episode.replanned")
    assert (body["step"], body["from"], body["to"]) == (
        "nominating",
        "2026-03-06T03:00:00.000Z",
        "2026-03-06T23:00:00.000Z",
    )


async def test_moving_a_held_step_lets_it_go_on(house, cast, clock, taken) -> None:
    episode = await week(house)
    clock.advance(days=1)
    await house.cycle.take_due()
    await house.cycle.move(cast.operator, episode.id, Phase.NOMINATING, clock() + timedelta(hours=1), "补开")
    clock.advance(hours=1)
    await house.cycle.take_due()
    assert taken == ["nominating"]


async def test_the_next_step_is_brought_forward(house, cast, clock, taken) -> None:
    episode = await week(house)
    with pytest.raises(StepNotNext):
        await house.cycle.bring_forward(cast.operator, episode.id, Phase.VOTING, "提前")
    moved = await house.cycle.bring_forward(cast.operator, episode.id, Phase.NOMINATING, "市民要求提前")
    assert taken == ["nominating"]
    assert moved.plan["nominating"] == clock()
    assert (await facts(house, episode))[1].by == cast.operator.mark
    [body] = await bodies(house, episode, "episode.replanned")
    assert body["to"] == "2026-03-06T02:00:00.000Z"
    clock.advance(hours=1)
    await house.cycle.take_due()
    assert taken == ["nominating"]


async def test_a_step_that_refuses_to_be_brought_forward_stays_where_it_was(house, cast) -> None:
    episode = await week(house, Method.DRAW)
    with pytest.raises(Refusal, match="No target fits"):
        await house.cycle.bring_forward(cast.operator, episode.id, Phase.DRAWING, "提前")
    assert await house.episodes.get(episode.id) == episode


async def test_what_cannot_be_changed_is_refused(house, cast, clock, taken) -> None:
    episode = await week(house)
    cycle, who = house.cycle, cast.operator
    with pytest.raises(BadMoment, match="past"):
        await cycle.move(who, episode.id, Phase.NOMINATING, clock() - timedelta(minutes=1), "早")
    with pytest.raises(StepHeld, match="not held"):
        await cycle.resume(who, episode.id, Phase.NOMINATING, "无")
    await cycle.hold(who, episode.id, Phase.NOMINATING, "停")
    with pytest.raises(StepHeld, match="already"):
        await cycle.hold(who, episode.id, Phase.NOMINATING, "停")
    await cycle.bring_forward(who, episode.id, Phase.NOMINATING, "开")
    await cycle.bring_forward(who, episode.id, Phase.VOTING, "开")
    for verb in (cycle.hold, cycle.resume, cycle.bring_forward):
        with pytest.raises(StepTaken, match="The ballot is open"):
            await verb(who, episode.id, Phase.VOTING, "改")
    with pytest.raises(StepTaken, match="The ballot is open"):
        await cycle.move(who, episode.id, Phase.VOTING, clock() + timedelta(hours=1), "改")


async def test_the_draw_moves_only_behind_the_close_of_an_open_ballot(house, cast, taken) -> None:
    episode = await week(house)
    until = episode.plan["drawing"]

    async def open_until(_episode):
        return until

    house.cycle.ballot_until = open_until
    with pytest.raises(BadMoment, match="The ballot is open until later"):
        await house.cycle.move(cast.operator, episode.id, Phase.DRAWING, until - timedelta(hours=1), "早")
    await house.cycle.move(cast.operator, episode.id, Phase.DRAWING, until + timedelta(hours=1), "晚")


async def test_only_operators_and_never_without_a_reason(house, cast, clock) -> None:
    episode = await week(house)
    cycle = house.cycle
    for verb in (cycle.hold, cycle.resume, cycle.bring_forward):
        for who in (*cast.inspectors, cast.deputy, None):
            with pytest.raises(NotAllowed):
                await verb(who, episode.id, Phase.NOMINATING, "理由")
        with pytest.raises(ReasonNeeded):
            await verb(cast.operator, episode.id, Phase.NOMINATING, "")
    with pytest.raises(NotAllowed):
        await cycle.move(cast.deputy, episode.id, Phase.NOMINATING, clock() + timedelta(hours=2), "理由")
    assert await house.episodes.get(episode.id) == episode


async def test_reasons_and_names_stay_out_of_the_record(house, cast) -> None:
    episode = await week(house)
    await house.cycle.hold(cast.operator, episode.id, Phase.LIVE, "张三请假")
    raw = "".join(fact.raw().decode() for fact in await facts(house, episode))
    assert "张三" not in raw
    assert cast.operator.name not in raw


def test_a_refusals_kind_is_its_code() -> None:
    assert code_of(BadMoment("x")) == "bad_moment"
