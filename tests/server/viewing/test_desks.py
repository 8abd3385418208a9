from types import SimpleNamespace

import pytest

from server.draws.model import Of
from server.episodes.lifecycle import Method, Phase
from server.episodes.model import Episode
from server.kit.errors import NotAllowed
from server.rectifications.model import BadLink
from server.viewing.desks import actions
from tests.fakes import FakeClock

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_inspector_finds_the_inspections_of_their_team_newest_first(story):
    mine = await story.twin("/console", story.member)
    assert [i["id"] for i in mine["inspections"]] == [story.now.id, story.past.id]
    assert [i["state"] for i in mine["inspections"]] == ["live", "concluded"]
    assert all(i["url"] == f"/console/{i['id']}" for i in mine["inspections"])
    assert mine["inspections"][1]["target"]["id"] == story.past.target


async def test_a_console_knows_where_to_publish_and_how_far_it_is(story):
    console = await story.twin(f"/console/{story.now.id}", story.member)
    assert console["inspection"]["whip_url"] == f"/whip/{story.now.id}"
    assert console["inspection"]["cut"] is False
    assert console["summary"]["failed"] == 1
    assert all(line["ok"] for line in console["gate"])


async def test_a_console_is_for_its_team_alone(story):
    desks = story.house.desks
    for nobody in (None, story.cast.deputy, story.cast.operator):
        with pytest.raises(NotAllowed):
            await desks.console(nobody, story.now.id, "zh_CN")
        with pytest.raises(NotAllowed):
            await desks.mine(nobody)


async def test_the_operators_desk_is_for_operators_alone(story):
    desks = story.house.desks
    for nobody in (None, story.cast.deputy, story.member):
        with pytest.raises(NotAllowed):
            await desks.operator(nobody)
        with pytest.raises(NotAllowed):
            await desks.plan(nobody, story.now.episode)


async def test_the_operator_sees_names_of_inspectors_and_no_account(story):
    page = await story.twin("/operator", story.cast.operator)
    assert {tuple(sorted(person)) for person in page["inspectors"]} == {("certificate", "department", "name")}
    assert {person["name"] for person in page["inspectors"]} == {"李检查", "张检查"}


async def test_the_operator_monitors_what_is_live(story):
    live = await story.twin(f"/operator/episodes/{story.now.episode}", story.cast.operator)
    assert live["whep_url"] == f"/whep/{story.now.id}"
    past = await story.twin(f"/operator/episodes/{story.past.episode}", story.cast.operator)
    assert (past["whep_url"], past["inspection_id"]) == (None, story.past.id)


async def test_a_business_sees_its_own_cases_and_nothing_of_others(story):
    page = await story.twin(f"/business/{story.link}")
    assert page["target"]["id"] == story.past.target
    shown = {case["rectification"]["id"] for case in page["cases"]}
    assert shown == {order.id for order in story.orders.values()}
    assert {case["rectification"]["state"]: case["may_submit"] for case in page["cases"]} == {
        "closed": False,
        "submitted": False,
        "ordered": True,
        "withdrawn": False,
    }
    for case in page["cases"]:
        assert case["submit_url"] == f"/business/{story.link}/rectifications/{case['rectification']['id']}"
        assert case["finding"]["rectification_url"] == case["rectification"]["url"]
    with pytest.raises(BadLink):
        await story.house.desks.business("guess", "zh_CN")


async def test_a_business_page_asks_as_often_however_many_cases_there_are(story, asked):
    assert 0 < await asked(story.house.desks.business(story.link, "zh_CN")) < 20


COURSE = {
    (Method.DRAW, Phase.DRAFT): ["draw", "cancel"],
    (Method.DRAW, Phase.DRAWING): ["draw", "cancel"],
    (Method.DRAW, Phase.READY): ["start", "cancel"],
    (Method.DRAW, Phase.LIVE): ["conclude", "cut", "cancel"],
    (Method.DRAW, Phase.CONCLUDED): ["cancel"],
    (Method.DRAW, Phase.FOLLOWING): ["cancel"],
    (Method.DRAW, Phase.CLOSED): [],
    (Method.DRAW, Phase.CANCELLED): [],
    (Method.VOTE, Phase.DRAFT): ["nominating", "cancel"],
    (Method.VOTE, Phase.VOTING): ["cancel"],
    (Method.SHORTLIST, Phase.VOTING): ["draw", "cancel"],
}


@pytest.mark.parametrize(("method", "phase"), COURSE)
async def test_the_operator_is_offered_what_the_lifecycle_has(method, phase):
    episode = Episode("ep_1", 1, "一期", method, phase, FakeClock().at)
    assert [a.action for a in actions(episode, [], shortlisted=True)] == COURSE[method, phase]
    offered = [a.action for a in actions(episode, [])]
    assert ("draw" in offered) == ("draw" in COURSE[method, phase] and phase is not Phase.VOTING)


async def test_a_drawn_target_is_assigned_next_and_a_cut_picture_is_not_cut_again():
    drawn = Episode("ep_1", 1, "一期", Method.DRAW, Phase.DRAWING, FakeClock().at, target="ta_1")
    team = SimpleNamespace(of=Of.INSPECTORS, drawn_at=FakeClock().at, voided_at=None)
    assert [a.action for a in actions(drawn, [team], cut=False)] == ["assign", "cancel"]
    awaited = SimpleNamespace(of=Of.INSPECTORS, drawn_at=None, voided_at=None)
    assert [a.action for a in actions(drawn, [awaited], cut=False)] == ["cancel"]
    running = Episode("ep_1", 1, "一期", Method.DRAW, Phase.LIVE, FakeClock().at)
    assert [a.action for a in actions(running, [], cut=True)] == ["conclude", "cancel"]
    reasons = {a.action for a in actions(running, [], cut=False) if a.needs_reason}
    assert reasons == {"cut", "cancel"}
