import logging
from datetime import UTC, datetime

import pytest

from scheduler.week import Week
from server.episodes.holds import What
from server.episodes.jobs import Weekly, create_next
from server.episodes.lifecycle import Method, Phase

pytestmark = pytest.mark.asyncio(loop_scope="module")
AT = datetime(2026, 3, 6, 2, tzinfo=UTC)
MOMENTS = {"nominating": AT.replace(day=2), "voting": AT.replace(day=4), "drawing": AT.replace(day=5), "live": AT}


def job(house, week: Week, method=Method.SHORTLIST, known=True):
    weekly = Weekly(method, "{year}年第{week}周", lambda _moment: known)
    return create_next(house.episodes, lambda: week, weekly, house.clock)


async def newest(house):
    return (await house.episodes.store.find(limit=1))[0]


async def test_the_coming_weeks_episode_is_made_once(house) -> None:
    run = job(house, Week("2026-W10", MOMENTS))
    await run()
    await run()
    [episode] = [e for e in await house.episodes.store.find() if e.week == "2026-W10"]
    assert (episode.title, episode.method, episode.phase) == ("2026年第10周", Method.SHORTLIST, Phase.DRAFT)
    assert (episode.timed, episode.plan, episode.changes) == (True, MOMENTS, ())
    assert (episode.district, episode.category) == ("", "")


async def test_the_next_week_gets_its_own(house) -> None:
    for key in ("2026-W11", "2026-W12"):
        await job(house, Week(key, MOMENTS))()
    assert [e.week for e in await house.episodes.store.find(limit=2)] == ["2026-W12", "2026-W11"]


async def test_a_plan_has_the_steps_of_its_method(house) -> None:
    await job(house, Week("2026-W13", MOMENTS), Method.DRAW)()
    assert list((await newest(house)).plan) == ["drawing", "live"]


async def test_holidays_that_changed_the_plan_are_told(house) -> None:
    week = Week("2026-W14", MOMENTS, moved_from=AT.replace(day=1), skipped=("2026-W12", "2026-W13"))
    await job(house, week)()
    skipped, moved = (await newest(house)).changes
    assert (skipped.what, skipped.weeks) == (What.SKIPPED, ("2026-W12", "2026-W13"))
    assert (moved.what, moved.before, moved.after) == (What.HOLIDAY, AT.replace(day=1), AT)


async def test_a_calendar_that_is_not_known_yet_is_said_on_the_page_and_once_in_the_log(house, caplog) -> None:
    run = job(house, Week("2026-W15", MOMENTS), known=False)
    with caplog.at_level(logging.WARNING, "server.episodes.jobs"):
        await run()
        await run()
    assert [change.what for change in (await newest(house)).changes] == [What.UNKNOWN_CALENDAR]
    assert caplog.text.count("2026-W15") == 1
