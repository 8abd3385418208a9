import asyncio
import secrets
from datetime import timedelta

import pytest

from server.draws import shuffle
from server.draws.actions import NO_SOURCE
from server.draws.model import BadSource, CommittedAlready, DrawOver, NotYet, WrongValue
from server.draws.plan import Asked
from server.kit.errors import Invalid, NotAllowed
from tests.server.draws.conftest import DEPUTIES, OPERATOR

pytestmark = pytest.mark.asyncio(loop_scope="module")
CEREMONY = Asked(commit_minutes=5, reveal_minutes=5)
ALONE = Asked(beacon=False, commit_minutes=5, reveal_minutes=5)


async def sealed(table, draw, *deputies):
    """These deputies' secrets, sealed."""
    found = {}
    for deputy in deputies:
        found[deputy] = secrets.token_bytes(32)
        commitment = shuffle.commitment(draw.id, deputy.mark, found[deputy])
        await table.house.sources.witness(deputy, draw.id, commitment)
    return found


async def opened(table, draw, found):
    table.reach(draw.ceremony.commit_until)
    for deputy, secret in found.items():
        await table.house.sources.reveal(deputy, draw.id, secret.hex())


async def test_witnesses_seal_open_and_the_draw_is_theirs_and_the_beacons(table) -> None:
    draw = await table.announce(CEREMONY)
    found = await sealed(table, draw, *DEPUTIES)
    await opened(table, draw, found)
    assert (await table.advance(draw)).is_open  # the beacon's round is still to come
    table.reach(draw.sources[1].out_at)
    done = await table.advance(draw)
    ceremony = "".join(f"{secret.hex()}." for secret in found.values())
    values = [ceremony, table.beacon.randomness(draw.sources[1].round)]
    assert done.key == shuffle.key(draw.id, draw.pool_sha256, values).hex()
    assert await table.kinds(draw) == [
        "announced", *["witnessed"] * 3, *["revealed"] * 3, "sourced", "sourced", "drawn",
    ]  # fmt: skip


async def test_a_witness_who_withholds_is_named_and_gains_nothing(table) -> None:
    draw = await table.announce(CEREMONY)
    found = await sealed(table, draw, *DEPUTIES)
    held = DEPUTIES[2]
    await opened(table, draw, {deputy: secret for deputy, secret in found.items() if deputy is not held})
    table.reach(draw.ceremony.reveal_until, seconds=1)
    after = await table.advance(draw)
    assert (after.ceremony.value, after.ceremony.missing) == (shuffle.FALLEN, (held.mark,))
    assert table.clock() < draw.sources[1].out_at  # whoever withheld could not know what the beacon would say
    with pytest.raises(DrawOver):
        await table.house.sources.reveal(held, draw.id, found[held].hex())
    table.reach(draw.sources[1].out_at)
    done = await table.advance(draw)
    values = [shuffle.FALLEN, table.beacon.randomness(draw.sources[1].round)]
    assert done.key == shuffle.key(draw.id, draw.pool_sha256, values).hex()


async def test_a_ceremony_alone_in_which_somebody_withholds_is_void_and_comes_again(table) -> None:
    draw = await table.announce(ALONE, episode="ep_withheld")
    found = await sealed(table, draw, *DEPUTIES[:2])
    await opened(table, draw, {DEPUTIES[0]: found[DEPUTIES[0]]})
    table.reach(draw.ceremony.reveal_until, seconds=1)
    void = await table.advance(draw)
    assert (void.void_code, void.drawn_at) == (NO_SOURCE, None)
    fact = (await table.facts(draw))[-1]
    assert fact.body == {"code": NO_SOURCE, "missing": [DEPUTIES[1].mark], "reason_digest": None}
    assert (await table.announce(ALONE, episode="ep_withheld")).attempt == 2


async def test_a_ceremony_to_which_nobody_comes_falls_at_its_first_deadline(table) -> None:
    draw = await table.announce(CEREMONY)
    table.reach(draw.ceremony.commit_until)
    assert (await table.advance(draw)).ceremony.fell


async def test_secrets_are_sealed_once_in_time_and_by_deputies(table) -> None:
    draw = await table.announce(CEREMONY)
    await sealed(table, draw, DEPUTIES[0])
    with pytest.raises(CommittedAlready):
        await sealed(table, draw, DEPUTIES[0])
    for other in (OPERATOR, None):
        with pytest.raises(NotAllowed):
            await table.house.sources.witness(other, draw.id, "aa" * 32)
    for commitment in ("", "AA" * 32, "aa" * 31):
        with pytest.raises(Invalid):
            await table.house.sources.witness(DEPUTIES[1], draw.id, commitment)
    table.reach(draw.ceremony.commit_until)
    with pytest.raises(DrawOver, match="could be sealed until"):
        await sealed(table, draw, DEPUTIES[1])


async def test_two_taps_at_once_seal_one_secret(table) -> None:
    draw = await table.announce(CEREMONY)
    taps = [table.house.sources.witness(DEPUTIES[0], draw.id, f"{n}a" * 32) for n in range(5)]
    outcomes = await asyncio.gather(*taps, return_exceptions=True)
    assert len([o for o in outcomes if not isinstance(o, Exception)]) == 1
    assert all(isinstance(o, CommittedAlready) for o in outcomes if isinstance(o, Exception))


