import pytest

from server.rectifications.model import State
from tests.makers import failing, fill_registry, hire_cast, live


@pytest.fixture
async def scene(site):
    """A live inspection with one rectification, at the doors."""
    await fill_registry(site.house)
    site.cast = await hire_cast(site.house)
    site.inspection = await live(site.house, site.cast)
    finding = await failing(site.house, site.cast, site.inspection)
    site.order = await site.house.rectifications.store.of_finding(finding.id)
    return site


async def test_an_officer_moves_it_and_a_program_is_told_the_facts(scene):
    path = f"/rectifications/{scene.order.id}/move"
    facts = await scene.post(path, scene.cast.inspectors[0], to="submitted", words="已收到")
    assert facts == {"id": scene.order.id, "state": "submitted"}


async def test_a_form_leads_back_to_the_page(scene):
    path = f"/rectifications/{scene.order.id}"
    form = {"to": "extended", "words": "设备在途"}
    async with await scene.ask("POST", f"{path}/move", scene.cast.operator, headers={}, data=form) as reply:
        assert (reply.status, reply.headers["Location"]) == (303, path)
    assert "设备在途" in await scene.html(path)


async def test_what_cannot_be_is_refused_and_changes_nothing(scene):
    for fields, status, where in (
        ({"to": "nowhere", "words": "x"}, 400, "to"),
        ({"words": "x"}, 400, "to"),
        ({"to": "submitted"}, 400, "words"),
        ({"to": "submitted", "words": "字" * 1001}, 400, "words"),
        ({"to": "closed"}, 409, None),
        ({"to": "withdrawn", "words": "x"}, 409, None),
    ):
        refused = await scene.post(f"/rectifications/{scene.order.id}/move", scene.cast.operator, status, **fields)
        assert refused["error"]["where"] == where, fields
    assert (await scene.house.rectifications.get(scene.order.id)).state is State.ORDERED


async def test_a_business_hands_in_behind_its_link_and_nowhere_else(scene):
    made = await scene.post(f"/inspections/{scene.inspection.id}/business-link", scene.cast.operator)
    path = f"{made['url']}/rectifications/{scene.order.id}"
    refused = await scene.post(f"/business/guess/rectifications/{scene.order.id}", status=404, words="已换新")
    assert refused["error"]["kind"] == "BadLink"
    assert (await scene.post(path, status=400, words=" "))["error"]["where"] == "words"
    async with await scene.ask("POST", path, headers={}, data={"words": "已换新"}) as reply:
        assert (reply.status, reply.headers["Location"]) == (303, made["url"])
    assert "已换新" in await scene.html(f"/rectifications/{scene.order.id}")
    assert (await scene.post(path, status=409, words="再来"))["error"]["kind"] == "NoSuchMove"


async def test_the_page_of_a_new_link_is_what_a_browser_is_sent_to(scene):
    path = f"/inspections/{scene.inspection.id}/business-link"
    async with await scene.ask("POST", path, scene.cast.operator, headers={}) as reply:
        assert reply.status == 303
        assert reply.headers["Location"].startswith("/business/")
    async with await scene.ask("GET", reply.headers["Location"]) as page:
        assert page.status == 200
        assert page.headers["Cache-Control"] == "no-store"


async def test_a_link_to_no_inspection_is_not_made(scene):
    refused = await scene.post("/inspections/in_nobody/business-link", scene.cast.operator, 404)
    assert refused["error"]["kind"] == "NoSuchInspection"
