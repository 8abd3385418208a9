"""Tables: which step is next, how it stands, what may be changed and where to."""

from datetime import UTC, datetime, timedelta

import pytest

from server.episodes.holds import Hold
from server.episodes.lifecycle import COURSE, Method, Phase
from server.episodes.model import Episode
from server.episodes.steps import (
    STEPS,
    BadMoment,
    NoSuchStep,
    Standing,
    StepNotNext,
    StepTaken,
    check_changeable,
    check_moment,
    check_next,
    check_plan,
    next_step,
    planned_steps,
    standing,
)

MONDAY = datetime(2026, 11, 23, 1, tzinfo=UTC)
PLAN = {
    "nominating": MONDAY,
    "voting": MONDAY + timedelta(days=2),
    "drawing": MONDAY + timedelta(days=3),
    "live": MONDAY + timedelta(days=4),
}
WINDOW = timedelta(hours=12)


def episode(method=Method.SHORTLIST, phase=Phase.DRAFT, plan=PLAN, **more) -> Episode:
    return Episode("ep_1", 1, "一期", method, phase, MONDAY, plan=plan, timed=True, **more)


@pytest.mark.parametrize(
    ("method", "phase", "announced", "expected"),
    [
        (Method.SHORTLIST, Phase.DRAFT, False, Phase.NOMINATING),
        (Method.SHORTLIST, Phase.NOMINATING, False, Phase.VOTING),
        (Method.SHORTLIST, Phase.VOTING, False, Phase.DRAWING),
        (Method.SHORTLIST, Phase.DRAWING, False, Phase.LIVE),
        (Method.SHORTLIST, Phase.READY, False, Phase.LIVE),
        (Method.SHORTLIST, Phase.LIVE, False, None),
        (Method.SHORTLIST, Phase.FOLLOWING, False, None),
        (Method.SHORTLIST, Phase.CANCELLED, False, None),
        (Method.VOTE, Phase.VOTING, False, Phase.DRAWING),
        (Method.VOTE, Phase.VOTING, True, Phase.LIVE),
        (Method.VOTE, Phase.READY, False, Phase.LIVE),
        (Method.DRAW, Phase.DRAFT, False, Phase.DRAWING),
        (Method.DRAW, Phase.DRAWING, False, Phase.LIVE),
    ],
)
def test_the_next_step_is_the_first_not_reached(method, phase, announced, expected) -> None:
    assert next_step(episode(method, phase), announced=announced) is expected


def test_steps_without_a_moment_are_not_taken() -> None:
    assert planned_steps(episode(plan={"live": MONDAY})) == (Phase.LIVE,)
    assert next_step(episode(plan={})) is None


def test_every_step_but_the_inspectors_draw_is_a_phase_of_its_course() -> None:
    for method, steps in STEPS.items():
        outside = [step for step in steps if step not in COURSE[method]]
        assert outside == ([Phase.DRAWING] if method is Method.VOTE else [])


@pytest.mark.parametrize(
    ("minutes", "hold", "expected", "why"),
    [
        (-1, None, Standing.WAITING, "before its moment"),
        (0, None, Standing.DUE, "at its moment"),
        (720, None, Standing.DUE, "at the window's very end"),
        (721, None, Standing.MISSED, "after the window"),
        (7 * 24 * 60, None, Standing.MISSED, "down for a week"),
        (0, Hold(MONDAY, "operator"), Standing.HELD, "held by hand"),
        (721, Hold(MONDAY, "missed"), Standing.HELD, "held as missed already"),
        (-60, Hold(MONDAY, "operator", MONDAY - timedelta(hours=2)), Standing.WAITING, "resumed before its moment"),
        (900, Hold(MONDAY, "missed", MONDAY + timedelta(minutes=899)), Standing.DUE, "resumed late: the window again"),
        (1700, Hold(MONDAY, "missed", MONDAY + timedelta(minutes=900)), Standing.MISSED, "missed again"),
    ],
)
def test_how_a_step_stands(minutes, hold, expected, why) -> None:
    planned = episode(holds={"nominating": hold} if hold else {})
    assert standing(planned, Phase.NOMINATING, MONDAY + timedelta(minutes=minutes), WINDOW) is expected, why


@pytest.mark.parametrize(
    ("step", "phase", "refusal", "words"),
    [
        (Phase.READY, Phase.DRAFT, NoSuchStep, "no such step"),
        (Phase.NOMINATING, Phase.NOMINATING, StepTaken, "behind the episode"),
        (Phase.VOTING, Phase.VOTING, StepTaken, "The ballot is open"),
        (Phase.VOTING, Phase.DRAWING, StepTaken, "behind the episode"),
        (Phase.LIVE, Phase.CANCELLED, StepTaken, "behind the episode"),
        (Phase.LIVE, Phase.CLOSED, StepTaken, "behind the episode"),
    ],
)
def test_what_is_behind_cannot_be_changed(step, phase, refusal, words) -> None:
    with pytest.raises(refusal, match=words):
        check_changeable(episode(phase=phase), step, announced=False)


def test_no_step_is_taken_before_the_one_in_front() -> None:
    check_next(episode(), Phase.NOMINATING, announced=False)
    with pytest.raises(StepNotNext):
        check_next(episode(), Phase.VOTING, announced=False)


@pytest.mark.parametrize("hours", [0.1, 24, 48, 71.9])
def test_a_step_moves_between_its_neighbours(hours) -> None:
    check_moment(episode(), Phase.VOTING, MONDAY + timedelta(hours=hours), MONDAY, not_before=None)


@pytest.mark.parametrize(
    ("step", "hours", "now", "not_before", "words"),
    [
        (Phase.VOTING, -1, 0, None, "past"),
        (Phase.VOTING, 40, 41, None, "past"),
        (Phase.VOTING, 0, 0, None, "keep their order"),
        (Phase.VOTING, 73, 0, None, "keep their order"),
        (Phase.NOMINATING, 48, 0, None, "keep their order"),
        (Phase.LIVE, 72, 0, None, "keep their order"),
        (Phase.DRAWING, 60, 0, 61, "The ballot is open until later"),
    ],
)
def test_a_moment_that_cannot_be_is_refused(step, hours, now, not_before, words) -> None:
    def at(h):
        return None if h is None else MONDAY + timedelta(hours=h)

    with pytest.raises(BadMoment, match=words):
        check_moment(episode(), step, at(hours), at(now), not_before=at(not_before))


def test_what_really_happened_counts_before_what_was_planned() -> None:
    early = episode(phase=Phase.NOMINATING, reached={"nominating": MONDAY - timedelta(days=2)})
    check_moment(early, Phase.VOTING, MONDAY - timedelta(days=1), MONDAY - timedelta(days=2), not_before=None)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({}, None),
        ({"nominating": -1}, "nominating_at"),
        ({"voting": 0}, "voting_at"),
        ({"live": 72}, "live_at"),
        ({"drawing": 100}, "live_at"),
    ],
)
def test_a_new_plan_is_to_come_and_in_order(changes, where) -> None:
    plan = PLAN | {step: MONDAY + timedelta(hours=hours) for step, hours in changes.items()}
    if where is None:
        check_plan(plan, MONDAY)
        return
    with pytest.raises(BadMoment) as refused:
        check_plan(plan, MONDAY)
    assert refused.value.where == where
