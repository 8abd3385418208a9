import asyncio

import pytest

from server.episodes.actions import ReasonNeeded
from server.episodes.lifecycle import Method, Phase
from server.episodes.model import WrongPhase
from server.inspections.actions import TOKEN_LIFE
from server.inspections.model import (
    GateIsRed,
    NoSuchInspection,
    NotLive,
    NotOnTheTeam,
    PictureCut,
    ResultCode,
    State,
)
from server.kit.errors import NotAllowed, TooLate
from server.ledger.model import Kind
from server.people.model import SYSTEM
from tests.makers import CHECKLIST, failing, fill_registry, hire_cast, live, planned

pytestmark = pytest.mark.asyncio(loop_scope="module")
by_itself = pytest.mark.asyncio(loop_scope="function")


async def test_the_start_opens_the_episode_once(house, ready) -> None:
    inspection = await planned(house, ready)
    tries = [house.inspections.start(ready.operator, inspection.episode) for _ in range(3)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert len([o for o in outcomes if not isinstance(o, Exception)]) == 1
    assert (await house.inspections.get(inspection.id)).state is State.LIVE
    assert (await house.episodes.get(inspection.episode)).phase is Phase.LIVE


@by_itself
async def test_a_red_gate_keeps_the_broadcast_shut(alone) -> None:
    cast = await hire_cast(alone)
    await fill_registry(alone)
    inspection = await planned(alone, cast)
    await alone.people.disable(SYSTEM, cast.inspectors[0].id)
    lines = await alone.inspections.gate(inspection)
    assert [line.code for line in lines if not line.ok] == ["certificates"]
    with pytest.raises(GateIsRed):
        await alone.inspections.start(cast.operator, inspection.episode)
    assert (await alone.episodes.get(inspection.episode)).phase is Phase.READY


async def test_a_token_opens_one_channel_for_one_person_for_a_while(house, clock, ready, inspection) -> None:
    token, expires_at = await house.inspections.issue_token(ready.inspectors[0], inspection.id)
    assert expires_at == clock() + TOKEN_LIFE
    opened = await house.inspections.look_up(token)
    assert (opened.inspection.id, opened.mark) == (inspection.id, ready.inspectors[0].mark)
    assert await house.inspections.look_up(token + "x") is None
    clock.advance(seconds=TOKEN_LIFE.total_seconds())
    assert await house.inspections.look_up(token) is None


async def test_tokens_are_for_the_team_while_it_is_live(house, ready, stranger) -> None:
    inspection = await planned(house, ready)
    with pytest.raises(NotLive):
        await house.inspections.issue_token(ready.inspectors[0], inspection.id)
    await house.inspections.start(ready.operator, inspection.episode)
    with pytest.raises(NotOnTheTeam):
        await house.inspections.issue_token(stranger, inspection.id)
    with pytest.raises(NotAllowed):
        await house.inspections.issue_token(ready.deputy, inspection.id)


@by_itself
async def test_the_token_of_a_closed_account_opens_nothing(alone) -> None:
    cast = await hire_cast(alone)
    await fill_registry(alone)
    inspection = await live(alone, cast)
    tokens = [(await alone.inspections.issue_token(p, inspection.id))[0] for p in cast.inspectors]
    await alone.people.disable(SYSTEM, cast.inspectors[0].id)
    assert await alone.inspections.look_up(tokens[0]) is None
    assert await alone.inspections.look_up(tokens[1])


async def test_a_picture_is_cut_once_and_the_first_reason_stands(house, ready, inspection, facts) -> None:
    reasons = ["画面出现未成年人", "再次", "又一次"]
    cuts = await asyncio.gather(*(house.inspections.cut(ready.operator, inspection.id, why) for why in reasons))
    assert len({cut.cut_at for cut in cuts}) == 1
    (fact,) = await facts(house, inspection, "broadcast.cut")
    assert fact.body["reason"] in reasons
    assert fact.by == ready.operator.mark


async def test_what_is_not_live_has_no_picture_to_cut(house, ready) -> None:
    inspection = await planned(house, ready)
    with pytest.raises(NotLive):
        await house.inspections.cut(ready.operator, inspection.id, "画面出现未成年人")


async def test_a_cut_ends_every_token_and_gives_no_new_one(house, ready, inspection) -> None:
    token, _ = await house.inspections.issue_token(ready.inspectors[0], inspection.id)
    with pytest.raises(ReasonNeeded):
        await house.inspections.cut(ready.operator, inspection.id, "")
    await house.inspections.cut(ready.operator, inspection.id, "画面出现未成年人")
    assert await house.inspections.look_up(token) is None
    with pytest.raises(PictureCut):
        await house.inspections.issue_token(ready.inspectors[0], inspection.id)
    await failing(house, ready, inspection)  # the inspection itself goes on


async def test_an_inspection_without_problems_closes_its_episode(house, ready, inspection) -> None:
    ended = await house.inspections.conclude(ready.operator, inspection.episode)
    assert (ended.state, ended.results) == (State.CONCLUDED, (ResultCode.NO_PROBLEM,))
    assert (await house.episodes.get(inspection.episode)).phase is Phase.CLOSED


async def test_two_operators_at_once_conclude_once(house, ready, inspection, facts) -> None:
    ends = [house.inspections.conclude(ready.operator, inspection.episode) for _ in range(3)]
    outcomes = await asyncio.gather(*ends, return_exceptions=True)
    assert len([o for o in outcomes if not isinstance(o, Exception)]) == 1
    assert all(isinstance(o, TooLate) for o in outcomes if isinstance(o, Exception))
    assert len(await facts(house, inspection, "inspection.concluded")) == 1


async def test_problems_are_followed(house, ready, inspection) -> None:
    await failing(house, ready, inspection)
    token, _ = await house.inspections.issue_token(ready.inspectors[0], inspection.id)
    ended = await house.inspections.conclude(ready.operator, inspection.episode)
    assert ended.results == (ResultCode.ORDERED,)
    assert (await house.episodes.get(inspection.episode)).phase is Phase.FOLLOWING
    assert await house.inspections.look_up(token) is None
    with pytest.raises(WrongPhase):
        await house.inspections.conclude(ready.operator, inspection.episode)


async def test_an_unknown_inspection_is_not_found(house) -> None:
    with pytest.raises(NoSuchInspection):
        await house.inspections.get("in_nobody")


@pytest.mark.parametrize(("verb", "reason"), [("start", ()), ("conclude", ()), ("cut", ("why",)), ("cancel", ("why",))])
async def test_only_operators_conduct(house, ready, inspection, verb, reason) -> None:
    subject = inspection.id if verb == "cut" else inspection.episode
    for who in (*ready.inspectors, ready.deputy, None):
        with pytest.raises(NotAllowed):
            await getattr(house.inspections, verb)(who, subject, *reason)
    assert (await house.inspections.get(inspection.id)).state is State.LIVE


async def test_a_visit_is_on_record_from_plan_to_end_without_names(house, ready, inspection, facts) -> None:
    await failing(house, ready, inspection)
    await house.inspections.conclude(ready.operator, inspection.episode)
    told = await facts(house, inspection)
    kinds = [f.kind.value for f in told if f.kind.startswith("inspection.")]
    assert kinds == ["inspection.planned", "inspection.started", "inspection.concluded"]
    (planned_fact,) = (f for f in told if f.kind == Kind.INSPECTION_PLANNED)
    assert sorted(planned_fact.body["team"]) == sorted(p.mark for p in ready.inspectors)
    raw = "".join(f.raw().decode() for f in told)
    target = await house.targets.get(inspection.target)
    for secret in (*(p.name for p in ready.inspectors), *(p.id for p in ready.inspectors), target.name, "过期酱油"):
        assert secret not in raw


@by_itself
async def test_a_checklist_keeps_the_version_that_the_inspection_began_with(alone) -> None:
    cast = await hire_cast(alone)
    await fill_registry(alone)
    inspection = await live(alone, cast)
    newer = CHECKLIST.read_bytes().replace("无超过".encode(), "没有超过".encode(), 1)
    assert (await alone.targets.publish_checklist(SYSTEM, newer)).version == 2
    assert (await alone.inspections.checklist_of(inspection)).version == 1


async def test_what_happened_to_the_picture_is_on_record(house, inspection, facts) -> None:
    await house.inspections.note_broadcast(Kind.BROADCAST_STARTED, inspection.id, "mark", publisher="mark")
    assert (await facts(house, inspection))[-1].kind == Kind.BROADCAST_STARTED


async def test_a_cancelled_episode_says_why_and_ends_its_visit(house, ready, inspection) -> None:
    token, _ = await house.inspections.issue_token(ready.inspectors[0], inspection.id)
    with pytest.raises(ReasonNeeded):
        await house.inspections.cancel(ready.operator, inspection.episode, "")
    cancelled = await house.inspections.cancel(ready.operator, inspection.episode, "台风停工")
    assert (cancelled.phase, cancelled.reason) == (Phase.CANCELLED, "台风停工")
    assert (await house.inspections.get(inspection.id)).state is State.CANCELLED
    assert await house.inspections.look_up(token) is None
    with pytest.raises(NotLive):
        await failing(house, ready, inspection)
    with pytest.raises(WrongPhase):
        await house.inspections.cancel(ready.operator, inspection.episode, "再次")


async def test_an_episode_that_is_not_planned_yet_can_be_cancelled(house, ready) -> None:
    plan = {Phase.LIVE.value: house.clock()}
    episode = await house.episodes.create(
        ready.operator, title="一期", method=Method.DRAW, plan=plan, category="catering"
    )
    assert (await house.inspections.cancel(ready.operator, episode.id, "台风停工")).phase is Phase.CANCELLED


async def test_cancelling_what_is_followed_leaves_the_visit_as_it_was(house, ready, inspection) -> None:
    await failing(house, ready, inspection)
    ended = await house.inspections.conclude(ready.operator, inspection.episode)
    await house.inspections.cancel(ready.operator, inspection.episode, "台风停工")
    kept = await house.inspections.get(inspection.id)
    assert (kept.state, kept.results, kept.concluded_at) == (State.CONCLUDED, ended.results, ended.concluded_at)
