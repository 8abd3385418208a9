import pytest

from server.citizens.model import Citizen, Tier

KEY = b"k" * 32


@pytest.mark.parametrize(
    ("tier", "least", "reaches"),
    [
        (Tier.DEVICE, Tier.DEVICE, True),
        (Tier.DEVICE, Tier.PHONE, False),
        (Tier.PHONE, Tier.DEVICE, True),
        (Tier.PHONE, Tier.VERIFIED, False),
        (Tier.VERIFIED, Tier.PHONE, True),
    ],
)
def test_a_tier_reaches_those_below_it(tier, least, reaches):
    assert tier.reaches(least) is reaches


def test_a_pseudonym_is_the_same_in_every_browser_of_one_person_and_in_no_other_scope_key_or_tier():
    one, other = Citizen("a" * 32, Tier.PHONE, "c" * 64), Citizen("b" * 32, Tier.PHONE, "c" * 64)
    name = one.pseudonym(KEY, "ba_1")
    assert name == other.pseudonym(KEY, "ba_1")
    assert name != one.pseudonym(KEY, "ba_2")
    assert name != one.pseudonym(b"x" * 32, "ba_1")
    assert name != Citizen("a" * 32, Tier.VERIFIED, "c" * 64).pseudonym(KEY, "ba_1")


def test_a_browser_keeps_its_own_name_when_its_citizen_becomes_better_known():
    before, after = Citizen("a" * 32, Tier.DEVICE, "d" * 64), Citizen("a" * 32, Tier.VERIFIED, "e" * 64)
    assert before.device_pseudonym(KEY, "ba_1") == after.device_pseudonym(KEY, "ba_1")
    assert before.pseudonym(KEY, "ba_1") != after.pseudonym(KEY, "ba_1")
