import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from server.ballots.model import (
    BadBallot,
    Ballot,
    BallotClosed,
    BallotVoided,
    NotOpenYet,
    check_ballot,
    check_tiers,
    ranked,
    tally,
    tie_break,
)
from server.citizens.model import Tier

AT = datetime(2026, 3, 6, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
OPTIONS = ("ta_a", "ta_b", "ta_c")
BALLOT = Ballot(
    "ba_1", "ep_1", OPTIONS, 2, AT, AT + HOUR, Tier.DEVICE, Tier.PHONE, True, tie_break("ba_1", OPTIONS), AT
)


@pytest.mark.parametrize(
    ("changes", "after", "refusal"),
    [
        ({}, -HOUR, NotOpenYet),
        ({}, timedelta(0), None),
        ({}, HOUR - timedelta(milliseconds=1), None),
        ({}, HOUR, BallotClosed),
        ({"voided_at": AT}, timedelta(0), BallotVoided),
        ({"voided_at": AT}, HOUR, BallotVoided),
        ({"counting_at": AT}, timedelta(0), BallotClosed),
        ({"closed_at": AT + HOUR}, HOUR, BallotClosed),
    ],
)
def test_a_ballot_takes_votes_between_its_moments_alone(changes, after, refusal):
    ballot = replace(BALLOT, **changes)
    if refusal is None:
        ballot.check_open(AT + after)
        assert ballot.is_open(AT + after)
        return
    assert not ballot.is_open(AT + after)
    with pytest.raises(refusal):
        ballot.check_open(AT + after)


def test_a_refusal_says_the_moment_by_the_citys_clock():
    with pytest.raises(BallotClosed, match="2026-03-06 11:00:00"):
        BALLOT.check_open(AT + HOUR, timezone(timedelta(hours=8)))


def test_it_is_due_at_its_closing_until_it_is_closed_or_void():
    assert not BALLOT.is_due(AT)
    assert BALLOT.is_due(AT + HOUR)
    assert not replace(BALLOT, closed_at=AT + HOUR).is_due(AT + HOUR)
    assert not replace(BALLOT, voided_at=AT).is_due(AT + HOUR)


def test_the_tie_break_is_by_the_hash_of_ballot_and_option():
    wanted = sorted(OPTIONS, key=lambda o: hashlib.sha256(f"ba_1 {o}".encode()).hexdigest())
    assert list(tie_break("ba_1", OPTIONS)) == wanted
    assert tie_break("ba_1", OPTIONS[::-1]) == tie_break("ba_1", OPTIONS)


def test_more_votes_come_first_and_equals_in_the_published_order():
    assert ranked({"x": 1, "y": 3, "z": 1}, ("z", "y", "x")) == ("y", "z", "x")
    assert ranked({"x": 0, "y": 0, "z": 0}, ("z", "y", "x")) == ("z", "y", "x")


def test_a_vote_gives_one_to_each_of_its_choices_and_lower_tiers_are_raw_only():
    found = tally(
        BALLOT,
        [(Tier.DEVICE, ("ta_a",), 5), (Tier.PHONE, ("ta_a", "ta_b"), 2), (Tier.VERIFIED, ("ta_b",), 1)],
    )
    assert found.votes == 8
    assert found.raw == {Tier.DEVICE: 5, Tier.PHONE: 2, Tier.VERIFIED: 1}
    assert found.by_tier[Tier.DEVICE] == {"ta_a": 5, "ta_b": 0, "ta_c": 0}
    assert found.counted == {"ta_a": 2, "ta_b": 3, "ta_c": 0}
    assert found.result == ("ta_b", "ta_a", "ta_c")


def test_the_terms_of_a_ballot_are_checked():
    check_ballot(OPTIONS, 3, AT, AT + HOUR, AT)
    check_tiers(Tier.PHONE, Tier.PHONE)
    for options, choose, closes_at in ((OPTIONS, 4, AT + HOUR), (("a",), 1, AT + HOUR), (OPTIONS, 1, AT)):
        with pytest.raises(BadBallot):
            check_ballot(options, choose, AT, closes_at, AT)
    with pytest.raises(BadBallot):
        check_ballot([f"ta_{n}" for n in range(101)], 1, AT, AT + HOUR, AT)
    with pytest.raises(BadBallot):
        check_tiers(Tier.VERIFIED, Tier.PHONE)
