"""A rectification (整改): what must be put right, by when, and where it stands. The states are a pure table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from server.inspections.model import Severity
from server.kit.errors import Invalid, NotAllowed, NotFound, TooLate
from server.people.model import Role


class State(StrEnum):
    """Where a rectification stands. Put right (verified) is not closed."""

    ORDERED = "ordered"
    SUBMITTED = "submitted"
    REINSPECTED = "reinspected"
    VERIFIED = "verified"
    OBJECTION = "objection"
    CLOSED = "closed"
    RETURNED = "returned"
    EXTENDED = "extended"
    TRANSFERRED = "transferred"
    REOPENED = "reopened"
    WITHDRAWN = "withdrawn"


OFFICERS = frozenset({Role.INSPECTOR, Role.OPERATOR, Role.SYSTEM})
OPERATORS = frozenset({Role.OPERATOR, Role.SYSTEM})
INSPECTORS = frozenset({Role.INSPECTOR, Role.SYSTEM})
HANDS_IN = frozenset({Role.BUSINESS, *OFFICERS})

MOVES: Mapping[tuple[State, State], frozenset[Role]] = {
    (State.ORDERED, State.SUBMITTED): HANDS_IN,
    (State.ORDERED, State.EXTENDED): OPERATORS,
    (State.ORDERED, State.TRANSFERRED): OPERATORS,
    (State.EXTENDED, State.SUBMITTED): HANDS_IN,
    (State.EXTENDED, State.TRANSFERRED): OPERATORS,
    (State.RETURNED, State.SUBMITTED): HANDS_IN,
    (State.RETURNED, State.EXTENDED): OPERATORS,
    (State.RETURNED, State.TRANSFERRED): OPERATORS,
    (State.REOPENED, State.SUBMITTED): HANDS_IN,
    (State.REOPENED, State.TRANSFERRED): OPERATORS,
    (State.SUBMITTED, State.REINSPECTED): INSPECTORS,
    (State.SUBMITTED, State.RETURNED): INSPECTORS,
    (State.REINSPECTED, State.VERIFIED): INSPECTORS,
    (State.REINSPECTED, State.RETURNED): INSPECTORS,
    (State.VERIFIED, State.OBJECTION): OFFICERS,
    (State.OBJECTION, State.CLOSED): OFFICERS,
    (State.OBJECTION, State.REOPENED): OPERATORS,
    (State.CLOSED, State.REOPENED): OPERATORS,
}
"""Who may move what. Withdrawing follows from the finding and has no button."""

OPEN = frozenset(State) - {State.CLOSED, State.TRANSFERRED, State.WITHDRAWN}
AWAITING_BUSINESS = frozenset({State.ORDERED, State.EXTENDED, State.RETURNED, State.REOPENED})
"""States in which the clock runs against the business."""


class NoSuchRectification(NotFound):
    """No rectification has this id."""


class NoSuchMove(TooLate):
    """The table has no such step from here."""


class NotYourMove(NotAllowed):
    """The step exists, but not for this role."""


class SameVerifier(NotAllowed):
    """Two keys, two people."""


class ObjectionsOpen(TooLate):
    """Anyone may still object."""


class ExtendedBefore(TooLate):
    """An extension is granted once."""


class BadLink(NotFound):
    """A private link that opens nothing."""


@dataclass(frozen=True)
class Step:
    """One line of the timeline: from where to where, who (mark and role), in what words."""

    at: datetime
    before: State | None
    to: State
    by: str
    by_role: Role
    words: str
    salt: str


@dataclass(frozen=True)
class Rectification:
    """One thing to be put right. `due_on` is a day in the city's calendar, the last on which it is not late."""

    id: str
    finding: str
    inspection: str
    episode: str
    target: str
    district: str
    what: str
    severity: Severity
    state: State
    ordered_at: datetime
    due_on: date
    steps: tuple[Step, ...] = ()
    objections_until: datetime | None = None
    version: int = 0

    @property
    def open(self) -> bool:
        """Whether it is still followed."""
        return self.state in OPEN

    @property
    def extended(self) -> bool:
        """Whether the one extension is used up."""
        return any(step.to is State.EXTENDED for step in self.steps)

    def is_overdue(self, today: date) -> bool:
        """Whether the business is late."""
        return self.state in AWAITING_BUSINESS and today > self.due_on

    def first_verifier(self) -> str | None:
        """Who turned the first key since it was last handed in."""
        return next((s.by for s in reversed(self.steps) if s.to is State.VERIFIED), None)

    def moves_for(self, role: Role) -> list[State]:
        """The steps that a role may take from here."""
        return [to for (before, to), roles in MOVES.items() if before is self.state and role in roles]

    def check_move(self, to: State, role: Role, mark: str, now: datetime) -> None:
        """Refuses a step that the table does not have, that is not this role's, or whose moment has not come."""
        roles = MOVES.get((self.state, to))
        if roles is None:
            raise NoSuchMove("This step is not possible from where the case stands. Load its page again.")
        if role not in roles:
            raise NotYourMove("This step is not yours to take; the case’s page shows what is.")
        if to is State.OBJECTION and mark == self.first_verifier():
            raise SameVerifier("The second verifier must be another person than the first.")
        if to is State.EXTENDED and self.extended:
            raise ExtendedBefore("The time was extended once already; a second extension is not possible.")
        if to is State.CLOSED and self.objections_until and now < self.objections_until:
            raise ObjectionsOpen(
                "Anyone may object until {until}; it can be closed after that.",
                until=self.objections_until.isoformat(),
            )


def check_words(to: State, words: str) -> None:
    """Every step is explained, except those that say all there is to say."""
    if not words and to not in (State.OBJECTION, State.CLOSED):
        raise Invalid("Please say in a few words what was done, or why.", where="words")
