"""The weekly cycle across year ends, clock changes and odd settings."""

from datetime import UTC, date, datetime, time

import pytest

from scheduler.week import Cycle, Step, moment, next_week, plan, week_key

WORDS = {"nominate": "Mon 09:00", "vote": "Wed 09:00", "draw": "Thu 10:00", "live": "Fri 10:00"}
SHANGHAI = Cycle("Asia/Shanghai", tuple(Step.parse(name, words) for name, words in WORDS.items()))


def test_the_plan_of_a_week_holds_every_step_in_utc() -> None:
    week = plan(SHANGHAI, date(2026, 11, 26))
    assert week.key == "2026-W48"
    assert week.moments == {
        "nominate": datetime(2026, 11, 23, 1, tzinfo=UTC),
        "vote": datetime(2026, 11, 25, 1, tzinfo=UTC),
        "draw": datetime(2026, 11, 26, 2, tzinfo=UTC),
        "live": datetime(2026, 11, 27, 2, tzinfo=UTC),
    }


@pytest.mark.parametrize(
    ("now", "key", "why"),
    [
        (datetime(2026, 11, 24, 8, tzinfo=UTC), "2026-W49", "Tuesday: this week has begun"),
        (datetime(2026, 11, 23, 0, 59, 59, tzinfo=UTC), "2026-W48", "a second before nominations open"),
        (datetime(2026, 11, 23, 1, tzinfo=UTC), "2026-W49", "nominations open at this very moment"),
        (datetime(2026, 11, 22, 15, 59, tzinfo=UTC), "2026-W48", "Sunday, one minute to midnight in Shanghai"),
        (datetime(2026, 11, 22, 16, tzinfo=UTC), "2026-W48", "Monday in Shanghai, Sunday in UTC"),
        (datetime(2026, 12, 29, tzinfo=UTC), "2027-W01", "2026 has 53 weeks, and W53 has begun"),
        (datetime(2026, 12, 27, tzinfo=UTC), "2026-W53", "the long year's last week is still to come"),
        (datetime(2024, 12, 29, tzinfo=UTC), "2025-W01", "a Monday in December that belongs to the next year"),
    ],
)
def test_the_next_week_is_the_first_not_yet_begun(now: datetime, key: str, why: str) -> None:
    week = next_week(SHANGHAI, now)
    assert week.key == key, why
    assert min(week.moments.values()) > now


def test_a_step_earlier_in_the_week_than_the_one_before_rolls_into_the_next() -> None:
    cycle = Cycle("Asia/Shanghai", (Step.parse("nominate", "Sat 09:00"), Step.parse("vote", "Wed 09:00")))
    week = plan(cycle, date(2026, 11, 24))
    assert week.key == "2026-W48"
    assert week.moments["nominate"] == datetime(2026, 11, 28, 1, tzinfo=UTC)
    assert week.moments["vote"] == datetime(2026, 12, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wall", "expected", "why"),
    [
        (datetime(2026, 3, 29, 2, 30), datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "skipped: 03:30 summer time"),  # noqa: DTZ001
        (datetime(2026, 10, 25, 2, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "twice: the first"),  # noqa: DTZ001
        (datetime(2026, 7, 1, 10), datetime(2026, 7, 1, 8, tzinfo=UTC), "summer"),  # noqa: DTZ001
        (datetime(2026, 12, 1, 10), datetime(2026, 12, 1, 9, tzinfo=UTC), "winter"),  # noqa: DTZ001
    ],
)
def test_clock_changes_move_a_wall_time_but_never_lose_it(wall: datetime, expected: datetime, why: str) -> None:
    assert moment(wall, "Europe/Berlin") == expected, why


def test_the_wall_time_stays_when_the_clocks_change_within_the_cycle() -> None:
    berlin = Cycle("Europe/Berlin", SHANGHAI.steps)
    before, after = plan(berlin, date(2026, 10, 20)), plan(berlin, date(2026, 10, 27))
    assert before.moments["live"].hour == 8
    assert after.moments["live"].hour == 9


def test_week_keys_follow_iso_8601_around_new_year() -> None:
    assert week_key(date(2027, 1, 3)) == "2026-W53"
    assert week_key(date(2024, 12, 30)) == "2025-W01"


@pytest.mark.parametrize("words", ["", "Thu", "10:00", "Foo 10:00", "Thu 25:00", "Thu 10:00 oclock"])
def test_a_setting_that_is_no_day_and_time_says_what_to_write(words: str) -> None:
    with pytest.raises(ValueError, match="write a day and a time such as 'Thu 10:00'"):
        Step.parse("draw", words)


def test_a_setting_is_read_whatever_its_case() -> None:
    assert Step.parse("draw", " thursday 10:30 ") == Step("draw", 3, time(10, 30))


def test_a_cycle_needs_steps_of_different_names() -> None:
    for steps in ((), (SHANGHAI.steps[0], SHANGHAI.steps[0])):
        with pytest.raises(ValueError, match="no two of the same name"):
            Cycle("Asia/Shanghai", steps)
