"""The pages of a draw over a whole house: what they say at every standing, and that their JSON proves the draw."""

from datetime import timedelta

import pytest

from server.draws.plan import Asked
from server.draws.verify import Verdict, check, verdict
from tests.server.viewing.draw_stage import SECRET

pytestmark = pytest.mark.asyncio(loop_scope="module")


def proven(facts, file):
    """The steps that did not pass, and the verdict."""
    steps = list(check(facts, file))
    return {step.step: step.problem for step in steps if step.problem}, verdict(steps)


async def test_the_json_of_a_finished_draw_proves_it_and_its_team(stage):
    draw = await stage.ceremony(beacon=True)
    await stage.seal(draw, stage.cast.deputy)
    stage.reach(draw.ceremony.commit_until)
    await stage.house.sources.reveal(stage.cast.deputy, draw.id, SECRET)
    stage.reach(draw.sources[-1].out_at)
    await stage.advance(draw)
    team = (await stage.house.draws.store.all_of_episode(draw.episode))[-1]
    for one in (draw, team):
        facts = await stage.page(one)
        problems, _ = proven(facts, stage.house.draws.files.file(one.pool_sha256))
        assert problems == ({"chain": "chain_foreign"} if one is draw else {})
    assert facts["place"] == {"category": "catering", "district": "测试区"}
    assert [lot["name"] for lot in facts["drawn"]]
    assert facts["other_draws"][0]["id"] == draw.id


async def test_a_page_says_what_is_waited_for(stage):
    draw = await stage.ceremony(beacon=True)
    facts = await stage.page(draw)
    assert (facts["standing"], facts["next_at"]) == ("sealing", facts["sources"][0]["commit_until"])
    assert facts["weights"] == {"2": 5}
    stage.reach(draw.ceremony.commit_until)
    assert (await stage.page(draw))["standing"] in ("opening", "awaited")
    await stage.advance(draw)
    facts = await stage.page(draw)
    assert (facts["standing"], facts["sources"][0]["fell"]) == ("awaited", True)
    stage.reach(draw.sources[-1].out_at)
    await stage.advance(draw)
    assert (await stage.page(draw))["standing"] == "drawn"


async def test_who_withholds_is_named_and_the_void_draw_leads_to_the_next(stage):
    draw = await stage.ceremony()
    for deputy in (stage.cast.deputy, stage.second):
        await stage.seal(draw, deputy)
    stage.reach(draw.ceremony.commit_until)
    await stage.house.sources.reveal(stage.cast.deputy, draw.id, SECRET)
    stage.reach(draw.ceremony.out_at + timedelta(seconds=1))
    await stage.advance(draw)
    facts = await stage.page(draw)
    assert (facts["standing"], facts["void_code"], facts["missing"]) == ("void", "no_source_left", [stage.second.name])
    assert proven(facts, stage.house.draws.files.file(draw.pool_sha256)) == ({}, Verdict.PROVEN)
    text = await stage.site.html(f"/draws/{draw.id}", language="en")
    assert stage.second.name in text
    again = await stage.house.choosing.announce(stage.cast.operator, draw.episode, Asked())
    assert (await stage.page(draw))["after"] == {"attempt": 2, "url": f"/draws/{again.id}"}
    assert (await stage.page(again))["before"]["attempt"] == 1


async def test_a_deputy_sees_their_turn_and_their_desk_lists_it(stage):
    deputy, draw = stage.cast.deputy, await stage.ceremony()

    async def step():
        page = await stage.site.json(f"/draws/{draw.id}/witness.json", deputy)
        desk = await stage.site.json("/deputy.json", deputy)
        return page["step"], {duty["id"]: duty["step"] for duty in desk["duties"]}.get(draw.id)

    assert await step() == ("seal", "seal")
    await stage.seal(draw, deputy)
    assert await step() == ("wait", "wait")
    stage.reach(draw.ceremony.commit_until)
    assert await step() == ("open", "open")
    await stage.house.sources.reveal(deputy, draw.id, SECRET)
    assert (await step())[0] == "done"


async def test_who_did_not_seal_or_did_not_open_is_told(stage):
    draw = await stage.ceremony()
    await stage.seal(draw, stage.second)
    stage.reach(draw.ceremony.commit_until)
    assert (await stage.site.json(f"/draws/{draw.id}/witness.json", stage.cast.deputy))["step"] == "late"
    stage.reach(draw.ceremony.out_at + timedelta(seconds=1))
    assert (await stage.site.json(f"/draws/{draw.id}/witness.json", stage.second))["step"] == "missed"


async def test_a_draw_without_witnesses_has_no_page_for_them(stage):
    draw = await stage.announce()
    await stage.site.json(f"/draws/{draw.id}/witness.json", stage.cast.deputy, status=404)
    await stage.site.json("/draws/nowhere.json", status=404)
