"""The steps that an episode takes at announced moments: which is next, whether it is due, where it may move. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from server.episodes.lifecycle import COURSE, ENDS, Method, Phase
from server.episodes.model import Episode
from server.kit.errors import Invalid, NotFound, TooLate

STEPS: Mapping[Method, tuple[Phase, ...]] = {
    Method.DRAW: (Phase.DRAWING, Phase.LIVE),
    Method.VOTE: (Phase.NOMINATING, Phase.VOTING, Phase.DRAWING, Phase.LIVE),
    Method.SHORTLIST: (Phase.NOMINATING, Phase.VOTING, Phase.DRAWING, Phase.LIVE),
}
"""Of an episode chosen by vote the step `drawing` draws the inspectors alone, in no phase of its own."""


class Standing(StrEnum):
    """How a step stands at a moment."""

    WAITING = "waiting"
    DUE = "due"
    MISSED = "missed"
    HELD = "held"


class NoSuchStep(NotFound):
    """The episode's plan has no such step."""


class StepTaken(TooLate):
    """The step is behind the episode."""


class StepNotNext(TooLate):
    """Another step comes first."""


class BadMoment(Invalid):
    """The step cannot be at this moment."""


def planned_steps(episode: Episode) -> tuple[Phase, ...]:
    """The steps that have a moment, in order."""
    return tuple(step for step in STEPS[episode.method] if step in episode.plan)


def is_reached(episode: Episode, step: Phase, *, announced: bool = False) -> bool:
    """Whether the step was taken. `announced`: whether the draw of the inspectors was, which no phase shows."""
    course = COURSE[episode.method]
    if episode.phase not in course:
        return True  # It was cancelled: no step is to come.
    now = course.index(episode.phase)
    if step in course:
        return now >= course.index(step)
    return announced or now >= course.index(Phase.READY)


def next_step(episode: Episode, *, announced: bool = False) -> Phase | None:
    """The first planned step that is still to come."""
    if episode.phase in ENDS:
        return None
    ahead = (step for step in planned_steps(episode) if not is_reached(episode, step, announced=announced))
    return next(ahead, None)


def is_held(episode: Episode, step: Phase) -> bool:
    """Whether the step waits for an operator."""
    hold = episode.holds.get(step)
    return hold is not None and hold.resumed_at is None


def standing(episode: Episode, step: Phase, now: datetime, window: timedelta) -> Standing:
    """Whether a step that is next is to be taken now. A resumed step has its whole window again."""
    if is_held(episode, step):
        return Standing.HELD
    hold = episode.holds.get(step)
    due_at = episode.plan[step]
    if hold and hold.resumed_at:
        due_at = max(due_at, hold.resumed_at)
    if now < due_at:
        return Standing.WAITING
    return Standing.DUE if now - due_at <= window else Standing.MISSED


def check_changeable(episode: Episode, step: Phase, *, announced: bool) -> None:
    """Refuses to change a step that is not in the plan, or not ahead."""
    if step not in planned_steps(episode):
        raise NoSuchStep("This episode has no such step in its plan.")
    if not is_reached(episode, step, announced=announced):
        return
    if step is Phase.VOTING and episode.phase is Phase.VOTING:
        raise StepTaken("The ballot is open, and nothing of it can be changed. It can be voided, with a public reason.")
    raise StepTaken("This step is behind the episode; it can neither be held nor moved any more.")


def check_next(episode: Episode, step: Phase, *, announced: bool) -> None:
    """Refuses to take a step before the one in front of it."""
    check_changeable(episode, step, announced=announced)
    if next_step(episode, announced=announced) is not step:
        raise StepNotNext("Another step comes first. Take that one, or move it.")


def check_moment(episode: Episode, step: Phase, to: datetime, now: datetime, *, not_before: datetime | None) -> None:
    """Refuses a moment that is past, out of the order of the steps, or while a ballot is still open."""
    if to < now:
        raise BadMoment("This moment is past. Choose one that is still to come.", where="at")
    if not_before and to < not_before:
        raise BadMoment("The ballot is open until later than that. Choose a moment after it closes.", where="at")
    moments = {**episode.plan, **episode.reached}
    steps = planned_steps(episode)
    place = steps.index(step)
    if any(moments[s] >= to for s in steps[:place]) or any(moments[s] <= to for s in steps[place + 1 :]):
        raise BadMoment(
            "The steps keep their order. Choose a moment between the steps before and after, or move those first.",
            where="at",
        )


def check_plan(plan: Mapping[str, datetime], now: datetime) -> None:
    """Refuses a new plan with a moment that is past, or steps that do not follow one another."""
    moments = [(step, plan[step]) for step in STEPS[Method.SHORTLIST] if step in plan]
    for step, at in moments:
        if at < now:
            raise BadMoment("This moment is past. Choose one that is still to come.", where=f"{step.value}_at")
    for (_, earlier), (step, at) in pairwise(moments):
        if at <= earlier:
            raise BadMoment("This step comes before the one in front of it.", where=f"{step.value}_at")
