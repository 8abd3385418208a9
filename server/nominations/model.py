"""A nomination (点单): whom citizens want inspected, and what became of it. The states are a pure table. No I/O."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from server.citizens.model import Tier
from server.kit.errors import Invalid, NotFound, TooLate

MAX_NAME, MAX_PLACE, MAX_LOOK_AT, MAX_REASON = 60, 120, 300, 500


class State(StrEnum):
    """Where a nomination stands. `drawn`: its target was chosen, by lot or by vote."""

    COUNTED = "counted"
    MERGED = "merged"
    SHORTLISTED = "shortlisted"
    EXCLUDED = "excluded"
    DRAWN = "drawn"
    INSPECTED = "inspected"


class Code(StrEnum):
    """Why a nomination is excluded."""

    FREQUENCY_CAP = "frequency_cap"
    MINIMUM_INTERVAL = "minimum_interval"
    CLOSED = "closed"
    JOINT_INSPECTION = "joint_inspection"
    OUT_OF_SCOPE = "out_of_scope"
    INSUFFICIENT = "insufficient"
    DUPLICATE = "duplicate"


RESOLVED = "resolved"
"""The code of the fact that a described nomination was found in the registry; its state stays."""

MOVES: Mapping[State, frozenset[State]] = {
    State.COUNTED: frozenset({State.MERGED, State.SHORTLISTED, State.EXCLUDED, State.DRAWN, State.INSPECTED}),
    State.SHORTLISTED: frozenset({State.MERGED, State.EXCLUDED, State.DRAWN, State.INSPECTED}),
    State.EXCLUDED: frozenset({State.SHORTLISTED, State.DRAWN, State.INSPECTED}),
    State.DRAWN: frozenset({State.INSPECTED}),
    State.MERGED: frozenset(),
    State.INSPECTED: frozenset(),
}
"""What may follow what. An exclusion can be corrected, and lots drawn from the whole registry do not know of it."""

OPEN = frozenset({State.COUNTED, State.SHORTLISTED})
"""States in which a nomination takes support, and others may be merged into it."""


class NoSuchNomination(NotFound):
    """No nomination has this id."""


class NotNominating(TooLate):
    """The episode does not take nominations now."""


class NoSuchMove(TooLate):
    """The table has no such step from here."""


class ProposedAlready(TooLate):
    """The same person proposed this target in this episode."""


class SupportedAlready(TooLate):
    """One person supports a nomination once."""


class BadMerge(Invalid):
    """These two cannot become one."""


class Unresolved(TooLate):
    """Only a target of the registry can be inspected."""


@dataclass(frozen=True)
class Words:
    """What the proposer typed: nothing of it is public before an operator released it.

    `name` and `place` describe a target that the registry does not have, and are empty otherwise.
    """

    look_at: str
    reason: str
    name: str = ""
    place: str = ""

    def check(self, *, described: bool) -> None:
        """Refuses what is missing or too long."""
        asked = {"reason": (self.reason, MAX_REASON), "look_at": (self.look_at, MAX_LOOK_AT)}
        if described:
            asked = {"name": (self.name, MAX_NAME), "place": (self.place, MAX_PLACE), **asked}
        for where, (text, limit) in asked.items():
            if not text.strip() and where != "look_at":
                raise Invalid("Please fill in this field.", where=where)
            if len(text) > limit:
                raise Invalid(
                    "This text has {length} characters; at most {limit} are allowed. Please shorten it.",
                    where=where,
                    length=len(text),
                    limit=limit,
                )

    def digest(self, salt: str) -> str:
        """How they appear in the ledger: hex SHA-256(salt ‖ 0x00 ‖ name ‖ 0x00 ‖ place ‖ 0x00 ‖ look_at ‖ 0x00 ‖
        reason), UTF-8; the salt is published with the words."""
        parts = (salt, self.name, self.place, self.look_at, self.reason)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def reason_digest(salt: str, reason: str) -> str:
    """How an operator's reason for hiding appears in the ledger: hex SHA-256(salt ‖ 0x00 ‖ reason)."""
    return hashlib.sha256(f"{salt}\0{reason}".encode()).hexdigest()


@dataclass(frozen=True)
class Nomination:
    """One proposal for one episode. `by` is the proposer's pseudonym in this episode; nothing else is known of them.

    `version` counts what operators changed, `supporters` moves without it: support makes nobody's desk stale.
    How it got where it stands is read from the ledger.
    """

    id: str
    episode: str
    by: str
    tier: Tier
    words: Words
    salt: str
    made_at: datetime
    target: str | None = None
    state: State = State.COUNTED
    supporters: int = 1
    released_at: datetime | None = None
    hidden_at: datetime | None = None
    hidden_reason: str = ""
    hidden_salt: str = ""
    code: str | None = None
    into: str | None = None
    version: int = 0

    @property
    def released(self) -> bool:
        """Whether the proposer's words are public."""
        return self.released_at is not None and self.hidden_at is None

    @property
    def waiting(self) -> bool:
        """Whether an operator has neither released nor hidden its words yet."""
        return self.released_at is None and self.hidden_at is None

    @property
    def url(self) -> str:
        """Its page."""
        return url_of(self.id)

    def check_move(self, to: State) -> None:
        """Refuses a step that the table does not have."""
        if to not in MOVES[self.state]:
            raise NoSuchMove("This proposal cannot take that step from where it stands. Load its page again.")
        if to is State.SHORTLISTED and self.target is None:
            raise Unresolved("Find this proposal’s target in the registry first; only what is registered is inspected.")

    def check_support(self) -> None:
        """Refuses support for what is decided."""
        if self.state not in OPEN:
            raise NoSuchMove("This proposal takes no more support; its page says what became of it.")

    def check_merge(self, into: "Nomination") -> None:
        """Refuses what would make a circle, cross episodes, or lose a target of the registry."""
        self.check_move(State.MERGED)
        if self.id == into.id:
            raise BadMerge("A proposal cannot be merged into itself. Choose another one.", where="into")
        if self.episode != into.episode:
            raise BadMerge("Both proposals must belong to the same episode.", where="into")
        if into.state not in OPEN:
            raise BadMerge("The other proposal is not open any more. Choose one that is.", where="into")
        if self.target and self.target != into.target:
            raise BadMerge(
                "The two name different targets. Merge the one that only describes its target into the other.",
                where="into",
            )


@dataclass(frozen=True)
class Follower:
    """One person's support for one nomination: pseudonyms of this episode (person, browser), and their inbox."""

    id: str
    nomination: str
    by: str
    device: str
    tier: Tier
    inbox: str
    at: datetime
    proposed: bool = False

    def is_same(self, other: "Follower") -> bool:
        """Whether two are one person: the same identity, or the same browser before and after it was known better."""
        same_device = self.device == other.device and Tier.DEVICE in (self.tier, other.tier)
        return self.by == other.by or same_device


def newcomers(coming: list[Follower], there: list[Follower]) -> list[Follower]:
    """Those of a merged nomination who do not support the other one yet."""
    names = {f.by for f in there}
    devices = {(f.device, f.tier is Tier.DEVICE) for f in there}
    return [f for f in coming if f.by not in names and not _by_device(f, devices)]


def _by_device(follower: Follower, devices: set[tuple[str, bool]]) -> bool:
    if (follower.device, True) in devices:
        return True
    return follower.tier is Tier.DEVICE and (follower.device, False) in devices


def url_of(nomination_id: str) -> str:
    """A nomination's page."""
    return f"/nominations/{nomination_id}"
