"""The weekly cycle as the settings have it: its steps, its holidays, and the two jobs that keep it going."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from scheduler.deadlines import day_of
from scheduler.holidays import CHINA, is_known
from scheduler.runner import Job
from scheduler.week import Cycle, HolidayRule, Step, Week, next_held_week
from scheduler.when import every
from server.config import BadSetting, Settings
from server.episodes.actions import Episodes
from server.episodes.cycle import Cycle as Steps
from server.episodes.jobs import Weekly, create_next
from server.episodes.lifecycle import Method, Phase
from server.kit.clock import Clock

STEP_SECONDS = 15
"""How late a step may come; a round asks the database once when nothing is due."""
NEXT_SECONDS = 300


def weekly_jobs(settings: Settings, clock: Clock, episodes: Episodes, steps: Steps) -> Sequence[Job]:
    """Steps are taken whoever planned them; episodes are made only where the setting says so."""
    rounds = Job("steps", every(STEP_SECONDS), steps.take_due, seconds=120)
    if not settings.weekly:
        return (rounds,)
    weekly = Weekly(Method(settings.weekly_method), settings.weekly_title, partial(_is_known, settings.timezone))
    coming = partial(coming_week, settings, clock)
    coming()  # A setting that cannot be read stops the start.
    return (rounds, Job("next episode", every(NEXT_SECONDS), create_next(episodes, coming, weekly, clock)))


def coming_week(settings: Settings, clock: Clock) -> Week:
    """The first week still to come that is held."""
    cycle = Cycle(settings.timezone, weekly_steps(settings.weekly_plan))
    rule = HolidayRule(settings.holiday_rule)
    return next_held_week(cycle, clock(), CHINA, rule, together={Phase.DRAWING.value})


def weekly_steps(words: str) -> tuple[Step, ...]:
    """`mon 09:00, wed 09:00, thu 10:00, fri 10:00` as the steps of the week."""
    names = (Phase.NOMINATING, Phase.VOTING, Phase.DRAWING, Phase.LIVE)
    parts = words.split(",")
    if len(parts) != len(names):
        raise BadSetting(f"SEETHROUGH_WEEKLY_PLAN is “{words}”; it has four moments, such as fri 10:00.")
    try:
        return tuple(Step.parse(name.value, part) for name, part in zip(names, parts, strict=True))
    except ValueError as problem:
        raise BadSetting(f"SEETHROUGH_WEEKLY_PLAN: {problem}") from None


def _is_known(zone: str, moment: datetime) -> bool:
    return is_known(day_of(moment, zone))
