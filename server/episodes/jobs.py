"""The weekly cycle: the next episode is there by itself."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from server.episodes.actions import Episodes
from server.episodes.lifecycle import Method
from server.people.model import SYSTEM

NextWeek = Callable[[], tuple[str, Mapping[str, datetime]]]
"""The key of the coming week and the moments of its phases."""


def create_next(episodes: Episodes, next_week: NextWeek, title: str) -> Callable[[], Awaitable[None]]:
    """A job that makes the coming week's episode unless it is there."""

    async def run() -> None:
        week, plan = next_week()
        await episodes.create_of_week(SYSTEM, week, title=title.format(week=week), method=Method.DRAW, plan=plan)

    return run
