"""A draw: a frozen pool, sources of randomness announced before they exist, lots that anyone can recompute. No I/O.

The rule of the lot itself is shuffle.py; docs/verify.md specifies all of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from server.draws.shuffle import FALLEN
from server.kit.errors import Invalid, NotFound, TooLate


class Of(StrEnum):
    """What the lots decide."""

    TARGET = "target"
    INSPECTORS = "inspectors"


class Algorithm(StrEnum):
    """How the key becomes lots."""

    SHA256 = "sha256"
    RFC3797 = "rfc3797"


class SourceKind(StrEnum):
    """Where randomness comes from."""

    BEACON = "beacon"
    NUMBERS = "numbers"
    CEREMONY = "ceremony"
    DRAW = "draw"


class NoSuchDraw(NotFound):
    """No draw has this id."""


class EmptyPool(Invalid):
    """Nothing to draw from."""


class BadSource(Invalid):
    """Sources that would not be random, or not in time."""


class WrongValue(Invalid):
    """What was given is not what the source says."""


class DrawOver(TooLate):
    """The draw has passed the point where this could be done."""


class NotYet(TooLate):
    """The draw has not reached the point where this can be done."""


class CommittedAlready(TooLate):
    """A witness commits once."""


@dataclass(frozen=True)
class Source:
    """One source. `out_at`: the first moment at which anybody may know it; `value` once it is decided."""

    kind: SourceKind
    out_at: datetime
    chain: str = ""
    round: int = 0
    name: str = ""
    commit_until: datetime | None = None
    draw: str = ""
    value: str | None = None
    proof: str = ""
    missing: tuple[str, ...] = ()
    decided_at: datetime | None = None

    @property
    def fell(self) -> bool:
        """Whether it contributes nothing."""
        return self.value == FALLEN

    @property
    def reveal_until(self) -> datetime | None:
        """A ceremony's deadline."""
        return self.out_at if self.kind is SourceKind.CEREMONY else None


@dataclass(frozen=True)
class Witness:
    """A deputy who adds randomness; `mark` is how they stand in the public record."""

    mark: str
    commitment: str
    committed_at: datetime
    secret: str | None = None
    revealed_at: datetime | None = None


@dataclass(frozen=True)
class Lot:
    """One who was drawn, opened."""

    member: str
    pseudonym: str
    salt: str


@dataclass(frozen=True)
class Draw:
    """One draw. `secret` (hex) makes the salts and never leaves the server; hashes are hex.

    `place` is the category and the district that a draw of inspectors was decided for, as they were then."""

    id: str
    of: Of
    episode: str
    attempt: int
    wanted: int
    algorithm: Algorithm
    filter: Mapping[str, str]
    pool_sha256: str
    members: int
    tickets: int
    excluded: Mapping[str, int]
    secret: str = field(repr=False)
    sources: tuple[Source, ...]
    announced_at: datetime
    ticket: str
    witnesses: tuple[Witness, ...] = ()
    key: str | None = None
    drawn: tuple[Lot, ...] = ()
    drawn_at: datetime | None = None
    place: Mapping[str, str] | None = None
    voided_at: datetime | None = None
    void_code: str = ""
    void_reason: str = ""
    version: int = 0

    @property
    def is_open(self) -> bool:
        """Still to be decided."""
        return self.drawn_at is None and self.voided_at is None

    @property
    def winners(self) -> tuple[str, ...]:
        """The members drawn, in the order of the lots."""
        return tuple(lot.member for lot in self.drawn)

    @property
    def ceremony(self) -> Source | None:
        """The ceremony among the sources."""
        return next((s for s in self.sources if s.kind is SourceKind.CEREMONY), None)

    @property
    def values(self) -> tuple[str, ...] | None:
        """What the sources say, once all are decided."""
        said = tuple(s.value for s in self.sources if s.value is not None)
        return said if len(said) == len(self.sources) else None

    @property
    def first_out_at(self) -> datetime:
        """Until then nobody can know anything of the outcome."""
        return min(s.commit_until or s.out_at for s in self.sources)

    def check_open(self) -> None:
        """Refuses what comes after the end."""
        if not self.is_open:
            raise DrawOver("This draw is over; nothing of it can be changed.")

    def check_may_commit(self, mark: str, now: datetime) -> None:
        """A witness commits once, before the ceremony's first deadline."""
        self.check_open()
        ceremony = self._ceremony()
        assert ceremony.commit_until is not None
        if now >= ceremony.commit_until:
            raise DrawOver(
                "Secrets could be sealed until {moment}; the draw goes on without yours.",
                moment=ceremony.commit_until.isoformat(timespec="seconds"),
            )
        if self.witness(mark):
            raise CommittedAlready("You have sealed your secret for this draw already.")

    def check_may_reveal(self, mark: str, now: datetime) -> Witness:
        """Who committed reveals after the first deadline and before the second."""
        self.check_open()
        ceremony = self._ceremony()
        assert ceremony.commit_until is not None
        witness = self.witness(mark)
        if witness is None:
            raise DrawOver("You have sealed no secret for this draw, so there is nothing to open.")
        if now < ceremony.commit_until:
            raise NotYet(
                "Secrets are opened from {moment} on, when nobody can seal another.",
                moment=ceremony.commit_until.isoformat(timespec="seconds"),
            )
        if now > ceremony.out_at or ceremony.value is not None:
            raise DrawOver(
                "Secrets had to be opened until {moment}.", moment=ceremony.out_at.isoformat(timespec="seconds")
            )
        return witness

    def _ceremony(self) -> Source:
        if self.ceremony is None:
            raise DrawOver("This draw has no witnesses among its sources.")
        return self.ceremony

    def witness(self, mark: str) -> Witness | None:
        """The witness with this mark."""
        return next((w for w in self.witnesses if w.mark == mark), None)


def check_sources(sources: tuple[Source, ...], algorithm: Algorithm, now: datetime, lead: timedelta) -> None:
    """Refuses sources that somebody could know already, or that would let the last to speak choose."""
    if not sources:
        raise BadSource("A draw needs a source of randomness. Choose at least one.", where="sources")
    for source in sources:
        if source.kind is not SourceKind.DRAW and (source.commit_until or source.out_at) < now + lead:
            raise BadSource(
                "A source of randomness must lie at least {seconds} seconds ahead, so that nobody knows it yet.",
                where=source.kind.value,
                seconds=int(lead.total_seconds()),
            )
        if source.commit_until and source.commit_until >= source.out_at:
            raise BadSource("Secrets must be sealed before they are opened.", where=source.kind.value)
    _check_speaks_first(sources)
    if algorithm is Algorithm.RFC3797 and any(s.kind not in (SourceKind.NUMBERS, SourceKind.DRAW) for s in sources):
        raise BadSource("The RFC 3797 algorithm takes public numbers only. Choose SHA-256.", where="algorithm")


def _check_speaks_first(sources: tuple[Source, ...]) -> None:
    ceremonies = [s for s in sources if s.kind is SourceKind.CEREMONY]
    others = [s for s in sources if s.kind is not SourceKind.CEREMONY]
    if len(ceremonies) > 1:
        raise BadSource("A draw has one ceremony at most.", where="ceremony")
    if ceremonies and any(ceremonies[0].out_at >= s.out_at for s in others):
        raise BadSource(
            "The witnesses must have opened their secrets before any other source is out; "
            "otherwise the last of them could choose between two outcomes.",
            where="ceremony",
        )
