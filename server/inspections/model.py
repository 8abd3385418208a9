"""One visit to one target: its team, what stands before it, what was found and how it ended. No I/O."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from server.draws.team import TEAM_SIZE
from server.kit.errors import Invalid, NotAllowed, NotFound, TooLate

MAX_PHOTOS = 4
CLOCK_SKEW = timedelta(minutes=10)
MAX_WORDS = 500


class State(StrEnum):
    """Where an inspection stands."""

    PLANNED = "planned"
    LIVE = "live"
    CONCLUDED = "concluded"
    CANCELLED = "cancelled"


class Result(StrEnum):
    """What an item of the checklist came to."""

    PASS = "pass"  # noqa: S105  # a result, no password
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"
    NOT_CHECKED = "not_checked"


class Severity(StrEnum):
    """How bad a failing finding is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class ResultCode(StrEnum):
    """What an inspection as a whole came to; the first excludes the rest."""

    NO_PROBLEM = "no_problem"
    ORDERED = "ordered_to_correct"


class NoSuchInspection(NotFound):
    """No inspection has this id."""


class NoSuchFinding(NotFound):
    """No finding has this id."""


class NotOnTheTeam(NotAllowed):
    """Only those who inspect may record what is found."""


class NotLive(TooLate):
    """Findings are published while the camera runs."""


class TooFewInspectors(Invalid):
    """At least two inspect, each with a certificate."""


class NotPlanned(TooLate):
    """A team changes before the visit begins, not after."""


class PictureCut(TooLate):
    """An operator ended the public picture for good."""


class OffTheChecklist(Invalid):
    """Outside the published list there is no power to inspect."""


class GateIsRed(TooLate):
    """Something that the law asks for before a broadcast is missing."""


@dataclass(frozen=True)
class Photo:
    """One picture as it was kept: SHA-256 (hex) of the stored file, pixels."""

    sha256: str
    width: int
    height: int


@dataclass(frozen=True)
class Inspection:
    """One visit. `team` are account ids; the checklist keeps its version to the end; `findings` counts
    all; `recused` are marks of those who were passed over."""

    id: str
    episode: str
    target: str
    team: tuple[str, ...]
    checklist: str
    checklist_version: int
    state: State
    planned_at: datetime
    started_at: datetime | None = None
    concluded_at: datetime | None = None
    results: tuple[ResultCode, ...] = ()
    cut_at: datetime | None = None
    findings: int = 0
    recused: tuple[str, ...] = ()
    version: int = 0

    def check_team(self, person: str) -> None:
        """Refuses whoever is not on the team."""
        if person not in self.team:
            raise NotOnTheTeam("Only the inspectors of this inspection may do this.")

    def check_live(self) -> None:
        """Refuses before the start and after the end."""
        if self.state is not State.LIVE:
            raise NotLive("This inspection is not live; findings are published only while it is.")


@dataclass(frozen=True)
class Finding:
    """What one item came to. `salt` keeps the digest of the words from being guessed; `key` makes retries harmless."""

    id: str
    inspection: str
    episode: str
    target: str
    item: str
    result: Result
    severity: Severity
    words: str
    photos: tuple[Photo, ...]
    by: str
    at: datetime
    salt: str
    key: str
    ticket: str
    media_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawn_reason: str | None = None
    version: int = 0


def plausible(media_at: datetime | None, inspection: Inspection, now: datetime) -> datetime | None:
    """A moment of the picture that can be: within the visit, give or take a phone's clock. Else none is kept."""
    if media_at is None or inspection.started_at is None:
        return None
    return media_at if inspection.started_at - CLOCK_SKEW <= media_at <= now + CLOCK_SKEW else None


def words_digest(salt: str, words: str) -> str:
    """How words that people typed appear in the ledger: hex SHA-256(salt || 0x00 || words), UTF-8."""
    return hashlib.sha256(salt.encode() + b"\0" + words.encode()).hexdigest()


@dataclass(frozen=True)
class Line:
    """One line of the legality gate: what is asked for, and whether it is there."""

    code: str
    ok: bool


def gate(inspection: Inspection | None, certified: int) -> tuple[Line, ...]:
    """What must be there before the camera runs: the target by lot, two certified inspectors, a checklist version."""
    return (
        Line("target", inspection is not None),
        Line("team", inspection is not None and len(inspection.team) >= TEAM_SIZE),
        Line("certificates", certified >= TEAM_SIZE),
        Line("checklist", inspection is not None and inspection.checklist_version > 0),
    )


def check_gate(lines: Iterable[Line]) -> None:
    """Refuses while a line is red."""
    if not all(line.ok for line in lines):
        raise GateIsRed("The broadcast cannot start: the legality gate is red. The episode’s desk shows why.")


@dataclass(frozen=True)
class Summary:
    """How far an inspection is: items with a result, passed, failed, on the checklist."""

    checked: int
    passed: int
    failed: int
    total: int


def standing(findings: Iterable[Finding]) -> dict[str, Finding]:
    """The latest finding of each item that was not withdrawn; findings come in the order of their moments."""
    return {f.item: f for f in findings if f.withdrawn_at is None}


def summarise(findings: Iterable[Finding], total: int) -> Summary:
    """Counts of what stands."""
    results = [f.result for f in standing(findings).values() if f.result is not Result.NOT_CHECKED]
    return Summary(len(results), results.count(Result.PASS), results.count(Result.FAIL), total)


def result_codes(findings: Iterable[Finding]) -> tuple[ResultCode, ...]:
    """What the inspection came to as a whole."""
    failed = any(f.result is Result.FAIL for f in standing(findings).values())
    return (ResultCode.ORDERED,) if failed else (ResultCode.NO_PROBLEM,)


def check_words(result: Result, words: str) -> None:
    """A failing finding says what was seen."""
    if result is Result.FAIL and not words:
        raise Invalid("Please say in a few words what was found.", where="words")
