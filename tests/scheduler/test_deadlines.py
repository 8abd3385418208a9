"""Working days with weekends, holidays and make-up days; what left and late mean."""

from datetime import UTC, date, datetime, timedelta

import pytest

from scheduler.deadlines import Calendar, add_working_days, day_of, days_late, is_overdue, working_days_left

PLAIN = Calendar()
# National Day 2026 as an example: 1 to 7 October free, Saturday 10 October worked.
OCTOBER = Calendar(
    holidays=frozenset(date(2026, 10, day) for day in range(1, 8)),
    make_up_days=frozenset({date(2026, 10, 10)}),
)

# New Year 2027 as an example: 1 January free, Sunday 3 January worked.
NEW_YEAR = Calendar(frozenset({date(2027, 1, 1)}), frozenset({date(2027, 1, 3)}))
BOTH = Calendar(frozenset({date(2027, 1, 9)}), frozenset({date(2027, 1, 9)}))


@pytest.mark.parametrize(
    ("start_on", "days", "calendar", "due_on", "why"),
    [
        (date(2026, 11, 23), 1, PLAIN, date(2026, 11, 24), "the day of receipt does not count"),
        (date(2026, 11, 27), 1, PLAIN, date(2026, 11, 30), "Friday to Monday"),
        (date(2026, 11, 28), 1, PLAIN, date(2026, 11, 30), "received on a Saturday"),
        (date(2026, 11, 23), 20, PLAIN, date(2026, 12, 21), "four weeks"),
        (date(2026, 11, 24), 0, PLAIN, date(2026, 11, 24), "no days: today"),
        (date(2026, 11, 28), 0, PLAIN, date(2026, 11, 30), "no days, on a Saturday: the next working day"),
        (date(2026, 9, 30), 1, OCTOBER, date(2026, 10, 8), "over the holiday"),
        (date(2026, 10, 9), 1, OCTOBER, date(2026, 10, 10), "a Saturday made up"),
        (date(2026, 9, 30), 4, OCTOBER, date(2026, 10, 12), "Thursday, Friday, worked Saturday, Monday"),
        (date(2026, 12, 30), 2, NEW_YEAR, date(2027, 1, 3), "over New Year, to a Sunday made up"),
        (date(2026, 12, 31), 1, NEW_YEAR, date(2027, 1, 3), "the last day of the year"),
        (date(2027, 1, 1), 0, NEW_YEAR, date(2027, 1, 3), "received on a holiday"),
        (date(2026, 12, 31), 1, PLAIN, date(2027, 1, 1), "no calendar knows New Year but the one handed in"),
        (date(2027, 1, 8), 1, BOTH, date(2027, 1, 9), "a day in both is worked"),
        (date(2028, 2, 28), 1, PLAIN, date(2028, 2, 29), "leap day"),
    ],
)
def test_working_days_are_added(start_on: date, days: int, calendar: Calendar, due_on: date, why: str) -> None:
    assert add_working_days(start_on, days, calendar) == due_on, why


@pytest.mark.parametrize(
    ("today", "left", "late", "overdue", "why"),
    [
        (date(2026, 11, 23), 4, 0, False, "Monday before"),
        (date(2026, 11, 27), 0, 0, False, "the due day itself"),
        (date(2026, 11, 28), 0, 1, True, "late on a Saturday, though no working day has passed"),
        (date(2026, 11, 30), -1, 3, True, "one working day late"),
        (date(2026, 12, 4), -5, 7, True, "seriously late: T+7"),
    ],
)
def test_what_is_left_and_how_late_it_is(today: date, left: int, late: int, overdue: bool, why: str) -> None:
    due_on = date(2026, 11, 27)
    assert working_days_left(due_on, today, PLAIN) == left, why
    assert days_late(due_on, today) == late, why
    assert is_overdue(due_on, today) is overdue, why


def test_what_was_added_is_what_is_left() -> None:
    for offset in range(40):
        start_on = date(2026, 9, 20) + timedelta(days=offset)
        for days in range(1, 30):
            assert working_days_left(add_working_days(start_on, days, OCTOBER), start_on, OCTOBER) == days


def test_a_day_is_the_day_of_the_zone() -> None:
    assert day_of(datetime(2026, 11, 24, 16, tzinfo=UTC), "Asia/Shanghai") == date(2026, 11, 25)


def test_a_deadline_cannot_lie_behind() -> None:
    with pytest.raises(ValueError, match="-1 working days cannot be added"):
        add_working_days(date(2026, 11, 24), -1, PLAIN)


def test_a_calendar_without_working_days_is_noticed() -> None:
    idle = Calendar(holidays=frozenset(date(2026, 1, 1) + timedelta(days=offset) for offset in range(800)))
    with pytest.raises(ValueError, match="check the holiday calendar"):
        add_working_days(date(2026, 1, 1), 1, idle)
