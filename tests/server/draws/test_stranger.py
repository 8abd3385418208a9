"""What this house publishes is found good by the stranger, who has it from the text alone; so are both sides' cases."""

from dataclasses import replace
from datetime import timedelta

import pytest

from server.app import all_in_place
from server.draws.model import Algorithm, Of, Source, SourceKind
from server.draws.plan import Asked
from server.draws.pool import Member
from server.draws.team import Duty
from tests.draw_cases import FALSE, GENUINE, QUICKNET
from tests.journeys.draw_stranger import Refuted, verify
from tests.journeys.draw_stranger_sources import Chain, Void
from tests.server.draws.conftest import DEPUTIES, OPERATOR
from tests.server.draws.test_sources import opened, sealed

DRAND = Chain(
    QUICKNET,
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451"
    "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
    1692803367,
    3,
)
in_one_loop = pytest.mark.asyncio(loop_scope="module")
CEREMONY = Asked(commit_minutes=5, reveal_minutes=5)
ALONE = Asked(beacon=False, commit_minutes=5, reveal_minutes=5)


def judge_case(case):
    proof = case.proof
    others = {other["id"]: other["facts"] for other in proof.get("other_draws", [])}
    return verify(proof["facts"], case.pool, chains=[DRAND], draws=others, **proof.get("place", {}))


@pytest.mark.parametrize("name", GENUINE)
def test_the_stranger_finds_genuine_draws_good(name) -> None:
    if name.startswith("void"):
        with pytest.raises(Void):
            judge_case(GENUINE[name]())
    else:
        assert judge_case(GENUINE[name]()).drawn


@pytest.mark.parametrize("name", FALSE)
def test_the_stranger_finds_out_what_our_own_verifiers_find_out(name) -> None:
    make, falsify, *_ = FALSE[name]
    case = make()
    falsify(case)
    with pytest.raises(Refuted):
        judge_case(case)


async def texts(table, draw):
    await all_in_place(table.house)
    return [entry.raw.decode() async for entry in table.house.ledger.about(draw.id)]


async def judge(table, draw, **known):
    chain = table.beacon.chain
    known = {"chains": [Chain(chain.hash, chain.key, chain.genesis, chain.period)], **known}
    return verify(await texts(table, draw), table.house.draws.files.file(draw.pool_sha256), **known)


@in_one_loop
async def test_witnesses_and_a_beacon(table) -> None:
    draw = await table.announce(replace(CEREMONY, wanted=3))
    await opened(table, draw, await sealed(table, draw, *DEPUTIES))
    await table.advance(draw)
    table.reach(draw.sources[1].out_at)
    done = await table.advance(draw)
    assert (await judge(table, draw)).drawn == list(done.winners)


@in_one_loop
async def test_a_witness_who_withholds(table) -> None:
    draw = await table.announce(replace(CEREMONY, wanted=3))
    found = await sealed(table, draw, *DEPUTIES)
    await opened(table, draw, {deputy: found[deputy] for deputy in DEPUTIES[1:]})
    table.reach(draw.sources[1].out_at)
    done = await table.advance(draw)
    assert (await judge(table, draw)).drawn == list(done.winners)


@in_one_loop
async def test_nobody_comes_and_the_beacon_decides(table) -> None:
    draw = await table.announce(CEREMONY)
    table.reach(draw.sources[1].out_at)
    done = await table.advance(draw)
    assert (await judge(table, draw)).drawn == list(done.winners)


@in_one_loop
async def test_beacon_and_numbers(table) -> None:
    due = table.clock() + timedelta(hours=1)
    draw = await table.announce(Asked(wanted=4, numbers_name="测试彩 001 期", numbers_due=due))
    table.reach(max(source.out_at for source in draw.sources))
    place = next(n for n, source in enumerate(draw.sources) if source.kind is SourceKind.NUMBERS)
    await table.advance(draw)
    await table.house.sources.give(OPERATOR, draw.id, place, "12，3、7")
    done = await table.advance(draw)
    assert (await judge(table, draw)).drawn == list(done.winners)


@in_one_loop
async def test_rfc_3797(table) -> None:
    due = table.clock() + timedelta(minutes=5)
    asked = Asked(wanted=10, algorithm=Algorithm.RFC3797, beacon=False, numbers_name="测试彩", numbers_due=due)
    draw = await table.announce(asked)
    table.reach(due)
    done = await table.house.sources.give(OPERATOR, draw.id, 0, "9319")
    assert (await judge(table, draw)).drawn == list(done.winners)


@in_one_loop
async def test_a_team_from_the_key_of_its_targets_draw(table) -> None:
    draw = await table.announce(episode="ep_stranger")
    duties = [Duty(n % 3, ("catering",) if n % 2 else (), ("城东区",) if n == 4 else ()).note() for n in range(7)]
    members = [Member(f"{n:064x}", 1, note) for n, note in enumerate(duties)] + [Member("ff" * 32, 0, "resting")]
    source = Source(SourceKind.DRAW, draw.first_out_at, draw=draw.id)
    child = await table.announce(
        Asked(wanted=7), episode="ep_stranger", of=Of.INSPECTORS, members=members, sources=(source,)
    )
    table.reach(draw.sources[0].out_at)
    await table.advance(draw)
    team = await table.house.draws.get(child.id)
    parent = {draw.id: await texts(table, draw)}
    assert (await judge(table, child, draws=parent)).drawn == list(team.winners)


@in_one_loop
async def test_what_was_void_and_came_again(table) -> None:
    first = await table.announce(ALONE, episode="ep_void_again")
    found = await sealed(table, first, *DEPUTIES[:2])
    await opened(table, first, {DEPUTIES[0]: found[DEPUTIES[0]]})
    table.reach(first.ceremony.reveal_until, seconds=1)
    await table.advance(first)
    with pytest.raises(Void):
        await judge(table, first)
    second = await table.announce(episode="ep_void_again")
    table.reach(second.sources[0].out_at)
    done = await table.advance(second)
    assert (await judge(table, second, earlier=[await texts(table, first)])).drawn == list(done.winners)
    with pytest.raises(Refuted, match="not all here"):
        await judge(table, second)


@in_one_loop
async def test_what_was_called_off_in_time_and_what_hung_on_it(table) -> None:
    draw = await table.announce(episode="ep_off_stranger")
    source = Source(SourceKind.DRAW, draw.first_out_at, draw=draw.id)
    members = [Member(f"{n:064x}", 1, Duty().note()) for n in range(3)]
    child = await table.announce(
        Asked(wanted=3), episode="ep_off_stranger", of=Of.INSPECTORS, members=members, sources=(source,)
    )
    await table.house.draws.void(OPERATOR, draw.id, "名录有误，重新冻结。")
    parent = {draw.id: await texts(table, draw)}
    for void in (draw, child):
        with pytest.raises(Void):
            await judge(table, void, draws=parent)
