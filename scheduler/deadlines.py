"""Clocks that run in working days. Pure; which days are holidays (and which weekends are worked, 调休) is handed in."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_SATURDAY = 5
_LONGEST_BREAK_DAYS = 366


@dataclass(frozen=True)
class Calendar:
    """Monday to Friday, less `holidays`, plus `make_up_days`; a day in both is worked."""

    holidays: frozenset[date] = frozenset()
    make_up_days: frozenset[date] = frozenset()

    def is_working(self, day: date) -> bool:
        if day in self.make_up_days:
            return True
        return day.weekday() < _SATURDAY and day not in self.holidays


def day_of(moment: datetime, zone: str) -> date:
    """The calendar day on which a moment falls for people in a zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


def add_working_days(start_on: date, days: int, calendar: Calendar) -> date:
    """The day on which `days` working days have passed; the day of receipt itself does not count.

    With 0 days it is the day of receipt, or the first working day after it.
    """
    if days < 0:
        raise ValueError(f"A deadline lies ahead: {days} working days cannot be added.")
    day = start_on
    for _ in range(days):
        day = _next_working(day + _DAY, calendar)
    return day if days else _next_working(day, calendar)


def working_days_left(due_on: date, today: date, calendar: Calendar) -> int:
    """Working days after today up to and including the due day: 0 on that day, negative once it has passed."""
    if today > due_on:
        return -_working_days_between(due_on, today, calendar)
    return _working_days_between(today, due_on, calendar)


def is_overdue(due_on: date, today: date) -> bool:
    """Late begins the day after the due day (T+1), working day or not."""
    return today > due_on


def days_late(due_on: date, today: date) -> int:
    """Calendar days since the due day, 0 while it is not past: 7 and more is seriously late."""
    return max(0, (today - due_on).days)


def _next_working(day: date, calendar: Calendar) -> date:
    for offset in range(_LONGEST_BREAK_DAYS):
        if calendar.is_working(day + offset * _DAY):
            return day + offset * _DAY
    raise ValueError(f"No working day within a year of {day.isoformat()}: check the holiday calendar.")


def _working_days_between(first: date, last: date, calendar: Calendar) -> int:
    """How many working days lie in (first, last]."""
    return sum(calendar.is_working(first + offset * _DAY) for offset in range(1, (last - first).days + 1))
