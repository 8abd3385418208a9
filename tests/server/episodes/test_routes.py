from datetime import UTC, datetime

import pytest

from tests.makers import fill_registry, hire_cast

PLAN = {"title": "一期", "method": "draw", "live_at": "2026-03-06T10:00", "category": "catering"}


@pytest.fixture
async def cast(site):
    cast = await hire_cast(site.house)
    await fill_registry(site.house)
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
    ],
)
async def test_what_cannot_be_planned_says_which_field(site, cast, changes, where) -> None:
    refused = await site.post("/episodes", cast.operator, status=400, **(PLAN | changes))
    assert refused["error"]["where"] == where


async def test_a_draw_answers_its_winners(site, cast) -> None:
    episode = (await site.post("/episodes", cast.operator, **PLAN))["id"]
    answer = await site.post(f"/episodes/{episode}/draw", cast.operator)
    assert len(answer["winners"]) == 1
    assert (await site.json(f"/draws/{answer['draw']}.json"))["winners"][0]["id"] == answer["winners"][0]


async def test_a_beat_counts_for_what_is_live(site) -> None:
    site.house.watching.only(["ep_1"])
    for path in ("/episodes/ep_1/watching", "/episodes/ep_2/watching"):
        async with await site.ask("POST", path, json={"session": "s"}) as reply:
            assert reply.status == 204
    assert site.house.watching.count("ep_1") == 1


async def test_a_beat_without_a_session_is_refused(site) -> None:
    async with await site.ask("POST", "/episodes/ep_1/watching", json={}) as reply:
        assert reply.status == 400
        assert (await reply.json())["error"]["where"] == "session"
