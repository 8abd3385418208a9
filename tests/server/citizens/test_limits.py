import asyncio

import pytest

from server.citizens.limits import Limits, OftenEnough


@pytest.fixture
async def limits(database, clock):
    limits = Limits(database, clock, b"k" * 32)
    await limits.prepare()
    return limits


async def admitted(limits, who="me", address="192.0.2.1", what="propose", **given):
    try:
        await limits.admit(what, who, address, **{"per_citizen": 2, "per_network": 0, "hours": 24, **given})
    except OftenEnough:
        return False
    return True


async def test_a_limit_holds_until_its_time_is_over(limits, clock):
    assert [await admitted(limits) for _ in range(3)] == [True, True, False]
    clock.advance(hours=23, minutes=59)
    assert not await admitted(limits)
    clock.advance(minutes=1)
    assert [await admitted(limits) for _ in range(3)] == [True, True, False]


async def test_other_people_and_other_deeds_count_apart(limits):
    assert [await admitted(limits) for _ in range(2)] == [True, True]
    assert await admitted(limits, who="you")
    assert await admitted(limits, what="support")


async def test_a_refusal_says_when_to_try_again(limits, clock):
    for _ in range(2):
        await admitted(limits)
    with pytest.raises(OftenEnough) as refused:
        await limits.admit("propose", "me", "192.0.2.1", per_citizen=2, per_network=0, hours=24)
    assert refused.value.retry_after == 24 * 3600
    assert "24 h" in str(refused.value)
    clock.advance(hours=23, minutes=30, seconds=1)
    with pytest.raises(OftenEnough) as refused:
        await limits.admit("propose", "me", "192.0.2.1", per_citizen=2, per_network=0, hours=24)
    assert "30 min" in str(refused.value)


async def test_a_network_has_a_limit_of_its_own_that_costs_nobody_their_own(limits):
    free = {"per_citizen": 1, "per_network": 2}
    assert await admitted(limits, "a", **free)
    assert await admitted(limits, "b", **free)
    assert not await admitted(limits, "c", **free)
    assert await admitted(limits, "c", "192.0.2.2", **free), "c was not counted when the network was full"


async def test_somebody_over_their_limit_does_not_use_up_their_networks(limits):
    tight = {"per_citizen": 1, "per_network": 2}
    assert [await admitted(limits, "a", **tight) for _ in range(3)] == [True, False, False]
    assert await admitted(limits, "b", **tight)


async def test_under_ipv6_a_network_is_a_64(limits):
    one = {"per_citizen": 0, "per_network": 1}
    assert await admitted(limits, "a", "2001:db8:1:2::1", **one)
    assert not await admitted(limits, "b", "2001:db8:1:2:ffff::9", **one)
    assert await admitted(limits, "c", "2001:db8:1:3::1", **one)


async def test_zero_is_no_limit(limits):
    assert all([await admitted(limits, per_citizen=0, per_network=0) for _ in range(20)])


async def test_many_at_once_do_not_outrun_the_count(limits):
    outcomes = await asyncio.gather(*(admitted(limits, per_citizen=5) for _ in range(40)))
    assert sum(outcomes) == 5


async def test_neither_name_nor_address_is_kept(limits, database):
    await admitted(limits, "me-myself", "192.0.2.77", per_network=9)
    kept = str(await database.collection("citizen_counts").find({}))
    assert "me-myself" not in kept
    assert "192.0.2" not in kept


async def test_an_odd_address_is_one_like_another(limits):
    assert await admitted(limits, "a", "\udcff", per_network=1)
    assert not await admitted(limits, "b", "\udcff", per_network=1)
