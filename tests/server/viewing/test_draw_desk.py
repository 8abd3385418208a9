"""What an operator finds on their page of an episode, and that its forms do what they say."""

from datetime import timedelta

import pytest

from server.draws.verify import Verdict, check, verdict
from tests.server.viewing.draw_stage import BEACON

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def desk(stage, episode):
    return await stage.site.json(f"/operator/episodes/{episode}.json", stage.cast.operator)


async def test_a_form_announces_a_draw_with_the_sources_asked_for(stage):
    episode = await stage.episode()
    text = await stage.site.html(f"/operator/episodes/{episode.id}", stage.cast.operator)
    assert f'action="/episodes/{episode.id}/draw"' in text
    due = (stage.house.clock() + timedelta(hours=9)).strftime("%Y-%m-%dT%H:%M")  # A form says the city's clock.
    fields = {"beacon": "1", "ceremony": "1", "commit_minutes": "2", "reveal_minutes": "1", "algorithm": "sha256"}
    numbers = {"numbers_name": "Test lottery", "numbers_due": due}
    await stage.site.post(f"/episodes/{episode.id}/draw", stage.cast.operator, **fields, **numbers)
    facts = await desk(stage, episode.id)
    target = facts["open_draws"][0]
    assert [(source["kind"], source["is_out"]) for source in target["waiting"]] == [
        ("numbers", False),
        ("beacon", False),
    ]
    assert target["may_void"]
    assert not [action for action in facts["actions"] if action["action"] == "draw"]
    await stage.site.post(f"/draws/{target['id']}/void", stage.cast.operator, reason="写错了来源")
    assert (await desk(stage, episode.id))["open_draws"] == []


async def test_what_is_typed_in_decides_and_a_false_signature_is_refused(stage):
    BEACON.away = True
    try:
        draw = await stage.announce(numbers_name="Lottery", numbers_due=stage.house.clock() + timedelta(minutes=5))
        stage.reach(max(source.out_at for source in draw.sources))
        rows = {s["kind"]: s for s in (await desk(stage, draw.episode))["open_draws"][0]["waiting"]}
        assert rows["numbers"]["is_out"]
        signature = BEACON.signature(rows["beacon"]["round"])
        door, operator = f"/draws/{draw.id}/sources", stage.cast.operator
        false = BEACON.signature(rows["beacon"]["round"] + 1)
        await stage.site.post(door, operator, status=400, source=rows["beacon"]["number"], value=false)
        await stage.site.post(door, operator, source=rows["beacon"]["number"], value=signature)
        said = await stage.site.post(door, operator, source=rows["numbers"]["number"], value="5 3 8")
        assert len(said["drawn"]) == 1
    finally:
        BEACON.away = False


async def test_who_steps_back_is_named_by_their_mark_and_the_next_moves_up(stage):
    draw = await stage.announce()
    stage.reach(draw.first_out_at)
    await stage.advance(draw)
    inspection = await stage.house.teams.assign(stage.cast.operator, draw.episode)
    facts = await desk(stage, draw.episode)
    assert len(facts["members"]) == 2
    door = f"/inspections/{inspection.id}/recuse"
    gone = facts["members"][0]
    await stage.site.post(door, stage.cast.operator, inspector=gone["mark"], reason="亲属在该企业任职")
    after = await desk(stage, draw.episode)
    assert gone["mark"] not in {member["mark"] for member in after["members"]}
    assert len(after["members"]) == 2
    why = await stage.site.json(f"/episodes/{draw.episode}/why.json")
    assert [recusal["name"] for recusal in why["recusals"]] == [gone["name"]]
    page = await stage.page((await stage.house.draws.store.all_of_episode(draw.episode))[-1])
    assert [recusal["name"] for recusal in page["recusals"]] == [gone["name"]]
    steps = list(check(page, stage.house.draws.files.file(page["pool_sha256"])))
    assert verdict(steps) is Verdict.PROVEN
