from dataclasses import replace
from datetime import UTC, datetime

import pytest

from server.inspections.model import (
    Finding,
    GateIsRed,
    Inspection,
    Line,
    NotLive,
    NotOnTheTeam,
    Result,
    ResultCode,
    Severity,
    State,
    Summary,
    check_gate,
    check_words,
    gate,
    result_codes,
    standing,
    summarise,
    words_digest,
)
from server.kit.errors import Invalid

AT = datetime(2026, 3, 6, 2, tzinfo=UTC)
INSPECTION = Inspection("in_1", "ep_1", "ta_1", ("ac_1", "ac_2"), "catering", 1, State.LIVE, AT)


def finding(item: str, result: Result, n: int = 0, withdrawn: bool = False) -> Finding:
    return Finding(
        f"fi_{item}{n}",
        "in_1",
        "ep_1",
        "ta_1",
        item,
        result,
        Severity.LOW,
        "",
        (),
        "ac_1",
        AT,
        "salt",
        "key",
        "fact",
        withdrawn_at=AT if withdrawn else None,
    )


def test_only_the_team_may() -> None:
    INSPECTION.check_team("ac_2")
    with pytest.raises(NotOnTheTeam):
        INSPECTION.check_team("ac_3")


@pytest.mark.parametrize("state", [s for s in State if s is not State.LIVE])
def test_what_is_not_live_takes_no_findings(state: State) -> None:
    with pytest.raises(NotLive):
        replace(INSPECTION, state=state).check_live()


@pytest.mark.parametrize(
    ("inspection", "certified", "red"),
    [
        (INSPECTION, 2, []),
        (INSPECTION, 1, ["certificates"]),
        (replace(INSPECTION, team=("ac_1",)), 1, ["team", "certificates"]),  # at least two inspect
        (replace(INSPECTION, checklist_version=0), 2, ["checklist"]),
        (None, 0, ["target", "team", "certificates", "checklist"]),
    ],
)
def test_the_gate_is_red_where_something_is_missing(inspection, certified, red) -> None:
    lines = gate(inspection, certified)
    assert [line.code for line in lines if not line.ok] == red
    if red:
        with pytest.raises(GateIsRed):
            check_gate(lines)
    else:
        check_gate(lines)


def test_a_gate_without_lines_is_not_red() -> None:
    check_gate([Line("target", True)])


def test_the_latest_result_of_an_item_stands_unless_it_was_withdrawn() -> None:
    findings = [
        finding("C01", Result.FAIL),
        finding("C01", Result.PASS, 1),
        finding("C02", Result.PASS),
        finding("C02", Result.FAIL, 1, withdrawn=True),
    ]
    assert {item: f.result for item, f in standing(findings).items()} == {"C01": Result.PASS, "C02": Result.PASS}


def test_a_summary_counts_what_stands_and_was_looked_at() -> None:
    findings = [
        finding("C01", Result.PASS),
        finding("C02", Result.FAIL),
        finding("C03", Result.NOT_APPLICABLE),
        finding("C04", Result.NOT_CHECKED),
    ]
    assert summarise(findings, 12) == Summary(checked=3, passed=1, failed=1, total=12)


@pytest.mark.parametrize(
    ("results", "codes"),
    [
        ([], (ResultCode.NO_PROBLEM,)),
        ([Result.PASS, Result.NOT_APPLICABLE], (ResultCode.NO_PROBLEM,)),
        ([Result.PASS, Result.FAIL], (ResultCode.ORDERED,)),
    ],
)
def test_an_inspection_comes_to_what_its_findings_say(results, codes) -> None:
    assert result_codes([finding(f"C{n}", result) for n, result in enumerate(results)]) == codes


def test_a_problem_is_described() -> None:
    check_words(Result.PASS, "")
    check_words(Result.FAIL, "过期酱油")
    with pytest.raises(Invalid) as refused:
        check_words(Result.FAIL, "")
    assert refused.value.where == "words"


def test_words_cannot_be_guessed_from_their_digest_without_the_salt() -> None:
    assert words_digest("a", "合格") != words_digest("b", "合格")
    assert words_digest("ab", "c") != words_digest("a", "bc")
