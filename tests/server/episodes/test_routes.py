from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from tests.makers import fill_registry, hire_cast, live

PLAN = {"title": "一期", "method": "draw", "live_at": "2026-03-06T10:00", "category": "catering"}


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def site(lasting_site):
    """The application that all tests of this file share; each makes an episode of its own."""
    return lasting_site


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cast(lasting_site):
    cast = await hire_cast(lasting_site.house)
    await fill_registry(lasting_site.house)
    return cast


async def test_moments_without_an_offset_are_the_citys(site, cast) -> None:
    episode = await site.house.episodes.get((await site.post("/episodes", cast.operator, **PLAN))["id"])
    assert episode.plan["live"] == datetime(2026, 3, 6, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"title": ""}, "title"),
        ({"title": "字" * 61}, "title"),
        ({"method": "dice"}, "method"),
        ({"live_at": "friday"}, "live_at"),
        ({"live_at": ""}, "live_at"),
        ({"live_at": "2026-03-05T10:00"}, "live_at"),
        ({"district": "无此区"}, "district"),
        ({"category": "bakery"}, "category"),
        ({"drawing_at": "2026-03-04T10:00"}, "drawing_at"),
        ({"drawing_at": "2026-03-07T10:00"}, "live_at"),
        ({"timed": "on"}, "drawing_at"),
    ],
)
async def test_what_cannot_be_planned_says_which_field(site, cast, changes, where) -> None:
    refused = await site.post("/episodes", cast.operator, status=400, **(PLAN | changes))
    assert refused["error"]["where"] == where


async def test_steps_that_are_to_come_by_themselves_have_their_moments(site, cast) -> None:
    moments = {"nominating_at": "2026-03-09T09:00", "voting_at": "2026-03-11T09:00", "drawing_at": "2026-03-12T10:00"}
    asked = PLAN | moments | {"method": "shortlist", "timed": "on", "live_at": "2026-03-13T10:00"}
    episode = await site.house.episodes.get((await site.post("/episodes", cast.operator, **asked))["id"])
    assert episode.timed
    assert list(episode.plan) == ["nominating", "voting", "drawing", "live"]
    assert episode.plan["nominating"] == datetime(2026, 3, 9, 1, 0, tzinfo=UTC)


async def test_a_draw_is_announced_with_the_sources_asked_for(site, cast) -> None:
    episode = (await site.post("/episodes", cast.operator, **PLAN))["id"]
    asked = {"beacon": "on", "ceremony": "on", "commit_minutes": "2", "reveal_minutes": "3"}
    answer = await site.post(f"/episodes/{episode}/draw", cast.operator, **asked)
    draw = await site.house.draws.get(answer["draw"])
    assert [source.kind for source in draw.sources] == ["ceremony", "beacon"]
    assert draw.ceremony.reveal_until - draw.ceremony.commit_until == timedelta(minutes=3)


async def test_targets_are_left_out_by_hand_with_a_code(site, cast) -> None:
    episode = (await site.post("/episodes", cast.operator, **PLAN))["id"]
    first, second, *_ = await site.house.targets.candidates(category="catering")
    left_out = {"left_out": f"{first.id}, {second.id}", "left_out_code": "joint_inspection"}
    answer = await site.post(f"/episodes/{episode}/draw", cast.operator, **left_out)
    assert (await site.house.draws.get(answer["draw"])).excluded == {"joint_inspection": 2}
    wrong = left_out | {"left_out_code": "whim"}
    refused = await site.post(f"/episodes/{episode}/draw", cast.operator, status=400, **wrong)
    assert refused["error"]["where"] == "left_out_code"


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"algorithm": "dice"}, "algorithm"),
        ({"algorithm": "rfc3797"}, "algorithm"),
        ({"ceremony": "on", "commit_minutes": "soon"}, "commit_minutes"),
        ({"ceremony": "on", "reveal_minutes": "1e9"}, "reveal_minutes"),
        ({"numbers_name": "测试彩"}, "numbers_due"),
        ({"numbers_name": "测试彩", "numbers_due": "2020-01-01T00:00"}, "numbers"),
    ],
)
async def test_sources_that_cannot_be_say_which_field(site, cast, changes, where) -> None:
    episode = (await site.post("/episodes", cast.operator, **PLAN))["id"]
    refused = await site.post(f"/episodes/{episode}/draw", cast.operator, status=400, **changes)
    assert refused["error"]["where"] == where


async def test_whoever_may_not_plan_is_told_who_may(site, cast) -> None:
    refused = await site.post("/episodes", cast.deputy, status=403, **PLAN)
    assert refused["error"]["message"] == "Only operators may plan episodes. Please sign in as an operator."
    await site.post("/episodes", status=401, **PLAN)


async def test_a_beat_counts_for_what_is_live(site, cast) -> None:
    inspection = await live(site.house, cast)
    site.house.watching.only([inspection.episode])
    for episode in (inspection.episode, "ep_2"):
        async with await site.ask("POST", f"/episodes/{episode}/watching", json={"session": "s"}) as reply:
            assert reply.status == 204
    assert site.house.watching.count(inspection.episode) == 1
    assert site.house.watching.count("ep_2") == 0


async def test_a_beat_without_a_session_is_refused(site) -> None:
    async with await site.ask("POST", "/episodes/ep_1/watching", json={}) as reply:
        assert reply.status == 400
        assert (await reply.json())["error"]["where"] == "session"
