"""The phases of an episode and which may follow which. Pure.

draft → nominating → voting → drawing → ready → live → concluded → following → closed, or cancelled from any of them.
"""

from collections.abc import Mapping
from enum import StrEnum


class Phase(StrEnum):
    """Where an episode stands."""

    DRAFT = "draft"
    NOMINATING = "nominating"
    VOTING = "voting"
    DRAWING = "drawing"
    READY = "ready"
    LIVE = "live"
    CONCLUDED = "concluded"
    FOLLOWING = "following"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Method(StrEnum):
    """How the target is chosen."""

    DRAW = "draw"
    VOTE = "vote"
    SHORTLIST = "shortlist"


ENDS = frozenset({Phase.CLOSED, Phase.CANCELLED})
ENTERED_ALONE = frozenset({Phase.NOMINATING})
"""All other phases are entered with what belongs to them: a draw, a team, a broadcast, an end."""

COURSE: Mapping[Method, tuple[Phase, ...]] = {
    Method.DRAW: (
        Phase.DRAFT, Phase.DRAWING, Phase.READY, Phase.LIVE, Phase.CONCLUDED, Phase.FOLLOWING, Phase.CLOSED,
    ),
    Method.VOTE: (
        Phase.DRAFT, Phase.NOMINATING, Phase.VOTING, Phase.READY, Phase.LIVE, Phase.CONCLUDED, Phase.FOLLOWING,
        Phase.CLOSED,
    ),
    Method.SHORTLIST: (
        Phase.DRAFT, Phase.NOMINATING, Phase.VOTING, Phase.DRAWING, Phase.READY, Phase.LIVE, Phase.CONCLUDED,
        Phase.FOLLOWING, Phase.CLOSED,
    ),
}  # fmt: skip


def may_move(method: Method, now: Phase, to: Phase) -> bool:
    """Whether an episode of this method may go from one phase to another: one step on, or cancelled before its end."""
    if to is Phase.CANCELLED:
        return now not in ENDS
    course = COURSE[method]
    return now in course and to in course and course.index(to) == course.index(now) + 1


def is_past(method: Method, phase: Phase, now: Phase) -> bool:
    """Whether an episode that is `now` in one phase has left another behind."""
    course = COURSE[method]
    return phase in course and now in course and course.index(phase) < course.index(now)
