import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from server.draws import shuffle
from server.draws.actions import BY_OPERATOR, NO_SOURCE
from server.draws.model import Algorithm, BadSource, DrawOver, EmptyPool, NoSuchDraw, Of, Source, SourceKind
from server.draws.plan import Asked
from server.draws.pool import Member, tickets_of
from server.draws.team import Duty
from server.kit.errors import Invalid, NotAllowed, TooLate
from tests.server.draws.conftest import DEPUTIES, OPERATOR

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_pool_and_sources_are_on_record_before_any_randomness_exists(table) -> None:
    draw = await table.announce(Asked(wanted=2))
    (fact,) = await table.facts(draw)
    assert fact.kind == "draw.announced"
    assert fact.body == {
        "of": "target",
        "attempt": 1,
        "pool_sha256": draw.pool_sha256,
        "members": 21,
        "tickets": 50,
        "excluded": {"closed": 1},
        "wanted": 2,
        "algorithm": "sha256",
        "sources": [{"kind": "beacon", "chain": table.beacon.chain.hash, "round": draw.sources[0].round}],
        "filter": {},
    }
    assert fact.at < table.beacon.chain.at(draw.sources[0].round)
    assert draw.secret not in fact.raw().decode()
    assert (await table.advance(draw)).is_open


async def test_whoever_has_what_is_published_draws_the_same(table) -> None:
    draw = await table.announce(Asked(wanted=3))
    table.reach(draw.sources[0].out_at)
    done = await table.advance(draw)
    _, sourced, drawn = await table.facts(draw)
    assert sourced.body["value"] == table.beacon.randomness(draw.sources[0].round)
    key = shuffle.key(draw.id, draw.pool_sha256, [sourced.body["value"]])
    assert drawn.body["key"] == key.hex() == done.key
    file = table.house.draws.files.file(draw.pool_sha256)
    lines = file.decode().splitlines()
    positions = shuffle.lots(key, tickets_of(file), 3)
    opened = [shuffle.pseudonym(bytes.fromhex(salt), member) for member, salt in drawn.body["drawn"]]
    assert opened == [lines[at].split()[0] for at in positions]
    assert [member for member, _ in drawn.body["drawn"]] == list(done.winners)


async def test_only_those_who_were_drawn_are_opened(table) -> None:
    draw = await table.announce()
    table.reach(draw.sources[0].out_at)
    await table.advance(draw)
    told = "".join(fact.raw().decode() for fact in await table.facts(draw))
    assert told.count("ta_") == 1
    assert draw.secret not in told


async def test_rfc_3797_is_drawn_by_its_own_rule(table) -> None:
    due = table.clock() + timedelta(minutes=5)
    asked = Asked(wanted=10, algorithm=Algorithm.RFC3797, beacon=False, numbers_name="测试彩", numbers_due=due)
    members = [Member(f"ta_{n:02d}") for n in range(25)]
    draw = await table.announce(asked, members=members)
    table.reach(due)
    done = await table.house.sources.give(OPERATOR, draw.id, 0, "9319")
    ids = table.house.draws.files.ids(draw.pool_sha256)
    assert done.winners == tuple(ids[at] for at in shuffle.lots_rfc3797(["9319."], [1] * 25, 10))


async def test_nobody_draws_again_until_they_like_the_outcome(table) -> None:
    draw = await table.announce(episode="ep_again")
    with pytest.raises(DrawOver, match="repeated only when it was void"):
        await table.announce(episode="ep_again")
    table.reach(draw.sources[0].out_at)
    await table.advance(draw)
    with pytest.raises(DrawOver):
        await table.announce(episode="ep_again")
    assert len(await table.house.draws.store.all_of_episode("ep_again")) == 1


async def test_operators_at_once_announce_one_draw(table) -> None:
    outcomes = await asyncio.gather(*(table.announce(episode="ep_race") for _ in range(5)), return_exceptions=True)
    assert len([o for o in outcomes if not isinstance(o, Exception)]) == 1
    assert all(isinstance(o, TooLate) for o in outcomes if isinstance(o, Exception))


async def test_a_beacon_round_that_is_out_is_no_source(table) -> None:
    chain = table.beacon.chain
    number = chain.round_from(table.clock()) - 1
    known = Source(SourceKind.BEACON, chain.at(number), chain=chain.hash, round=number)
    with pytest.raises(BadSource, match="ahead"):
        await table.announce(sources=(known,))


