"""The weekly cycle: the next episode is there by itself. (Its steps are taken by cycle.py.)"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from scheduler.week import Week
from server.episodes.actions import Episodes
from server.episodes.holds import Change, What
from server.episodes.lifecycle import Method, Phase
from server.episodes.steps import STEPS
from server.kit.clock import Clock
from server.people.model import SYSTEM

log = logging.getLogger(__name__)

NextWeek = Callable[[], Week]
"""The coming week that is held, with the moments of its steps (names: phases)."""


@dataclass(frozen=True)
class Weekly:
    """What the weekly cycle makes: `title` is filled with {year} and {week}; `is_known`: is the calendar?"""

    method: Method
    title: str
    is_known: Callable[[datetime], bool]


def create_next(episodes: Episodes, next_week: NextWeek, weekly: Weekly, clock: Clock) -> Callable[[], Awaitable[None]]:
    """A job that makes the coming week's episode unless it is there."""

    async def run() -> None:
        week = next_week()
        year, number = week.key.split("-W")
        made = await episodes.create_of_week(
            SYSTEM,
            week.key,
            title=weekly.title.format(year=year, week=int(number)),
            method=weekly.method,
            plan={step.value: week.moments[step] for step in STEPS[weekly.method]},
            timed=True,
            changes=notes(week, weekly, clock()),
        )
        if made and not weekly.is_known(week.moments[Phase.LIVE]):
            log.warning("The holidays around week %s are not published, or chinesecalendar is old.", week.key)

    return run


def notes(week: Week, weekly: Weekly, now: datetime) -> tuple[Change, ...]:
    """What holidays made of the plan, for the public to read."""
    live_at, live = week.moments[Phase.LIVE], Phase.LIVE.value
    said = []
    if week.skipped:
        said.append(Change(now, live, What.SKIPPED, weeks=week.skipped))
    if week.moved_from:
        said.append(Change(now, live, What.HOLIDAY, before=week.moved_from, after=live_at))
    if not weekly.is_known(live_at):
        said.append(Change(now, live, What.UNKNOWN_CALENDAR, after=live_at))
    return tuple(said)
