"""The command line's verifier on draws written from the text, genuine and falsified."""

import pytest

from server.draws.verify import State, Verdict, check, verdict
from tests.draw_cases import FALSE, GENUINE, targets


@pytest.mark.parametrize("make", GENUINE.values(), ids=GENUINE)
def test_a_genuine_draw_is_proven(make):
    case = make()
    steps = list(check(case.proof, case.pool))
    assert [step for step in steps if step.state is not State.PASS] == []
    assert verdict(steps) is Verdict.PROVEN


@pytest.mark.parametrize(("make", "falsify", "step", "problem"), FALSE.values(), ids=FALSE)
def test_a_falsified_draw_is_refuted_at_the_step_that_is_false(make, falsify, step, problem):
    case = make()
    falsify(case)
    steps = list(check(case.proof, case.pool))
    assert verdict(steps) is Verdict.REFUTED
    first = next(s for s in steps if s.state is State.FAIL)
    assert (first.step, first.problem) == (step, problem)


def test_a_draw_that_is_not_drawn_yet_is_neither_proven_nor_refuted():
    case = targets()
    case.facts.pop()
    steps = list(check(case.proof, case.pool))
    assert (steps[-1].step, steps[-1].state) == ("waiting", State.UNKNOWN)
    assert verdict(steps) is Verdict.UNKNOWN


def test_a_chain_that_nobody_knows_is_said_to_be_one():
    case = targets()
    case.body("draw.announced")["sources"][1]["chain"] = "00" * 32
    steps = list(check(case.proof, case.pool))
    assert verdict(steps) is Verdict.UNKNOWN
    assert {s.problem for s in steps if s.step in ("times", "beacon")} == {"chain_parameters"}


@pytest.mark.parametrize("nothing", [{}, {"id": "dr_1"}, {"announcement": "[]", "facts": [1]}, {"facts": None}])
def test_what_is_no_proof_at_all_is_refuted_not_an_accident(nothing):
    assert verdict(list(check(nothing, b""))) is Verdict.REFUTED