async def test_a_draw_is_called_off_in_public_and_announced_anew(table) -> None:
    draw = await table.announce(episode="ep_off")
    with pytest.raises(Invalid):
        await table.house.draws.void(OPERATOR, draw.id, "")
    with pytest.raises(NotAllowed):
        await table.house.draws.void(DEPUTIES[0], draw.id, "名录有误")
    void = await table.house.draws.void(OPERATOR, draw.id, "名录有误，重新冻结。")
    assert (void.void_code, void.void_reason) == (BY_OPERATOR, "名录有误，重新冻结。")
    assert await table.kinds(draw) == ["announced", "voided"]
    assert "名录" not in (await table.facts(draw))[-1].raw().decode()
    assert (await table.announce(episode="ep_off")).attempt == 2


async def test_once_anybody_may_know_something_a_draw_is_not_called_off(table) -> None:
    draw = await table.announce()
    table.reach(draw.sources[0].out_at)
    with pytest.raises(DrawOver, match="may be known"):
        await table.house.draws.void(OPERATOR, draw.id, "不喜欢")
    witnessed = await table.announce(Asked(commit_minutes=5, reveal_minutes=5))
    await table.house.sources.witness(DEPUTIES[0], witnessed.id, "aa" * 32)
    with pytest.raises(DrawOver, match="may be known"):
        await table.house.draws.void(OPERATOR, witnessed.id, "不喜欢")


@pytest.mark.parametrize("members", [[], [Member("ta_1")], [Member("ta_1"), Member("ta_2", 0, "closed")]])
async def test_a_pool_that_is_too_small_is_refused(table, members) -> None:
    with pytest.raises(EmptyPool, match="but 2 are to be drawn"):
        await table.announce(Asked(wanted=2), members=members, episode="ep_small")
    assert await table.house.draws.store.all_of_episode("ep_small") == []


async def test_at_most_500_are_drawn_at_once(table) -> None:
    for wanted in (0, 501):
        with pytest.raises(Invalid, match="can be drawn at once"):
            await table.announce(Asked(wanted=wanted))


async def test_inspectors_are_drawn_from_the_same_key(table) -> None:
    draw = await table.announce(episode="ep_team")
    duties = [Member(f"{n:064x}", 1, Duty(burden=n % 2).note()) for n in range(6)] + [Member("ff" * 32, 0, "resting")]
    source = Source(SourceKind.DRAW, draw.first_out_at, draw=draw.id)
    child = await table.announce(
        replace(Asked(), wanted=6), episode="ep_team", of=Of.INSPECTORS, members=duties, sources=(source,)
    )
    table.reach(draw.sources[0].out_at)
    done = await table.advance(draw)
    team = await table.house.draws.get(child.id)
    assert team.sources[0].value == done.key
    assert team.key == shuffle.key(child.id, child.pool_sha256, [done.key]).hex()
    assert len(team.winners) == 2
    assert all(int(mark, 16) % 2 == 0 for mark in team.winners)  # the least burdened go first
    assert await table.kinds(child) == ["announced", "sourced", "drawn"]


async def test_what_hangs_on_a_void_draw_is_void(table) -> None:
    draw = await table.announce(Asked(beacon=False, commit_minutes=1, reveal_minutes=1), episode="ep_void")
    source = Source(SourceKind.DRAW, draw.first_out_at, draw=draw.id)
    members = [Member(f"{n:064x}", 1, Duty().note()) for n in range(3)]
    child = await table.announce(episode="ep_void", of=Of.INSPECTORS, members=members, sources=(source,))
    table.reach(draw.sources[0].out_at, seconds=1)
    void = await table.advance(draw)
    assert void.void_code == NO_SOURCE
    assert (await table.house.draws.get(child.id)).voided_at
    assert await table.kinds(child) == ["announced", "voided"]


async def test_an_aborted_announcement_leaves_neither_draw_nor_fact(table) -> None:
    draw = await table.announce()

    async def work(tx):
        await table.house.draws._void(tx, draw, BY_OPERATOR, "mark")
        raise RuntimeError("the rest of the transaction fails")

    with pytest.raises(RuntimeError):
        await table.house.database.transact(work)
    assert (await table.house.draws.get(draw.id)).is_open
    assert await table.kinds(draw) == ["announced"]


async def test_an_unknown_draw_is_not_found(table) -> None:
    with pytest.raises(NoSuchDraw):
        await table.house.draws.get("dr_nobody")
