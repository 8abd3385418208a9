"""The settings of the weekly cycle, over the year 2026 as it was published."""

from datetime import UTC, datetime

import pytest

from scheduler.week import Step
from server.config import BadSetting, Settings
from server.weekly import coming_week, weekly_jobs, weekly_steps

PLAN = "mon 09:00, wed 09:00, thu 10:00, fri 10:00"


def test_the_week_is_written_as_four_moments():
    steps = weekly_steps(PLAN)
    assert [step.name for step in steps] == ["nominating", "voting", "drawing", "live"]
    assert steps[3] == Step.parse("live", "Fri 10:00")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("fri 10:00", "SEETHROUGH_WEEKLY_PLAN is “fri 10:00”; it has four moments, such as fri 10:00."),
        (
            PLAN.replace("thu", "someday"),
            "SEETHROUGH_WEEKLY_PLAN: The step 'drawing' is set to ' someday 10:00'; "
            "write a day and a time such as 'Thu 10:00'.",
        ),
    ],
)
def test_a_week_that_cannot_be_read_is_refused(words, sentence):
    with pytest.raises(BadSetting) as refused:
        weekly_steps(words)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("rule", "today", "key", "live"),
    [
        ("skip", datetime(2026, 9, 27, tzinfo=UTC), "2026-W41", "2026-10-09T02:00:00+00:00"),
        ("next", datetime(2026, 9, 27, tzinfo=UTC), "2026-W40", "2026-10-08T02:00:00+00:00"),
        ("skip", datetime(2026, 11, 24, tzinfo=UTC), "2026-W49", "2026-12-04T02:00:00+00:00"),
    ],
)
def test_the_rule_for_holidays_is_a_setting(rule, today, key, live):
    week = coming_week(Settings(holiday_rule=rule), lambda: today)
    assert (week.key, week.moments["live"].isoformat()) == (key, live)


def test_a_week_that_cannot_be_read_stops_the_start(house):
    with pytest.raises(BadSetting):
        weekly_jobs(Settings(weekly=True, weekly_plan="never"), house.clock, house.episodes, house.cycle)


async def test_the_weekly_cycle_makes_the_next_episode_once_and_says_which_year_it_knows(house, clock):
    [rounds] = weekly_jobs(Settings(), clock, house.episodes, house.cycle)
    assert rounds.name == "steps"
    _, job = weekly_jobs(Settings(weekly=True), clock, house.episodes, house.cycle)
    await job.run()
    await job.run()
    [episode] = await house.episodes.store.find()
    assert (episode.week, episode.title, episode.changes) == ("2026-W11", "2026年第11周 · Week 11", ())
    assert episode.plan["live"].isoformat() == "2026-03-13T02:00:00+00:00"
    clock.at = datetime(2027, 3, 2, tzinfo=UTC)
    await job.run()
    [latest] = await house.episodes.store.find(limit=1)
    assert [change.what for change in latest.changes] == ["unknown_calendar"]