async def test_another_secret_than_the_sealed_one_is_refused(table) -> None:
    draw = await table.announce(CEREMONY)
    found = await sealed(table, draw, *DEPUTIES[:2])
    first, second = DEPUTIES[:2]
    with pytest.raises(NotYet):
        await table.house.sources.reveal(first, draw.id, found[first].hex())
    table.reach(draw.ceremony.commit_until)
    for secret in ("bb" * 32, found[second].hex()):
        with pytest.raises(WrongValue):
            await table.house.sources.reveal(first, draw.id, secret)
    with pytest.raises(Invalid):
        await table.house.sources.reveal(first, draw.id, "no secret")
    await table.house.sources.reveal(first, draw.id, found[first].hex())
    await table.house.sources.reveal(first, draw.id, found[first].hex())  # a retry changes nothing
    assert (await table.kinds(draw)).count("revealed") == 1


async def test_a_copied_commitment_opens_nothing(table) -> None:
    draw = await table.announce(CEREMONY)
    found = await sealed(table, draw, DEPUTIES[0])
    copied = shuffle.commitment(draw.id, DEPUTIES[0].mark, found[DEPUTIES[0]])
    await table.house.sources.witness(DEPUTIES[1], draw.id, copied)
    table.reach(draw.ceremony.commit_until)
    with pytest.raises(WrongValue):
        await table.house.sources.reveal(DEPUTIES[1], draw.id, found[DEPUTIES[0]].hex())


async def test_a_round_is_typed_in_when_no_relay_answers_and_is_verified_all_the_same(table) -> None:
    draw = await table.announce()
    table.beacon.away = True
    number = draw.sources[0].round
    with pytest.raises(NotYet):
        await table.house.sources.give(OPERATOR, draw.id, 0, table.beacon.signature(number))
    table.reach(draw.sources[0].out_at)
    assert (await table.advance(draw)).is_open
    with pytest.raises(NotAllowed):
        await table.house.sources.give(DEPUTIES[0], draw.id, 0, table.beacon.signature(number))
    for wrong in ("00", "zz" * 48, "ab" * 48, table.beacon.signature(number + 1)):
        with pytest.raises(WrongValue):
            await table.house.sources.give(OPERATOR, draw.id, 0, wrong)
    done = await table.house.sources.give(OPERATOR, draw.id, 0, f" {table.beacon.signature(number).upper()} ")
    assert done.drawn_at
    sourced = (await table.facts(draw))[1]
    assert (sourced.body["proof"], sourced.by) == (table.beacon.signature(number), OPERATOR.mark)


async def test_a_relay_that_lies_decides_nothing(table) -> None:
    draw = await table.announce()
    table.reach(draw.sources[0].out_at)

    async def lie(_chain, number):
        return table.beacon.signature(number + 1)

    honest, table.house.sources._fetch = table.house.sources._fetch, lie
    try:
        with pytest.raises(WrongValue):
            await table.advance(draw)
        await table.house.sources._tend_one(draw)  # in the background it is logged, and the draw waits
    finally:
        table.house.sources._fetch = honest
    assert (await table.house.draws.get(draw.id)).is_open
    assert (await table.advance(draw)).drawn_at


async def test_public_numbers_are_given_after_their_moment_and_once(table) -> None:
    due = table.clock() + timedelta(hours=1)
    draw = await table.announce(Asked(beacon=False, numbers_name="测试彩 001 期", numbers_due=due))
    with pytest.raises(NotYet):
        await table.house.sources.give(OPERATOR, draw.id, 0, "1 2 3")
    table.reach(due)
    for wrong in ("", "a b", "1 -2", " ".join(["1"] * 51), "1.5", "9" * 21):
        with pytest.raises((WrongValue, Invalid)):
            await table.house.sources.give(OPERATOR, draw.id, 0, wrong)
    with pytest.raises(BadSource, match="no such source"):
        await table.house.sources.give(OPERATOR, draw.id, 1, "1")
    done = await table.house.sources.give(OPERATOR, draw.id, 0, "12，3、7")
    assert done.sources[0].value == "3.7.12."
    with pytest.raises(DrawOver):
        await table.house.sources.give(OPERATOR, draw.id, 0, "4 5 6")
    assert (await table.house.draws.get(draw.id)).sources[0].value == "3.7.12."


async def test_a_ceremony_cannot_be_typed_in(table) -> None:
    draw = await table.announce(CEREMONY)
    table.reach(draw.ceremony.reveal_until)
    with pytest.raises(BadSource):
        await table.house.sources.give(OPERATOR, draw.id, 0, "aa" * 32)


async def test_servers_at_once_decide_a_draw_once(table) -> None:
    draw = await table.announce()
    table.reach(draw.sources[0].out_at)
    await asyncio.gather(*(table.advance(draw) for _ in range(4)), return_exceptions=True)
    await table.advance(draw)
    assert await table.kinds(draw) == ["announced", "sourced", "drawn"]


async def test_open_draws_are_looked_after_by_themselves(table) -> None:
    draw = await table.announce()
    table.reach(draw.sources[0].out_at)
    tending = table.house.tasks.keep("draws", table.house.sources.tend)
    try:
        async with asyncio.timeout(20):
            size = table.house.ledger.head.size
            while (await table.house.draws.get(draw.id)).is_open:
                await table.house.ledger.wait_beyond(size, 1)
    finally:
        tending.cancel()
