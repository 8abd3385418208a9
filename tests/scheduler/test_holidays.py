"""The official calendar, against days that the State Council published and against the library's own answers."""

from datetime import date, timedelta

import chinese_calendar
import pytest

from scheduler.deadlines import add_working_days
from scheduler.holidays import CHINA, KNOWN_FROM, KNOWN_UNTIL, is_known


@pytest.mark.parametrize(
    ("day", "working", "why"),
    [
        (date(2024, 2, 9), True, "the eve of the Spring Festival was worked in 2024"),
        (date(2025, 1, 26), True, "a Sunday, worked for the Spring Festival"),
        (date(2025, 1, 28), False, "the eve of the Spring Festival is a holiday from 2025 on"),
        (date(2025, 2, 8), True, "a Saturday, worked for the Spring Festival"),
        (date(2025, 10, 6), False, "Mid-Autumn within the National Day week"),
        (date(2026, 2, 14), True, "a Saturday, worked for the Spring Festival"),
        (date(2026, 2, 17), False, "the Spring Festival"),
        (date(2026, 4, 6), False, "a Monday: Qingming fell on Sunday"),
        (date(2026, 6, 19), False, "the Dragon Boat Festival"),
        (date(2026, 9, 20), True, "a Sunday, worked for the National Day"),
        (date(2026, 10, 2), False, "the National Day week"),
        (date(2026, 10, 10), True, "a Saturday, worked for the National Day"),
        (date(2026, 11, 27), True, "any Friday"),
        (date(2026, 11, 28), False, "any Saturday"),
    ],
)
def test_days_are_worked_as_the_state_council_announced(day: date, working: bool, why: str) -> None:
    assert CHINA.is_working(day) is working, why


def test_every_known_day_is_what_the_library_says() -> None:
    days = ((KNOWN_FROM + timedelta(days=n)) for n in range((KNOWN_UNTIL - KNOWN_FROM).days + 1))
    assert [day for day in days if CHINA.is_working(day) != chinese_calendar.is_workday(day)] == []


def test_a_year_that_is_not_published_is_said_to_be_unknown_and_counts_by_weekday() -> None:
    beyond = date(KNOWN_UNTIL.year + 1, 1, 1)
    assert not is_known(beyond)
    assert not is_known(KNOWN_UNTIL + timedelta(days=1)), "the new year's holiday may reach back"
    assert not is_known(date(2003, 12, 31))
    assert is_known(date(2026, 11, 24))
    week = [beyond + timedelta(days=n) for n in range(7)]
    assert [CHINA.is_working(day) for day in week] == [day.weekday() < 5 for day in week]


def test_a_deadline_runs_around_the_national_day_week() -> None:
    assert add_working_days(date(2026, 9, 30), 10, CHINA) == date(2026, 10, 20)
