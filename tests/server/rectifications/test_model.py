from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from server.inspections.model import Severity
from server.kit.errors import Invalid
from server.people.model import Role
from server.rectifications.model import (
    ExtendedBefore,
    NoSuchMove,
    NotYourMove,
    ObjectionsOpen,
    Rectification,
    SameVerifier,
    State,
    Step,
    check_words,
)

NOW = datetime(2026, 3, 6, 2, 0, tzinfo=UTC)
TABLE = """
ordered     submitted   business inspector operator
ordered     extended    operator
ordered     transferred operator
extended    submitted   business inspector operator
extended    transferred operator
returned    submitted   business inspector operator
returned    extended    operator
returned    transferred operator
reopened    submitted   business inspector operator
reopened    transferred operator
submitted   reinspected inspector
submitted   returned    inspector
reinspected verified    inspector
reinspected returned    inspector
verified    objection   inspector operator
objection   closed      inspector operator
objection   reopened    operator
closed      reopened    operator
"""
"""The course of a rectification as DOMAIN tells it, written down a second time."""
ALLOWED = {
    (State(words[0]), State(words[1])): {Role(word) for word in words[2:]} | {Role.SYSTEM}
    for words in map(str.split, TABLE.strip().splitlines())
}


def step(before, to, by="somebody"):
    return Step(NOW, before, to, by, Role.INSPECTOR, "words", "salt")


def one(state=State.ORDERED, **changes):
    steps = (step(None, State.ORDERED), *changes.pop("steps", ()))
    made = Rectification(
        id="re_1",
        finding="fi_1",
        inspection="in_1",
        episode="ep_1",
        target="ta_1",
        district="城东区",
        what="过期食品",
        severity=Severity.HIGH,
        state=state,
        ordered_at=NOW,
        due_on=date(2026, 3, 20),
        steps=steps,
    )
    return replace(made, **changes)


@pytest.mark.parametrize(("state", "to", "role"), list(product(State, State, Role)))
def test_a_step_is_allowed_exactly_where_the_table_has_it(state, to, role):
    rectification = one(state)
    roles = ALLOWED.get((state, to))
    if roles is None:
        with pytest.raises(NoSuchMove):
            rectification.check_move(to, role, "mark", NOW)
    elif role not in roles:
        with pytest.raises(NotYourMove):
            rectification.check_move(to, role, "mark", NOW)
    else:
        rectification.check_move(to, role, "mark", NOW)


@pytest.mark.parametrize(("state", "role"), list(product(State, Role)))
def test_the_steps_that_are_offered_are_those_that_are_allowed(state, role):
    offered = one(state).moves_for(role)
    assert sorted(offered) == sorted(to for (before, to), roles in ALLOWED.items() if before is state and role in roles)


def test_refusals_say_what_was_asked_and_of_whom():
    with pytest.raises(NoSuchMove, match="This step is not possible from where the case stands"):
        one().check_move(State.CLOSED, Role.OPERATOR, "mark", NOW)
    with pytest.raises(NotYourMove, match="This step is not yours to take"):
        one().check_move(State.SUBMITTED, Role.DEPUTY, "mark", NOW)


def test_nobody_withdraws_a_rectification_by_itself():
    assert all(to is not State.WITHDRAWN for state in State for to in one(state).moves_for(Role.SYSTEM))


def test_the_second_verifier_is_another_person():
    verified = one(State.VERIFIED, steps=(step(State.REINSPECTED, State.VERIFIED, by="first"),))
    with pytest.raises(SameVerifier, match=r"^The second verifier must be another person than the first\.$"):
        verified.check_move(State.OBJECTION, Role.OPERATOR, "first", NOW)
    verified.check_move(State.OBJECTION, Role.OPERATOR, "second", NOW)


def test_after_a_reopening_the_newest_first_verifier_counts():
    again = one(
        State.VERIFIED,
        steps=(
            step(State.REINSPECTED, State.VERIFIED, by="first"),
            step(State.OBJECTION, State.REOPENED, by="operator"),
            step(State.REINSPECTED, State.VERIFIED, by="second"),
        ),
    )
    again.check_move(State.OBJECTION, Role.INSPECTOR, "first", NOW)
    with pytest.raises(SameVerifier):
        again.check_move(State.OBJECTION, Role.INSPECTOR, "second", NOW)


def test_time_is_extended_once():
    returned = one(State.RETURNED, steps=(step(State.ORDERED, State.EXTENDED),))
    with pytest.raises(
        ExtendedBefore, match=r"^The time was extended once already; a second extension is not possible\.$"
    ):
        returned.check_move(State.EXTENDED, Role.OPERATOR, "mark", NOW)
    one(State.RETURNED).check_move(State.EXTENDED, Role.OPERATOR, "mark", NOW)


def test_it_is_closed_from_the_end_of_the_objection_window_on():
    open_until = one(State.OBJECTION, objections_until=NOW)
    with pytest.raises(
        ObjectionsOpen, match=r"^Anyone may object until 2026-03-06T02:00:00\+00:00; it can be closed after that\.$"
    ):
        open_until.check_move(State.CLOSED, Role.OPERATOR, "mark", NOW - timedelta(milliseconds=1))
    open_until.check_move(State.CLOSED, Role.OPERATOR, "mark", NOW)


def test_an_objection_reopens_it_before_the_window_ends():
    one(State.OBJECTION, objections_until=NOW).check_move(
        State.REOPENED, Role.OPERATOR, "mark", NOW - timedelta(days=1)
    )


@pytest.mark.parametrize("state", State)
def test_it_is_late_the_day_after_while_the_business_must_act(state):
    rectification = one(state)
    waits = state in (State.ORDERED, State.EXTENDED, State.RETURNED, State.REOPENED)
    assert not rectification.is_overdue(date(2026, 3, 20))
    assert rectification.is_overdue(date(2026, 3, 21)) is waits


@pytest.mark.parametrize("state", State)
def test_it_is_followed_until_closed_transferred_or_withdrawn(state):
    assert one(state).open is (state not in (State.CLOSED, State.TRANSFERRED, State.WITHDRAWN))


@pytest.mark.parametrize("to", State)
def test_every_step_is_explained_but_the_second_key_and_the_closing(to):
    check_words(to, "done")
    if to in (State.OBJECTION, State.CLOSED):
        check_words(to, "")
    else:
        with pytest.raises(Invalid, match=r"^Please say in a few words what was done, or why\.$") as refused:
            check_words(to, "")
        assert refused.value.where == "words"
