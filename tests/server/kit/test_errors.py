"""Refusals: sentences that are translated first and filled afterwards."""

import pytest

from server.kit.errors import Invalid, NotAllowed, NotFound, Refusal, TooLate, TooMany, Unavailable


class BallotClosed(TooLate):
    """A telling name, as capabilities make them."""


def test_a_refusal_reads_as_its_filled_sentence() -> None:
    assert str(BallotClosed("The ballot closed at {moment}.", moment="noon")) == "The ballot closed at noon."


def test_a_refusal_is_translated_before_it_is_filled() -> None:
    refusal = BallotClosed("The ballot closed at {moment}.", moment="12:00")
    assert (
        refusal.sentence({"The ballot closed at {moment}.": "投票已于{moment}截止。"}.__getitem__)
        == "投票已于12:00截止。"
    )


def test_a_sentence_without_values_may_hold_braces() -> None:
    assert str(Invalid("A set is written {a, b}.", where="set")) == "A set is written {a, b}."


def test_a_field_is_named_where_there_is_one() -> None:
    assert Invalid("Give a name.", where="name").where == "name"
    assert NotFound("There is no such page.").where is None


@pytest.mark.parametrize("kind", [TooMany, Unavailable])
def test_what_may_be_tried_again_says_when(kind: type[TooMany] | type[Unavailable]) -> None:
    refusal = kind("Try again in {n} s.", retry_after=3, n=3)
    assert (refusal.retry_after, str(refusal)) == (3, "Try again in 3 s.")


@pytest.mark.parametrize("kind", [NotFound, NotAllowed, Invalid, TooLate, TooMany, Unavailable])
def test_all_six_kinds_are_refusals(kind: type[Refusal]) -> None:
    assert issubclass(kind, Refusal)
