import pytest

from server.citizens.actions import Citizens
from server.citizens.limits import OftenEnough
from server.citizens.model import Citizen, Tier
from server.citizens.work import OtherWork
from tests.server.citizens.conftest import solved


def test_a_browser_is_known_again_by_its_cookie(citizens):
    citizen, cookie = citizens.new_device()
    assert citizen.tier is Tier.DEVICE
    assert citizens.recognise(cookie) == citizen
    assert citizens.new_device()[0] != citizen


@pytest.mark.parametrize("tier", list(Tier))
def test_every_tier_survives_its_cookie(citizens, tier):
    citizen = Citizen("a" * 32, tier, citizens.identity(tier, "somebody"))
    assert citizens.recognise(citizens.cookie_of(citizen)) == citizen


def test_a_cookie_ends_after_its_days(citizens, clock):
    _, cookie = citizens.new_device()
    clock.advance(days=30, seconds=-1)
    assert citizens.recognise(cookie)
    clock.advance(seconds=1)
    assert citizens.recognise(cookie) is None


def test_a_cookie_of_which_any_character_was_changed_is_nobodys(citizens):
    _, cookie = citizens.new_device()
    for n, character in enumerate(cookie):
        changed = cookie[:n] + ("0" if character != "0" else "1") + cookie[n + 1 :]
        assert citizens.recognise(changed) is None, n


@pytest.mark.parametrize("text", [None, "", ".", "1", "x" * 182, "é" * 182, "1." * 91, "a" * 100_000, "\udcff" * 182])
def test_what_is_no_cookie_is_nobodys(citizens, text):
    assert citizens.recognise(text) is None


def test_a_browser_cannot_lift_itself_to_a_higher_tier(citizens):
    _, cookie = citizens.new_device()
    assert citizens.recognise(cookie.replace(".device.", ".verified.")) is None


def test_a_cookie_under_another_secret_is_forged(citizens, database, clock):
    others = Citizens(database, clock, b"x" * 32, days=30, numbers=10, minutes=20)
    assert citizens.recognise(others.new_device()[1]) is None


def test_keys_for_other_uses_do_not_open_cookies(citizens):
    names = ("cookie", "work", "limits", "ballot:ba_1", "ballot:ba_2")
    assert len({citizens.subkey(name) for name in names}) == len(names)


def test_one_person_has_unrelated_names_in_two_ballots(citizens):
    citizen, _ = citizens.new_device()
    names = {citizen.pseudonym(citizens.subkey(f"ballot:{ballot}"), ballot) for ballot in ("ba_1", "ba_2")}
    assert len(names) == 2
    assert not any(citizen.identity in name or citizen.device in name for name in names)


def test_identities_differ_by_tier_and_do_not_show_what_they_are_of(citizens):
    digests = {citizens.identity(tier, "+8613800138000") for tier in Tier}
    assert len(digests) == 3
    assert citizens.identity(Tier.VERIFIED, "ab", "c") != citizens.identity(Tier.VERIFIED, "a", "bc")


def test_work_is_bound_to_browser_and_purpose(citizens):
    mine, others = citizens.new_device()[0], citizens.new_device()[0]
    proof = solved(citizens.challenge(mine, "ballot:ba_1"))
    citizens.check_work(mine, "ballot:ba_1", proof)
    with pytest.raises(OtherWork):
        citizens.check_work(others, "ballot:ba_1", proof)
    with pytest.raises(OtherWork):
        citizens.check_work(mine, "nominate:ep_1", proof)


def test_work_holds_when_somebody_becomes_better_known_meanwhile(citizens):
    mine = citizens.new_device()[0]
    proof = solved(citizens.challenge(mine, "ballot:ba_1"))
    known = Citizen(mine.device, Tier.PHONE, citizens.identity(Tier.PHONE, "+8613800138000"))
    citizens.check_work(known, "ballot:ba_1", proof)


async def test_limits_count_an_identity_whatever_browser_it_uses(citizens):
    identity = citizens.identity(Tier.PHONE, "+8613800138000")
    for device in ("a" * 32, "b" * 32):
        await citizens.admit(
            "x", Citizen(device, Tier.PHONE, identity), "192.0.2.1", per_citizen=2, per_network=0, hours=1
        )
    with pytest.raises(OftenEnough):
        await citizens.admit(
            "x", Citizen("c" * 32, Tier.PHONE, identity), "192.0.2.9", per_citizen=2, per_network=0, hours=1
        )
