from datetime import UTC, datetime

import pytest

from server.episodes.jobs import create_next
from server.episodes.lifecycle import Method, Phase

pytestmark = pytest.mark.asyncio(loop_scope="module")
AT = datetime(2026, 3, 6, 2, tzinfo=UTC)


async def test_the_coming_weeks_episode_is_made_once(house) -> None:
    run = create_next(house.episodes, lambda: ("2026-W10", {Phase.LIVE.value: AT}), "{week}")
    await run()
    await run()
    (episode,) = [e for e in await house.episodes.store.find() if e.week == "2026-W10"]
    assert (episode.title, episode.method, episode.phase) == ("2026-W10", Method.DRAW, Phase.DRAFT)
    assert episode.plan == {"live": AT}


async def test_the_next_week_gets_its_own(house) -> None:
    for week in ("2026-W11", "2026-W12"):
        await create_next(house.episodes, lambda week=week: (week, {}), "{week}")()
    assert [e.week for e in await house.episodes.store.find(limit=2)] == ["2026-W12", "2026-W11"]
