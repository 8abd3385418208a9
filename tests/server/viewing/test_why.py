import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_drawn_target_is_explained_by_its_draws_and_its_team(stage):
    draw = await stage.announce()
    before = await stage.site.json(f"/episodes/{draw.episode}/why.json")
    assert (before["target"], before["team"]) == (None, [])
    assert [one["standing"] for one in before["draws"]] == ["awaited", "awaited"]
    stage.reach(draw.first_out_at)
    await stage.advance(draw)
    inspection = await stage.house.teams.assign(stage.cast.operator, draw.episode)
    facts = await stage.site.json(f"/episodes/{draw.episode}/why.json")
    assert facts["target"]["id"] == inspection.target
    assert len({person["name"] for person in facts["team"]}) == 2
    assert [(one["of"], one["standing"]) for one in facts["draws"]] == [("target", "drawn"), ("inspectors", "drawn")]
    assert facts["nominations"]["count"] == 0
    assert (facts["ballot"], facts["recusals"]) == (None, [])
    for language in ("zh_CN", "en"):
        assert facts["target"]["name"] in await stage.site.html(f"/episodes/{draw.episode}/why", language=language)
