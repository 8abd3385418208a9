"""The weekly cycle across year ends, clock changes and odd settings."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler.deadlines import Calendar
from scheduler.holidays import CHINA
from scheduler.week import Cycle, HolidayRule, Step, moment, next_held_week, next_week, plan, week_key

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


def shanghai(at: datetime) -> str:
    return at.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%m-%d %H:%M")


@pytest.mark.parametrize(
    ("today", "key", "live", "skipped", "why"),
    [
        (date(2026, 11, 24), "2026-W49", "12-04 10:00", (), "an ordinary Friday"),
        (date(2026, 9, 27), "2026-W41", "10-09 10:00", ("2026-W40",), "1 to 7 October"),
        (date(2026, 9, 20), "2026-W41", "10-09 10:00", ("2026-W39", "2026-W40"), "Mid-Autumn, then the National Day"),
        (date(2026, 2, 9), "2026-W09", "02-27 10:00", ("2026-W08",), "the Spring Festival"),
        (date(2026, 4, 26), "2026-W19", "05-08 10:00", ("2026-W18",), "Labour Day"),
        (date(2026, 6, 14), "2026-W26", "06-26 10:00", ("2026-W25",), "the Dragon Boat Festival"),
        (date(2025, 12, 28), "2026-W02", "01-09 10:00", ("2026-W01",), "2 January 2026"),
        (date(2025, 1, 26), "2025-W06", "02-07 10:00", ("2025-W05",), "the Spring Festival of 2025"),
        (date(2027, 1, 31), "2027-W05", "02-05 10:00", (), "the eve of the festival in a year not published yet"),
    ],
)
def test_a_week_whose_live_day_is_a_holiday_is_skipped(today, key, live, skipped, why) -> None:
    week = next_held_week(SHANGHAI, datetime.combine(today, time(4), UTC), CHINA, HolidayRule.SKIP)
    assert (week.key, shanghai(week.moments["live"]), week.skipped) == (key, live, skipped), why
    assert week.moved_from is None


@pytest.mark.parametrize(
    ("today", "draw", "live", "moved_from", "why"),
    [
        (date(2026, 11, 24), "12-03 10:00", "12-04 10:00", None, "an ordinary Friday"),
        (date(2026, 9, 27), "10-07 10:00", "10-08 10:00", "10-02 10:00", "after the National Day week"),
        (date(2026, 9, 20), "09-27 10:00", "09-28 10:00", "09-25 10:00", "Mid-Autumn, then a weekend"),
        (date(2026, 2, 15), "02-23 10:00", "02-24 10:00", "02-20 10:00", "after the Spring Festival"),
        (date(2025, 1, 26), "02-04 10:00", "02-05 10:00", "01-31 10:00", "after the Spring Festival of 2025"),
        (date(2023, 1, 22), "01-27 10:00", "01-28 10:00", "01-27 10:00", "to a Saturday that is worked"),
    ],
)
def test_or_the_live_day_moves_to_the_next_working_day_and_the_draw_with_it(today, draw, live, moved_from, why) -> None:
    now = datetime.combine(today, time(4), UTC)
    week = next_held_week(SHANGHAI, now, CHINA, HolidayRule.NEXT, together={"draw"})
    assert (shanghai(week.moments["draw"]), shanghai(week.moments["live"])) == (draw, live), why
    assert (week.moved_from and shanghai(week.moved_from)) == moved_from, why
    assert week.key == next_week(SHANGHAI, now).key
    assert list(week.moments.values()) == sorted(week.moments.values())


def test_a_cycle_that_ends_on_a_weekend_is_skipped_on_holidays_alone() -> None:
    sunday = Cycle("Asia/Shanghai", (Step.parse("nominate", "Mon 09:00"), Step.parse("live", "Sun 10:00")))
    now = datetime(2026, 9, 13, 4, tzinfo=UTC)
    assert next_held_week(sunday, now, CHINA, HolidayRule.SKIP).key == "2026-W38", "20 September is a Sunday, worked"
    now = datetime(2026, 9, 20, 4, tzinfo=UTC)
    assert next_held_week(sunday, now, CHINA, HolidayRule.SKIP).key == "2026-W41", "27 September and 4 October are not"


def test_a_calendar_of_holidays_alone_is_refused() -> None:
    always = Calendar(frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(800)))
    with pytest.raises(ValueError, match="check the holiday calendar"):
        next_held_week(SHANGHAI, datetime(2026, 1, 1, tzinfo=UTC), always, HolidayRule.SKIP)
