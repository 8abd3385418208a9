import hashlib

from server.draws.plan import Asked
from server.draws.shuffle import commitment
from server.episodes.lifecycle import Method
from tests.makers import fill_registry, hire_cast, planned, reach


async def test_the_pool_hashes_to_what_was_announced(site) -> None:
    cast = await hire_cast(site.house)
    await fill_registry(site.house, 7)
    inspection = await planned(site.house, cast)
    for draw in await site.house.draws.store.all_of_episode(inspection.episode):
        async with await site.ask("GET", f"/draws/{draw.id}/pool.txt") as reply:
            assert reply.content_type == "text/plain"
            assert "immutable" in reply.headers["Cache-Control"]
            assert hashlib.sha256(await reply.read()).hexdigest() == draw.pool_sha256


async def test_a_deputy_witnesses_an_operator_gives_and_everybody_recomputes(site) -> None:
    cast = await hire_cast(site.house)
    await fill_registry(site.house)
    episode = await site.house.episodes.create(
        cast.operator, title="一期", method=Method.DRAW, plan={"live": site.house.clock()}
    )
    asked = {"ceremony": "1", "commit_minutes": "1", "reveal_minutes": "1"}
    draw_id = (await site.post(f"/episodes/{episode.id}/draw", cast.operator, **asked))["draw"]
    secret = b"s" * 32
    sealed = commitment(draw_id, cast.deputy.mark, secret)
    await site.post(f"/draws/{draw_id}/commitments", cast.operator, status=403, commitment=sealed)
    await site.post(f"/draws/{draw_id}/commitments", cast.deputy, commitment=sealed)
    draw = await site.house.draws.get(draw_id)
    await reach(site.house.clock, draw.ceremony.commit_until)
    await site.post(f"/draws/{draw_id}/reveals", cast.deputy, secret=secret.hex())
    await site.house.sources.advance(draw_id)
    assert (await site.house.draws.get(draw_id)).winners
    assert draw.secret not in await (await site.ask("GET", f"/draws/{draw_id}.json")).text()


async def test_numbers_are_given_and_a_draw_is_called_off_at_doors(site) -> None:
    cast = await hire_cast(site.house)
    await fill_registry(site.house)
    episode = await site.house.episodes.create(
        cast.operator, title="一期", method=Method.DRAW, plan={"live": site.house.clock()}
    )
    due = site.house.clock().replace(hour=5).isoformat()
    asked = {"numbers_name": "测试彩", "numbers_due": due}
    first = (await site.post(f"/episodes/{episode.id}/draw", cast.operator, **asked))["draw"]
    await site.post(f"/draws/{first}/void", cast.operator, status=400, reason="")
    await site.post(f"/draws/{first}/void", cast.operator, reason="号码期号写错")
    second = (await site.post(f"/episodes/{episode.id}/draw", cast.operator, **asked))["draw"]
    await site.post(f"/draws/{second}/sources", cast.operator, status=409, source="0", value="1 2")
    await reach(site.house.clock, (await site.house.draws.get(second)).sources[0].out_at)
    told = await site.post(f"/draws/{second}/sources", cast.operator, source="0", value="1 2")
    assert len(told["drawn"]) == 1


async def test_an_unknown_draw_has_no_pool(site) -> None:
    async with await site.ask("GET", "/draws/dr_nobody/pool.txt") as reply:
        assert reply.status == 404


async def test_a_draw_by_the_beacon_is_the_default(site) -> None:
    cast = await hire_cast(site.house)
    await fill_registry(site.house)
    episode = await site.house.episodes.create(
        cast.operator, title="一期", method=Method.DRAW, plan={"live": site.house.clock()}
    )
    told = await site.post(f"/episodes/{episode.id}/draw", cast.operator)
    (source,) = (await site.house.draws.get(told["draw"])).sources
    assert (source.kind, source.chain) == ("beacon", site.house.draws.chain.hash)
    assert Asked().beacon
