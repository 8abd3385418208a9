from datetime import timedelta

import pytest

from server.episodes.lifecycle import Method
from tests.makers import hire_cast


@pytest.fixture
async def cast(site):
    return await hire_cast(site.house)


@pytest.fixture
async def steps(site, cast):
    """Where an episode's steps are."""
    now = site.house.clock()
    plan = {step: now + timedelta(days=n + 1) for n, step in enumerate(("nominating", "voting", "drawing", "live"))}
    episode = await site.house.episodes.create(
        cast.operator, title="一期", method=Method.SHORTLIST, plan=plan, timed=True
    )
    return f"/episodes/{episode.id}/steps"


async def test_a_step_is_held_resumed_moved_and_taken(site, cast, steps) -> None:
    who = cast.operator
    await site.post(f"{steps}/live/hold", who, reason="台风停工")
    await site.post(f"{steps}/live/resume", who, reason="台风已过")
    moved = await site.post(f"{steps}/live/move", who, at="2026-03-12T15:00", reason="改期")
    assert moved["plan"]["live"] == "2026-03-12T07:00:00.000Z"
    taken = await site.post(f"{steps}/nominating/now", who, reason="提前")
    assert taken["phase"] == "nominating"


@pytest.mark.parametrize(
    ("path", "fields", "status", "where"),
    [
        ("live/hold", {}, 400, "reason"),
        ("live/hold", {"reason": "字" * 501}, 400, "reason"),
        ("live/move", {"reason": "改期"}, 400, "at"),
        ("live/move", {"reason": "改期", "at": "2026-03-01T10:00"}, 400, "at"),
        ("live/resume", {"reason": "无"}, 409, None),
        ("voting/now", {"reason": "提前"}, 409, None),
        ("ready/hold", {"reason": "无此步"}, 404, None),
        ("lunch/hold", {"reason": "无此步"}, 404, None),
    ],
)
async def test_what_cannot_be_done_to_a_step_says_why(site, cast, steps, path, fields, status, where) -> None:
    refused = await site.post(f"{steps}/{path}", cast.operator, status=status, **fields)
    assert refused["error"]["where"] == where


async def test_only_operators_change_a_plan(site, cast, steps) -> None:
    for verb in ("hold", "resume", "move", "now"):
        await site.post(f"{steps}/live/{verb}", cast.deputy, status=403, reason="x", at="2026-03-12T15:00")
        await site.post(f"{steps}/live/{verb}", status=401, reason="x", at="2026-03-12T15:00")
