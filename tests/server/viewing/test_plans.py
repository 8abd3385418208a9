import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from server.app import all_in_place
from server.episodes.holds import Change, Hold, What
from server.episodes.lifecycle import Method, Phase
from server.episodes.model import Episode
from server.people.model import SYSTEM
from server.viewing.plans import changes_of, plan_lines, steps_of
from tests.makers import fill_registry, hire_cast, live

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
PLAN = {step: AT + timedelta(days=n) for n, step in enumerate(("nominating", "voting", "drawing", "live"))}


def episode(method=Method.SHORTLIST, phase=Phase.NOMINATING, **more) -> Episode:
    return Episode("ep_1", 1, "一期", method, phase, AT, plan=PLAN, timed=True, **more)


def test_a_held_step_shows_in_the_course_until_it_is_reached() -> None:
    hold = {"voting": Hold(AT, "missed")}
    assert [line.phase for line in plan_lines(episode(holds=hold)) if line.held] == ["voting"]
    assert [line.phase for line in plan_lines(episode(phase=Phase.VOTING, holds=hold)) if line.held] == []
    resumed = {"voting": Hold(AT, "missed", AT)}
    assert [line.phase for line in plan_lines(episode(holds=resumed)) if line.held] == []


def test_the_draw_of_the_inspectors_stands_in_the_course_of_a_vote() -> None:
    lines = plan_lines(episode(Method.VOTE))
    assert [line.phase for line in lines][2:6] == ["voting", "drawing", "ready", "live"]


def test_the_operator_sees_the_steps_ahead_and_which_is_next() -> None:
    ahead = steps_of(episode(holds={"live": Hold(AT, "operator")}), [])
    assert [(s.step, s.next, s.held) for s in ahead] == [
        ("voting", True, False),
        ("drawing", False, False),
        ("live", False, True),
    ]
    assert ahead[0].url == "/episodes/ep_1/steps/voting"
    assert steps_of(episode(phase=Phase.CANCELLED), []) == []


def test_changes_come_newest_first_with_all_that_their_digest_needs() -> None:
    told = episode(
        changes=(Change(AT, "live", What.HELD, "operator", "台风", "salt"), Change(AT, "live", What.RESUMED))
    )
    newest, oldest = changes_of(told)
    assert (newest.what, oldest.what, oldest.reason, oldest.salt) == ("resumed", "held", "台风", "salt")


@pytest.fixture
async def cast(site):
    return await hire_cast(site.house)


async def test_the_public_reads_who_held_what_and_why(site, cast) -> None:
    now = site.house.clock()
    plan = {step: now + timedelta(days=n + 1) for n, step in enumerate(PLAN)}
    made = await site.house.episodes.create(SYSTEM, title="周", method=Method.SHORTLIST, plan=plan, timed=True)
    await site.house.cycle.hold(cast.operator, made.id, Phase.LIVE, "台风红色预警")
    await site.house.cycle.move(cast.operator, made.id, Phase.LIVE, plan["live"] + timedelta(days=1), "改到周末")
    page = await site.html(f"/episodes/{made.id}")
    assert "台风红色预警" in page
    assert "改到周末" in page
    facts = await site.json(f"/episodes/{made.id}.json")
    moved, held = facts["changes"]
    assert (moved["what"], held["what"]) == ("moved", "held")
    await all_in_place(site.house)
    [entry] = await site.house.ledger.store.entries(0, 100, matching={"fact.kind": "episode.held"})
    said = hashlib.sha256(f"{held['salt']}\0{held['reason']}".encode()).hexdigest()
    assert entry.fact.body["reason_digest"] == said
    desk = await site.html(f"/operator/episodes/{made.id}", cast.operator, language="en")
    assert f"/episodes/{made.id}/steps/nominating/now" in desk
    assert f"/episodes/{made.id}/steps/live/move" in desk


async def test_a_refusal_that_held_a_step_is_read_in_full(site, cast, clock) -> None:
    plan = {"drawing": clock(), "live": clock() + timedelta(days=1)}
    made = await site.house.episodes.create(SYSTEM, title="周", method=Method.DRAW, plan=plan, timed=True)
    await site.house.cycle.take_due()
    page = await site.html(f"/episodes/{made.id}", language="en")
    assert "could not be taken and is held until an operator decides." in page
    assert "No target fits this episode’s filter. Import a register, or widen the filter." in page


async def test_the_front_page_shows_what_is_live_and_what_comes_next(site, cast) -> None:
    await fill_registry(site.house)
    inspection = await live(site.house, cast)
    now = site.house.clock()
    for title, days in (("后一周", 14), ("下一周", 7)):
        plan = {"drawing": now + timedelta(days=days - 1), "live": now + timedelta(days=days)}
        await site.house.episodes.create(SYSTEM, title=title, method=Method.DRAW, plan=plan, timed=True)
    facts = await site.json("/index.json")
    assert (facts["live"]["id"], facts["next"]["title"]) == (inspection.episode, "下一周")
    page = await site.html("/", language="en")
    assert "What comes next" in page
    assert page.count("下一周") == 1
    assert "后一周" not in page
