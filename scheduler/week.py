"""The weekly cycle: which moments the next week has, and what that week is called. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Step:
    """One step of the cycle: on `weekday` (0 is Monday) at the wall time `at` of the cycle's zone."""

    name: str
    weekday: int
    at: time

    @classmethod
    def parse(cls, name: str, words: str) -> "Step":
        """Read a setting such as `Thu 10:00`; raises `ValueError` that says what was expected."""
        day, _, clock = words.strip().partition(" ")
        try:
            return cls(name, WEEKDAYS.index(day[:3].title()), time.fromisoformat(clock.strip()))
        except ValueError:
            raise ValueError(
                f"The step {name!r} is set to {words!r}; write a day and a time such as 'Thu 10:00'."
            ) from None


@dataclass(frozen=True)
class Cycle:
    """The steps of every week, in order. A step never comes before the one in front: it rolls into the next week."""

    zone: str
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        names = [step.name for step in self.steps]
        if not names or len(set(names)) < len(names):
            raise ValueError("A weekly cycle has at least one step, and no two of the same name.")


@dataclass(frozen=True)
class Week:
    """One week's plan: its key (the ISO week of the first step, `2026-W48`) and the moment of each step, UTC."""

    key: str
    moments: Mapping[str, datetime]


def next_week(cycle: Cycle, now: datetime) -> Week:
    """The first week whose first step is still to come."""
    today = now.astimezone(ZoneInfo(cycle.zone)).date()
    week = plan(cycle, today)
    return week if week.moments[cycle.steps[0].name] > now else plan(cycle, today + _WEEK)


def plan(cycle: Cycle, day: date) -> Week:
    """The plan of the week (Monday to Sunday) that `day` lies in."""
    monday = day - timedelta(days=day.weekday())
    moments: dict[str, datetime] = {}
    earliest = datetime.min  # noqa: DTZ901  # compared with wall times, which have no zone
    for step in cycle.steps:
        wall = datetime.combine(monday + step.weekday * _DAY, step.at)
        while wall <= earliest:
            wall += _WEEK
        earliest = wall
        moments[step.name] = moment(wall, cycle.zone)
    return Week(week_key(monday + cycle.steps[0].weekday * _DAY), moments)


def week_key(day: date) -> str:
    """The ISO 8601 week of a day: `2026-W48`. Around New Year its year may differ from the day's."""
    year, week, _ = day.isocalendar()
    return f"{year:04d}-W{week:02d}"


def moment(wall: datetime, zone: str) -> datetime:
    """A wall time in a zone as UTC; one skipped by a clock change moves on by the gap, of two the first counts."""
    return wall.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
