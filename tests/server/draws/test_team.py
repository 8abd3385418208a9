import pytest

from server.draws.team import Duty, Passed, Place, Step, by_burden, called, duty_of, walk

HERE = Place("catering", "城东区")
FREE = Duty()


def test_a_duty_survives_its_note() -> None:
    duty = Duty(2, ("catering",), ("城东区", "城西区"))
    assert duty.note() == '{"burden":2,"categories":["catering"],"districts":["城东区","城西区"]}'
    assert duty_of(duty.note()) == duty


@pytest.mark.parametrize("note", ["", "closed", "[]", '{"burden":1}', '{"burden":"x","categories":[],"districts":[]}'])
def test_a_note_that_says_no_duty_is_refused(note) -> None:
    with pytest.raises(ValueError, match="does not say burden"):
        duty_of(note)


def test_the_least_burdened_goes_first_and_the_lot_decides_among_equals() -> None:
    assert by_burden([3, 0, 2, 1], [Duty(1), Duty(0), Duty(1), Duty(0)]) == [3, 1, 0, 2]


def test_whoever_may_not_go_is_passed_over_with_the_reason() -> None:
    duties = [
        Duty(categories=("bakery",)),
        Duty(districts=("城西区",)),
        FREE,
        Duty(0, ("catering",), ("城东区",)),
        FREE,
    ]
    place = Place("catering", "城东区", frozenset({"e"}))
    steps = walk([0, 1, 4, 2, 3], duties, "abcde", place)
    assert steps == [
        Step(0, Passed.NOT_QUALIFIED),
        Step(1, Passed.OTHER_DISTRICT),
        Step(4, Passed.RECUSED),
        Step(2),
        Step(3),
    ]
    assert called(steps) == [2, 3]


def test_a_recusal_moves_the_next_up_and_nobody_else() -> None:
    before = called(walk([2, 0, 1, 3], [FREE] * 4, "abcd", HERE))
    after = called(walk([2, 0, 1, 3], [FREE] * 4, "abcd", Place("catering", "城东区", frozenset({"a"}))))
    assert (before[:2], after[:2]) == ([2, 0], [2, 1])
