import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from server.citizens.model import Tier
from server.kit.errors import Invalid
from server.nominations.model import (
    MOVES,
    OPEN,
    BadMerge,
    Code,
    Follower,
    Nomination,
    NoSuchMove,
    State,
    Unresolved,
    Words,
    newcomers,
    reason_digest,
)

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
S = State
ONE = Nomination("no_1", "ep_1", "f" * 64, Tier.DEVICE, Words("冰箱", "后厨卫生"), "00" * 16, AT, target="ta_1")
DESCRIBED = replace(ONE, id="no_2", target=None, words=Words("", "后厨", "无名面馆", "巷口"))


def test_nothing_leaves_a_merged_or_an_inspected_nomination():
    assert set(MOVES) == set(S)
    assert MOVES[S.MERGED] == MOVES[S.INSPECTED] == frozenset()


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("to", S)
def test_every_step_is_allowed_or_refused_as_the_table_says(state, to):
    nomination = replace(ONE, state=state)
    if to in MOVES[state]:
        nomination.check_move(to)
    else:
        with pytest.raises(NoSuchMove):
            nomination.check_move(to)


@pytest.mark.parametrize("state", S)
def test_support_is_taken_while_it_is_open(state):
    if state in OPEN:
        replace(ONE, state=state).check_support()
    else:
        with pytest.raises(NoSuchMove):
            replace(ONE, state=state).check_support()


def test_a_described_target_is_not_shortlisted_before_it_is_found():
    with pytest.raises(Unresolved):
        DESCRIBED.check_move(S.SHORTLISTED)
    replace(DESCRIBED, target="ta_1").check_move(S.SHORTLISTED)


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        (ONE, ONE, "itself"),
        (ONE, replace(ONE, id="no_3", episode="ep_2"), "same episode"),
        (ONE, replace(ONE, id="no_3", state=S.MERGED), "not open"),
        (ONE, replace(ONE, id="no_3", state=S.EXCLUDED), "not open"),
        (ONE, replace(ONE, id="no_3", target="ta_2"), "different targets"),
        (ONE, DESCRIBED, "different targets"),
    ],
)
def test_what_cannot_become_one_is_refused(one, other, why):
    with pytest.raises(BadMerge, match=why):
        one.check_merge(other)


def test_a_duplicate_is_merged_into_what_says_the_same_or_more():
    ONE.check_merge(replace(ONE, id="no_3"))
    DESCRIBED.check_merge(ONE)
    DESCRIBED.check_merge(replace(DESCRIBED, id="no_3"))
    with pytest.raises(NoSuchMove):
        replace(ONE, state=S.MERGED).check_merge(replace(ONE, id="no_3"))


def test_words_are_public_from_their_release_until_they_are_hidden():
    released = replace(ONE, released_at=AT)
    hidden = replace(released, hidden_at=AT)
    assert (ONE.released, released.released, hidden.released) == (False, True, False)
    assert (ONE.waiting, released.waiting, hidden.waiting) == (True, False, False)
    assert not replace(ONE, hidden_at=AT).waiting


def test_anybody_can_make_the_digest_from_what_is_published():
    words = DESCRIBED.words
    text = b"\0".join(part.encode() for part in ("00" * 16, "无名面馆", "巷口", "", "后厨"))
    assert words.digest("00" * 16) == hashlib.sha256(text).hexdigest()
    assert words.digest("01" * 16) != words.digest("00" * 16)
    assert reason_digest("ab", "x") == hashlib.sha256(b"ab\0x").hexdigest()


@pytest.mark.parametrize(
    ("words", "described", "where"),
    [
        (Words("", ""), False, "reason"),
        (Words("", " \n"), False, "reason"),
        (Words("", "x"), True, "name"),
        (Words("", "x", "店"), True, "place"),
        (Words("字" * 301, "x"), False, "look_at"),
        (Words("", "x", "店" * 61, "巷"), True, "name"),
    ],
)
def test_words_that_are_missing_or_too_long_are_refused_at_their_field(words, described, where):
    with pytest.raises(Invalid) as refused:
        words.check(described=described)
    assert refused.value.where == where


def test_what_to_look_at_may_be_left_out():
    Words("", "x").check(described=False)


def test_every_exclusion_code_of_a_draw_is_one_here_too():
    assert {"frequency_cap", "minimum_interval", "closed", "joint_inspection"} <= set(Code)


def follower(by, device, tier=Tier.DEVICE):
    return Follower(f"fo_{by}", "no_1", by, device, tier, f"inbox of {by}", AT)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (follower("a", "d1"), follower("a", "d2"), True),
        (follower("a", "d1"), follower("b", "d1"), True),
        (follower("a", "d1"), follower("b", "d1", Tier.PHONE), True),
        (follower("a", "d1", Tier.PHONE), follower("b", "d1", Tier.VERIFIED), False),
        (follower("a", "d1"), follower("b", "d2"), False),
    ],
)
def test_one_person_is_known_by_identity_or_by_the_browser_they_began_with(one, other, same):
    assert one.is_same(other) is other.is_same(one) is same
    assert newcomers([one], [other]) == ([] if same else [one])
    assert newcomers([other], [one]) == ([] if same else [other])
