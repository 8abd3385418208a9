from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.draws.model import (
    Algorithm,
    BadSource,
    CommittedAlready,
    Draw,
    DrawOver,
    NotYet,
    Of,
    Source,
    SourceKind,
    Witness,
    check_sources,
)

NOW = datetime(2026, 3, 6, 2, tzinfo=UTC)
LEAD = timedelta(seconds=30)


def later(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


CEREMONY = Source(SourceKind.CEREMONY, later(10), commit_until=later(5))
BEACON = Source(SourceKind.BEACON, later(11), chain="ab", round=9)
NUMBERS = Source(SourceKind.NUMBERS, later(30), name="测试彩")
WITNESS = Witness("mark", "00", NOW)
DRAW = Draw(
    "dr_1", Of.TARGET, "ep_1", 1, 1, Algorithm.SHA256, {}, "aa", 2, 2, {}, "5ec2e7", (CEREMONY, BEACON), NOW, "fact_1"
)


def test_a_draw_that_is_logged_keeps_its_secret() -> None:
    assert "5ec2e7" not in repr(DRAW)


@pytest.mark.parametrize("sources", [(BEACON,), (CEREMONY, BEACON), (CEREMONY, NUMBERS, BEACON), (CEREMONY,)])
def test_sources_that_nobody_can_know_yet_are_accepted(sources) -> None:
    check_sources(sources, Algorithm.SHA256, NOW, LEAD)


@pytest.mark.parametrize(
    ("sources", "why"),
    [
        ((), "needs a source"),
        ((replace(BEACON, out_at=NOW),), "ahead"),
        ((replace(BEACON, out_at=NOW - timedelta(days=1)),), "ahead"),
        ((replace(NUMBERS, out_at=NOW + timedelta(seconds=29)),), "ahead"),
        ((replace(CEREMONY, commit_until=NOW),), "ahead"),
        ((replace(CEREMONY, commit_until=later(10)),), "before they are opened"),
        ((CEREMONY, CEREMONY), "one ceremony"),
        ((CEREMONY, replace(BEACON, out_at=later(10))), "choose between two"),
        ((replace(NUMBERS, out_at=later(9)), CEREMONY), "choose between two"),
    ],
)
def test_sources_that_somebody_could_use_are_refused(sources, why) -> None:
    with pytest.raises(BadSource, match=why):
        check_sources(sources, Algorithm.SHA256, NOW, LEAD)


def test_rfc_3797_takes_public_numbers_only() -> None:
    check_sources((NUMBERS,), Algorithm.RFC3797, NOW, LEAD)
    with pytest.raises(BadSource, match="public numbers only"):
        check_sources((NUMBERS, BEACON), Algorithm.RFC3797, NOW, LEAD)


def test_a_witness_commits_once_and_in_time() -> None:
    DRAW.check_may_commit("mark", later(4.9))
    with pytest.raises(DrawOver, match="could be sealed until"):
        DRAW.check_may_commit("mark", later(5))
    with pytest.raises(CommittedAlready):
        replace(DRAW, witnesses=(WITNESS,)).check_may_commit("mark", later(1))
    with pytest.raises(DrawOver, match="no witnesses"):
        replace(DRAW, sources=(BEACON,)).check_may_commit("mark", later(1))
    with pytest.raises(DrawOver, match="is over"):
        replace(DRAW, voided_at=NOW).check_may_commit("mark", later(1))


def test_a_witness_opens_between_the_two_deadlines() -> None:
    draw = replace(DRAW, witnesses=(WITNESS,))
    assert draw.check_may_reveal("mark", later(5)) == WITNESS
    assert draw.check_may_reveal("mark", later(10)) == WITNESS
    with pytest.raises(NotYet):
        draw.check_may_reveal("mark", later(4.9))
    with pytest.raises(DrawOver, match="had to be opened"):
        draw.check_may_reveal("mark", later(10.1))
    with pytest.raises(DrawOver, match="sealed no secret"):
        draw.check_may_reveal("other", later(6))


def test_values_are_there_once_every_source_is_decided() -> None:
    assert DRAW.values is None
    assert replace(DRAW, sources=(replace(CEREMONY, value="-"), BEACON)).values is None
    assert replace(DRAW, sources=(replace(CEREMONY, value="-"), replace(BEACON, value="ab"))).values == ("-", "ab")


def test_the_first_moment_is_that_of_the_first_secret() -> None:
    assert DRAW.first_out_at == later(5)
    assert replace(DRAW, sources=(NUMBERS, BEACON)).first_out_at == later(11)
