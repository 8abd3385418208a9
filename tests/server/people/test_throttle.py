import asyncio

import pytest

from server.people.throttle import ADDRESS_FACTOR, Throttle, TooManyAttempts, network_of, pause_seconds
from tests.fakes import FakeClock

ALLOWED = 5
HERE = "192.0.2.1"


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
async def throttle(database, clock):
    throttle = Throttle(database, clock, b"key", ALLOWED)
    await throttle.prepare()
    return throttle


async def refused(throttle, login="wang", address=HERE):
    """Seconds that the asker is told to wait."""
    with pytest.raises(TooManyAttempts) as told:
        await throttle.admit(login, address)
    return told.value.retry_after


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [(0, 0), (1, 0), (4, 0), (5, 30), (6, 60), (7, 120), (8, 240), (9, 480), (10, 900), (11, 900), (10**9, 900)],
)
def test_the_pause_doubles_up_to_a_quarter_of_an_hour(attempts, seconds):
    assert pause_seconds(attempts, ALLOWED) == seconds


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_whoever_has_a_network_counts_as_one(address, network):
    assert network_of(address) == network


async def test_five_attempts_then_thirty_seconds_then_twice_as_long(throttle, clock):
    for _ in range(ALLOWED):
        await throttle.admit("wang", HERE)
    assert await refused(throttle) == 30
    clock.advance(seconds=29)
    assert await refused(throttle) == 1
    clock.advance(seconds=1)
    await throttle.admit("wang", HERE)
    assert await refused(throttle) == 60


async def test_a_refusal_says_when_to_try_again(throttle):
    for _ in range(ALLOWED):
        await throttle.admit("wang", HERE)
    with pytest.raises(TooManyAttempts) as told:
        await throttle.admit("wang", HERE)
    assert str(told.value) == "Too many attempts to sign in. Please try again in 30 seconds."


async def test_asking_during_a_pause_does_not_prolong_it(throttle, clock):
    for _ in range(ALLOWED):
        await throttle.admit("wang", HERE)
    for _ in range(10):
        await refused(throttle)
    clock.advance(seconds=30)
    await throttle.admit("wang", HERE)


async def test_attempts_at_once_cannot_outrun_the_count(throttle):
    outcomes = await asyncio.gather(
        *(throttle.admit("wang", f"192.0.2.{n}") for n in range(60)), return_exceptions=True
    )
    assert outcomes.count(None) == ALLOWED
    assert {type(o) for o in outcomes if o} == {TooManyAttempts}


async def test_two_servers_count_together(throttle, database, clock):
    other = Throttle(database, clock, b"key", ALLOWED)
    attempts = [t.admit("wang", HERE) for _ in range(10) for t in (throttle, other)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert outcomes.count(None) == ALLOWED


async def test_one_address_that_tries_many_logins_is_paused(throttle):
    for n in range(ALLOWED * ADDRESS_FACTOR):
        await throttle.admit(f"login{n}", HERE)
    assert await refused(throttle, "another") == 30
    await throttle.admit("another", "192.0.2.2")


async def test_an_ipv6_customer_gains_nothing_by_having_many_addresses(throttle):
    for n in range(ALLOWED * ADDRESS_FACTOR):
        await throttle.admit(f"login{n}", f"2001:db8::{n:x}")
    assert await refused(throttle, "another", "2001:db8::ffff") == 30


async def test_what_cannot_be_a_login_counts_for_the_address_alone(throttle):
    for n in range(ALLOWED * 2):
        await throttle.admit("", f"192.0.2.{n}")
    for _ in range(ALLOWED * ADDRESS_FACTOR):
        await throttle.admit("", "198.51.100.1")
    assert await refused(throttle, "", "198.51.100.1") == 30


async def test_a_right_password_clears_the_account(throttle):
    for _ in range(3):
        for _ in range(ALLOWED):
            await throttle.admit("wang", HERE)
        await throttle.forgive("wang", HERE)


async def test_an_office_that_signs_in_all_day_is_never_paused(throttle):
    for n in range(ALLOWED * ADDRESS_FACTOR * 2):
        await throttle.admit(f"login{n}", HERE)
        await throttle.forgive(f"login{n}", HERE)
    await throttle.admit("wang", HERE)


async def test_signing_in_oneself_does_not_excuse_ones_guesses(throttle):
    for n in range(ALLOWED * ADDRESS_FACTOR - 1):
        await throttle.admit(f"guessed{n}", HERE)
        await throttle.admit("mine", HERE)
        await throttle.forgive("mine", HERE)
    await throttle.admit("guessed", HERE)
    assert await refused(throttle, "mine") == 30


async def test_a_locked_account_does_not_lock_the_office_behind_the_address(throttle):
    for _ in range(ALLOWED):
        await throttle.admit("wang", HERE)
    for _ in range(ALLOWED * ADDRESS_FACTOR):
        await refused(throttle)
    await throttle.admit("li", HERE)


async def test_a_day_without_attempts_begins_anew(throttle, clock):
    for _ in range(ALLOWED):
        await throttle.admit("wang", HERE)
    clock.advance(hours=24)
    for _ in range(ALLOWED):
        await throttle.admit("wang", HERE)


async def test_an_address_that_is_no_text_counts_like_another(throttle):
    for n in range(ALLOWED * ADDRESS_FACTOR):
        await throttle.admit(f"login{n}", "\udcff")
    assert await refused(throttle, "another", "\udcff") == 30


async def test_neither_login_nor_address_is_kept(throttle, database):
    await throttle.admit("wang", HERE)
    kept = str(await database.collection("sign_in_attempts").find({}))
    assert "wang" not in kept
    assert HERE not in kept
