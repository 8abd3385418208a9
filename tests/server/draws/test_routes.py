import hashlib

from server.episodes.lifecycle import Method
from tests.makers import fill_registry, hire_cast, planned


async def test_the_pool_hashes_to_the_digest_that_was_committed_to(site) -> None:
    cast = await hire_cast(site.house)
    await fill_registry(site.house, 7)
    inspection = await planned(site.house, cast)
    for draw in await site.house.draws.store.all_of_episode(inspection.episode):
        async with await site.ask("GET", f"/draws/{draw.id}/pool.txt") as reply:
            assert reply.content_type == "text/plain"
            assert hashlib.sha256(await reply.read()).hexdigest() == draw.pool_digest


async def test_the_secret_stays_secret_until_the_draw(site) -> None:
    cast = await hire_cast(site.house)
    await fill_registry(site.house)
    episode = await site.house.episodes.create(
        cast.operator, title="一期", method=Method.DRAW, plan={"live": site.house.clock()}
    )
    draw = await site.house.episodes._commit(cast.operator, episode)
    for address in (f"/draws/{draw.id}", f"/draws/{draw.id}/pool.txt", f"/episodes/{episode.id}"):
        async with await site.ask("GET", address) as reply:
            assert reply.status == 200
            text = await reply.text()
        assert draw.secret not in text
    await site.house.episodes.draw(cast.operator, episode.id)
    assert (await site.json(f"/draws/{draw.id}.json"))["secret"] == draw.secret


async def test_an_unknown_draw_has_no_pool(site) -> None:
    async with await site.ask("GET", "/draws/dr_nobody/pool.txt") as reply:
        assert reply.status == 404
