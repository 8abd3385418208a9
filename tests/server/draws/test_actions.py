import asyncio
import hashlib

import pytest

from server.app import all_in_place
from server.draws.actions import NoSuchDraw
from server.draws.model import EmptyPool, Of
from server.kit.ids import new_id
from server.kit.mongo import ChangedMeanwhile

pytestmark = pytest.mark.asyncio(loop_scope="module")
POOL = [f"ta_{n:04d}" for n in range(20)]


async def commit(house, pool=POOL, wanted=2, episode=None):
    episode = episode or new_id("ep")

    async def work(tx):
        return await house.draws.commit(
            tx, of=Of.TARGET, episode=episode, pool=pool, wanted=wanted, filter={"district": "城东区"}, by="mark"
        )

    return await house.database.transact(work)


async def finish(house, draw):
    seed = await house.draws.seed_of(draw)
    return await house.database.transact(lambda tx: house.draws.finish(tx, draw, seed, "mark"))


async def facts(house, draw):
    return [entry.fact async for entry in house.ledger.about(draw.id)]


async def test_the_commitment_is_on_record_before_anything_is_drawn(house) -> None:
    draw = await commit(house)
    await house.ledger.settled(draw.ticket)
    (fact,) = await facts(house, draw)
    assert fact.kind == "draw.committed"
    assert fact.body["commitment"] == hashlib.sha256(bytes.fromhex(draw.secret)).hexdigest()
    assert draw.secret not in str(fact.body)
    assert draw.winners == ()


async def test_whoever_has_what_is_published_draws_the_same(house) -> None:
    done = await finish(house, await commit(house))
    await all_in_place(house)
    committed, drawn = await facts(house, done)
    secret = bytes.fromhex(drawn.body["secret"])
    pool = "".join(f"{member}\n" for member in sorted(POOL)).encode()
    assert hashlib.sha256(pool).hexdigest() == committed.body["pool_digest"]
    index = await house.ledger.store.index_of(done.ticket)
    context = f"{index}:{(await house.ledger.root_at(index + 1)).hex()}".encode()
    seed = hashlib.sha256(secret + bytes.fromhex(committed.body["pool_digest"]) + context).digest()
    assert seed.hex() == drawn.body["seed"] == done.seed
    ranked = sorted(POOL, key=lambda member: hashlib.sha256(seed + b"\0" + member.encode()).digest())
    assert ranked[:2] == drawn.body["winners"] == list(done.winners)


async def test_a_draw_that_broke_off_ends_with_the_same_winners(house) -> None:
    draw = await commit(house)
    first = await house.draws.seed_of(draw)
    again = await house.draws.seed_of(await house.draws.get(draw.id))  # after a restart
    assert first == again


async def test_the_order_in_which_a_pool_comes_does_not_matter(house) -> None:
    one = await commit(house, pool=POOL)
    other = await commit(house, pool=reversed(POOL))
    assert one.pool == other.pool
    assert one.pool_digest == other.pool_digest
    assert one.commitment != other.commitment


@pytest.mark.parametrize("pool", [[], ["only one"]])
async def test_a_pool_that_is_too_small_is_refused(house, pool) -> None:
    with pytest.raises(EmptyPool, match=f"The pool has {len(pool)} members, but 2 are to be drawn"):
        await commit(house, pool=pool, episode="ep_small")
    assert await house.draws.store.all_of_episode("ep_small") == []


async def test_an_aborted_commitment_leaves_neither_draw_nor_fact(house) -> None:
    async def work(tx):
        await house.draws.commit(tx, of=Of.TARGET, episode="ep_aborted", pool=POOL, wanted=1, filter={}, by="mark")
        raise RuntimeError("the rest of the transaction fails")

    with pytest.raises(RuntimeError):
        await house.database.transact(work)
    assert await house.draws.store.all_of_episode("ep_aborted") == []
    await all_in_place(house)
    assert await house.ledger.store.entries(0, 10_000, matching={"fact.episode": "ep_aborted"}) == []


async def test_an_aborted_draw_reveals_nothing_and_ends_later_as_it_would_have(house) -> None:
    draw = await commit(house)
    seed = await house.draws.seed_of(draw)
    tried = []

    async def work(tx):
        tried.append(await house.draws.finish(tx, draw, seed, "mark"))
        raise RuntimeError("the rest of the transaction fails")

    with pytest.raises(RuntimeError):
        await house.database.transact(work)
    assert (await house.draws.get(draw.id)).drawn_at is None
    await all_in_place(house)
    assert [fact.kind.value for fact in await facts(house, draw)] == ["draw.committed"]
    assert (await finish(house, draw)).winners == tried[0].winners


async def test_a_draw_is_finished_once_whoever_is_faster(house) -> None:
    draw = await commit(house)
    outcomes = await asyncio.gather(*(finish(house, draw) for _ in range(4)), return_exceptions=True)
    assert len([o for o in outcomes if not isinstance(o, Exception)]) == 1
    assert all(isinstance(o, ChangedMeanwhile) for o in outcomes if isinstance(o, Exception))
    await all_in_place(house)
    assert [fact.kind.value for fact in await facts(house, draw)] == ["draw.committed", "draw.drawn"]


async def test_who_replaces_a_winner_is_next_in_the_order_of_the_lot(house) -> None:
    done = await finish(house, await commit(house))
    order = house.draws.order(done)
    assert tuple(order[:2]) == done.winners
    assert sorted(order) == sorted(POOL)


async def test_an_unknown_draw_is_not_found(house) -> None:
    with pytest.raises(NoSuchDraw):
        await house.draws.get("dr_nobody")
