"""When a job is due: moments that every server computes alike, so that a run has one name everywhere. Pure."""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_EVERY_DAY = frozenset(range(7))


class When(Protocol):
    """The due moments of a job: the latest at or before a moment, and the first after it."""

    def latest(self, now: datetime) -> datetime: ...

    def following(self, moment: datetime) -> datetime: ...


@dataclass(frozen=True)
class Every:
    """Every so many seconds, counted from the Unix epoch."""

    seconds: float

    def latest(self, now: datetime) -> datetime:
        return self._at(self._count(now))

    def following(self, moment: datetime) -> datetime:
        return self._at(self._count(moment) + 1)

    def _count(self, moment: datetime) -> int:
        # A float cannot hold today's microseconds times a fraction exactly: correct the guess by one where needed.
        count = math.floor(moment.timestamp() / self.seconds)
        if self._at(count) > moment:
            return count - 1
        return count + 1 if self._at(count + 1) <= moment else count

    def _at(self, count: int) -> datetime:
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=count * self.seconds)


@dataclass(frozen=True)
class Daily:
    """At a wall time in a zone, every day or on some weekdays only (0 is Monday)."""

    at: time
    zone: str
    weekdays: frozenset[int] = _EVERY_DAY

    def latest(self, now: datetime) -> datetime:
        today = self._today(now)
        candidates = (self._on(today - offset * _DAY) for offset in range(8))
        return next(due for due in candidates if due is not None and due <= now)

    def following(self, moment: datetime) -> datetime:
        today = self._today(moment)
        candidates = (self._on(today + offset * _DAY) for offset in range(9))
        return next(due for due in candidates if due is not None and due > moment)

    def _today(self, now: datetime) -> date:
        return now.astimezone(ZoneInfo(self.zone)).date()

    def _on(self, day: date) -> datetime | None:
        if day.weekday() not in self.weekdays:
            return None
        return datetime.combine(day, self.at, ZoneInfo(self.zone)).astimezone(UTC)


def every(seconds: float) -> Every:
    if seconds <= 0:
        raise ValueError(f"A job cannot run every {seconds} seconds.")
    return Every(seconds)


def daily(at: str, zone: str) -> Daily:
    """`daily("03:30", "Asia/Shanghai")`."""
    return Daily(time.fromisoformat(at), zone)


def weekly(weekday: int, at: str, zone: str) -> Daily:
    """`weekly(3, "10:00", "Asia/Shanghai")`: Thursday at ten."""
    if weekday not in _EVERY_DAY:
        raise ValueError(f"Weekday {weekday} does not exist: 0 is Monday, 6 is Sunday.")
    return Daily(time.fromisoformat(at), zone, frozenset({weekday}))
