"""The weekly cycle: which moments the next week has, what holidays make of it, and what it is called. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from scheduler.deadlines import Calendar, add_working_days, day_of

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)
_MOST_SKIPPED = 52


class HolidayRule(StrEnum):
    """What becomes of a week whose last step falls on a public holiday."""

    SKIP = "skip"
    NEXT = "next"


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
    """One week's plan: its key (the ISO week of the first step, `2026-W48`) and the moment of each step, UTC.

    `moved_from`: where a holiday stood in the way of the last step; `skipped`: the weeks left out before this one.
    """

    key: str
    moments: Mapping[str, datetime]
    moved_from: datetime | None = None
    skipped: tuple[str, ...] = ()


def next_week(cycle: Cycle, now: datetime) -> Week:
    """The first week whose first step is still to come."""
    today = now.astimezone(ZoneInfo(cycle.zone)).date()
    week = plan(cycle, today)
    return week if week.moments[cycle.steps[0].name] > now else plan(cycle, today + _WEEK)


def next_held_week(
    cycle: Cycle, now: datetime, calendar: Calendar, rule: HolidayRule, together: Collection[str] = ()
) -> Week:
    """The first week still to come whose last step is on no holiday, or is moved from it to the next working day.

    The steps named in `together` move by as many days as the last one. A cycle that ends on a weekend is no holiday.
    """
    week = next_week(cycle, now)
    skipped: list[str] = []
    while len(skipped) < _MOST_SKIPPED:
        last_on = day_of(week.moments[cycle.steps[-1].name], cycle.zone)
        if last_on not in calendar.holidays or last_on in calendar.make_up_days:
            return replace(week, skipped=tuple(skipped))
        if rule is HolidayRule.NEXT:
            days = add_working_days(last_on, 0, calendar) - last_on
            return _moved(cycle, week, days, {*together, cycle.steps[-1].name})
        skipped.append(week.key)
        week = plan(cycle, day_of(week.moments[cycle.steps[0].name], cycle.zone) + _WEEK)
    raise ValueError("Every week of the coming year ends on a holiday: check the holiday calendar.")


def _moved(cycle: Cycle, week: Week, days: timedelta, names: Collection[str]) -> Week:
    moments = {name: _days_later(at, days, cycle.zone) if name in names else at for name, at in week.moments.items()}
    return replace(week, moments=moments, moved_from=week.moments[cycle.steps[-1].name])


def _days_later(at: datetime, days: timedelta, zone: str) -> datetime:
    return moment(at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) + days, zone)


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
