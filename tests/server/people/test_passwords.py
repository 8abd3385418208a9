import asyncio

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from server.people import passwords as room
from server.people.passwords import AT_ONCE, MEMORY_KIB, PASSES, Crowded, Passwords

PASSWORD = "a long enough password"


@pytest.fixture
def passwords():
    return Passwords()


async def test_a_hash_knows_its_password_and_no_other(passwords):
    kept = await passwords.hash(PASSWORD)
    assert await passwords.is_right(kept, PASSWORD)
    assert not await passwords.is_right(kept, PASSWORD + " ")
    assert not await passwords.is_right(kept, PASSWORD.upper())
    assert not await passwords.is_right(kept, "")


async def test_two_hashes_of_one_password_differ(passwords):
    assert await passwords.hash(PASSWORD) != await passwords.hash(PASSWORD)


async def test_the_parameters_are_those_of_argon2id_for_a_small_server(passwords):
    used = extract_parameters(await passwords.hash(PASSWORD))
    assert used.type is Type.ID
    assert (used.memory_cost, used.time_cost, used.parallelism) == (MEMORY_KIB, PASSES, 1)
    assert MEMORY_KIB * AT_ONCE <= 64 * 1024


async def test_every_keyboard_writes_the_same_password(passwords):
    kept = await passwords.hash("ｆｕｌｌ width caf\u00e9")
    assert await passwords.is_right(kept, "full width cafe\u0301")


async def test_an_unknown_login_costs_the_same_verification_and_is_never_right(passwords):
    nobody = extract_parameters(passwords._nobody)
    assert nobody == extract_parameters(await passwords.hash(PASSWORD))
    assert not await passwords.is_right(None, PASSWORD)


async def test_a_hash_by_older_parameters_is_outdated(passwords):
    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    assert await passwords.is_right(old, PASSWORD)
    assert passwords.is_outdated(old)
    assert not passwords.is_outdated(await passwords.hash(PASSWORD))


async def test_a_broken_hash_opens_nothing(passwords):
    assert not await passwords.is_right("not a hash", PASSWORD)


@pytest.mark.parametrize("sent", ["x" * 1_000_000, "half a pair \ud800"])
async def test_what_nobody_can_have_as_a_password_is_simply_wrong(passwords, sent):
    assert not await passwords.is_right(await passwords.hash(PASSWORD), sent)


async def test_those_who_would_wait_too_long_are_sent_away_at_once(passwords, monkeypatch):
    monkeypatch.setattr(room, "MOST_WAITING", 3)
    kept = await passwords.hash(PASSWORD)
    outcomes = await asyncio.gather(
        *(passwords.is_right(kept, PASSWORD) for _ in range(AT_ONCE + 5)), return_exceptions=True
    )
    assert outcomes[: AT_ONCE + 3] == [True] * (AT_ONCE + 3)
    assert [type(o) for o in outcomes[AT_ONCE + 3 :]] == [Crowded] * 2
    assert str(outcomes[-1]) == "Too many attempts to sign in. Please try again in 5 seconds."
    assert await passwords.is_right(kept, PASSWORD)


async def test_the_loop_goes_on_while_a_password_is_hashed(passwords):
    hashing = asyncio.gather(passwords.hash(PASSWORD), passwords.hash(PASSWORD))
    turns = 0
    while not hashing.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10
    await hashing
