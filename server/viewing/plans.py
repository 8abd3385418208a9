"""An episode's plan as pages show it: its course, what is held, what was changed and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from server.draws.model import Draw, Of
from server.episodes.holds import Change, What
from server.episodes.lifecycle import COURSE, Method, Phase, is_past
from server.episodes.model import Episode
from server.episodes.steps import is_held, is_reached, next_step, planned_steps
from server.viewing.views import PlanLine


@dataclass(frozen=True)
class ChangeView:
    """One change of a plan, for everybody. `sentence` with its `values` is a refusal's, to be translated; with `salt`
    the reason gives the digest in the ledger (docs/verify.md)."""

    at: datetime
    step: str
    what: str
    code: str
    reason: str
    salt: str
    sentence: str
    values: Mapping[str, str]
    before: datetime | None
    after: datetime | None
    weeks: Sequence[str]


@dataclass(frozen=True)
class StepDesk:
    """A step still to come, for the operator; `url` is where it is held, resumed, moved and taken."""

    step: str
    at: datetime
    held: bool
    next: bool
    url: str


def plan_lines(episode: Episode) -> list[PlanLine]:
    """The course of an episode, phase by phase; where the vote decides, the draw of the inspectors beside it."""
    course = COURSE[episode.method]
    if episode.method is Method.VOTE and Phase.DRAWING in episode.plan:
        course = (*course[: course.index(Phase.READY)], Phase.DRAWING, *course[course.index(Phase.READY) :])
    return [
        PlanLine(
            phase=phase.value,
            at=episode.reached.get(phase.value) or episode.plan.get(phase.value),
            done=is_past(episode.method, phase, episode.phase),
            now=phase is episode.phase,
            held=is_held(episode, phase) and not is_reached(episode, phase),
        )
        for phase in course
    ]


def changes_of(episode: Episode) -> list[ChangeView]:
    """Newest first."""
    return [_change(change) for change in reversed(episode.changes)]


def steps_of(episode: Episode, draws: Sequence[Draw]) -> list[StepDesk]:
    """The planned steps that are still to come."""
    announced = any(draw.of is Of.INSPECTORS for draw in draws)
    following = next_step(episode, announced=announced)
    return [
        StepDesk(
            step=step.value,
            at=episode.plan[step],
            held=is_held(episode, step),
            next=step is following,
            url=f"/episodes/{episode.id}/steps/{step.value}",
        )
        for step in planned_steps(episode)
        if not is_reached(episode, step, announced=announced)
    ]


def _change(change: Change) -> ChangeView:
    return ChangeView(
        at=change.at,
        step=change.step,
        what=What(change.what).value,
        code=change.code,
        reason=change.reason,
        salt=change.salt,
        sentence=change.message,
        values=change.values,
        before=change.before,
        after=change.after,
        weeks=change.weeks,
    )


def expected(episode: Episode) -> tuple[bool, float, int]:
    """Sorts episodes by when they are to be live; those without a moment last, the oldest first."""
    live_at = episode.plan.get(Phase.LIVE)
    return live_at is None, live_at.timestamp() if live_at else 0, episode.number
