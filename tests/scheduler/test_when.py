"""Due moments: the same on every server, through clock changes too."""

from datetime import UTC, datetime, time, timedelta

import pytest

from scheduler.when import Daily, When, daily, every, weekly

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)  # a Tuesday


@pytest.mark.parametrize(
    ("when", "now", "latest", "following"),
    [
        (every(60), NOON, NOON, NOON + timedelta(minutes=1)),
        (every(60), NOON - timedelta(microseconds=1), NOON - timedelta(minutes=1), NOON),
        (every(0.1), NOON, NOON, NOON + timedelta(seconds=0.1)),
        (daily("20:00", "Asia/Shanghai"), NOON, NOON, NOON + timedelta(days=1)),
        (daily("20:01", "Asia/Shanghai"), NOON, NOON - timedelta(minutes=1439), NOON + timedelta(minutes=1)),
        (weekly(1, "20:00", "Asia/Shanghai"), NOON, NOON, NOON + timedelta(days=7)),
        (
            weekly(3, "10:00", "Asia/Shanghai"),
            NOON,
            datetime(2026, 11, 19, 2, tzinfo=UTC),
            datetime(2026, 11, 26, 2, tzinfo=UTC),
        ),
        (
            daily("00:30", "Asia/Shanghai"),
            NOON,
            datetime(2026, 11, 23, 16, 30, tzinfo=UTC),
            datetime(2026, 11, 24, 16, 30, tzinfo=UTC),
        ),
    ],
)
def test_the_latest_and_the_following_due_moment(
    when: When, now: datetime, latest: datetime, following: datetime
) -> None:
    assert when.latest(now) == latest
    assert when.following(now) == following


@pytest.mark.parametrize(
    "when", [every(7), every(0.3), every(1 / 3), daily("02:30", "Europe/Berlin"), weekly(6, "02:30", "Europe/Berlin")]
)
def test_moments_follow_one_another_without_gap_or_repetition(when: When) -> None:
    due = when.latest(datetime(2026, 3, 20, tzinfo=UTC))
    for _ in range(400):
        after = when.following(due)
        assert after > due
        assert when.latest(after) == after
        assert when.latest(after - timedelta(microseconds=1)) == due
        due = after


def test_a_daily_job_runs_once_when_the_clock_is_put_back() -> None:
    when = Daily(time(2, 30), "Europe/Berlin")
    assert when.latest(datetime(2026, 10, 25, 1, 45, tzinfo=UTC)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_impossible_schedules_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot run every 0 seconds"):
        every(0)
    with pytest.raises(ValueError, match="Weekday 7 does not exist"):
        weekly(7, "10:00", "Asia/Shanghai")
