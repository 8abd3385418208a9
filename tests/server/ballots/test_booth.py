from datetime import UTC, datetime, timedelta

import pytest

from server.ballots.booth import SKEW, Booth, Keys
from server.ballots.model import Ballot, BallotClosed, TooManyFromHere, tie_break
from server.citizens.model import Citizen, Tier

AT = datetime(2026, 3, 6, 2, 15, tzinfo=UTC)
OPTIONS = ("ta_a", "ta_b")


def booth(per_network=0, counted_tier=Tier.DEVICE):
    terms = (OPTIONS, 1, AT, AT + timedelta(hours=1), Tier.DEVICE, counted_tier, True, tie_break("ba_1", OPTIONS), AT)
    return Booth(Ballot("ba_1", "ep_1", *terms), Keys(b"v", b"c"), zone=UTC, per_network=per_network)


def test_a_citizen_of_the_lowest_tier_is_their_browser():
    device = Citizen("d" * 32, Tier.DEVICE, "i" * 64)
    phone = Citizen("d" * 32, Tier.PHONE, "p" * 64)
    assert booth().named(device, "k").name == booth().named(device, "k").place == booth().named(phone, "k").place
    assert booth().named(phone, "k").name != booth().named(phone, "k").place


def test_a_shut_booth_takes_nothing_more_whatever_the_clock_says():
    one = booth()
    assert one.takes(AT)
    one.shut = True
    assert not one.takes(AT)
    with pytest.raises(BallotClosed):
        one.check_open(AT)


def test_networks_are_counted_for_an_hour_each():
    one = booth(per_network=2)
    for address in ("192.0.2.1", "192.0.2.1", "198.51.100.7"):
        one.count_from(one.admit(address, AT))
    with pytest.raises(TooManyFromHere) as refused:
        one.admit("192.0.2.1", AT)
    assert refused.value.retry_after == 45 * 60
    one.admit("192.0.2.1", AT + timedelta(minutes=45))


def test_what_is_not_kept_uses_up_nobodys_place():
    one = booth(per_network=2)
    for _ in range(100):  # the same vote again and again, from behind the address of a whole village
        one.admit("192.0.2.1", AT)
    one.count_from(one.admit("192.0.2.1", AT))


def test_without_a_limit_nobody_is_counted():
    one = booth()
    for _ in range(10_000):
        one.admit("192.0.2.1", AT)


def test_the_running_tally_shows_what_counts():
    one = booth(counted_tier=Tier.PHONE)
    one.restore([{"_id": {"tier": "device", "choices": "ta_a"}, "many": 3}])
    one.count("phone", "ta_a,ta_b")
    assert one.running() == {"ballot": "ba_1", "counts": {"ta_a": 1, "ta_b": 1}, "votes": 4}


def test_near_the_closing_another_server_may_count_already():
    one = booth()
    assert not one.may_be_counting(AT)
    assert one.may_be_counting(AT + timedelta(hours=1) - SKEW)
