"""Who is in the pool of a draw, with how many tickets, and who is left out for which reason. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from server.draws.pool import Member
from server.targets.model import Candidate, Grade


class Excluded(StrEnum):
    """Why a target is not in a draw although it fits."""

    FREQUENCY_CAP = "frequency_cap"
    MINIMUM_INTERVAL = "minimum_interval"
    CLOSED = "closed"
    JOINT_INSPECTION = "joint_inspection"
    RECUSAL = "recusal"


class ByHand(StrEnum):
    """What an operator may say: the other codes are computed, and their number would hide a whim."""

    JOINT_INSPECTION = Excluded.JOINT_INSPECTION.value
    RECUSAL = Excluded.RECUSAL.value


@dataclass(frozen=True)
class Rules:
    """What the city has set: visits a year, days between two, tickets by credit grade."""

    cap: int = 2
    interval_days: int = 90
    tickets: Mapping[Grade, int] = field(
        default_factory=lambda: {Grade.A: 1, Grade.B: 2, Grade.C: 4, Grade.D: 8},
    )
    unknown_tickets: int = 2


@dataclass(frozen=True)
class Visit:
    """A target and when it was inspected."""

    target: str
    at: datetime


def members(
    candidates: Iterable[Candidate],
    visits: Sequence[Visit],
    rules: Rules,
    now: datetime,
    zone: ZoneInfo,
    *,
    alike: bool = False,
    named: Mapping[str, Excluded] | None = None,
) -> list[Member]:
    """Everybody who fits: with tickets, or excluded with the code. `alike`: a ticket each; `named`: by hand."""
    history = _history(visits, now, zone)
    return [_member(candidate, history.get(candidate.id), rules, now, alike, named or {}) for candidate in candidates]


@dataclass
class _History:
    this_year: int = 0
    last_at: datetime | None = None


def _history(visits: Sequence[Visit], now: datetime, zone: ZoneInfo) -> dict[str, _History]:
    found: dict[str, _History] = {}
    year = now.astimezone(zone).year
    for visit in visits:
        known = found.setdefault(visit.target, _History())
        known.this_year += visit.at.astimezone(zone).year == year
        known.last_at = max(known.last_at or visit.at, visit.at)
    return found


def _member(
    candidate: Candidate,
    history: _History | None,
    rules: Rules,
    now: datetime,
    alike: bool,
    named: Mapping[str, Excluded],
) -> Member:
    code = named.get(candidate.id) or _excluded(candidate, history, rules, now)
    if code:
        return Member(candidate.id, 0, code.value)
    if alike:
        return Member(candidate.id)
    return Member(candidate.id, rules.tickets[candidate.grade] if candidate.grade else rules.unknown_tickets)


def _excluded(candidate: Candidate, history: _History | None, rules: Rules, now: datetime) -> Excluded | None:
    if candidate.closed:
        return Excluded.CLOSED
    if history is None or history.last_at is None:
        return None
    if history.this_year >= rules.cap:
        return Excluded.FREQUENCY_CAP
    interval = timedelta(days=rules.interval_days)
    return Excluded.MINIMUM_INTERVAL if interval and now - history.last_at < interval else None
