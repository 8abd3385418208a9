"""The stranger finds honest draws good, whatever course they took."""

import hashlib
import json

import pytest

from tests.journeys import draw_forger as forger
from tests.journeys.draw_forger import BOB, CEREMONY, QUICKNET
from tests.journeys.draw_stranger import Refuted, Verified
from tests.journeys.draw_stranger_lots import lots, rfc3797_lots
from tests.journeys.draw_stranger_sources import Void

pytestmark = pytest.mark.skipif(not QUICKNET.exists(), reason="drand's round is not on this machine (../shared/data)")
RFC_EXAMPLE = forger.RFC_EXAMPLE


def test_an_honest_draw_of_targets_holds() -> None:
    draw = forger.of_targets()
    assert forger.judge(draw.entries(), draw.pool()).drawn == [member for member, _ in draw.drawn()]


def test_an_honest_draw_of_inspectors_holds() -> None:
    draw = forger.of_inspectors()
    team = forger.judge(draw.entries(), draw.pool())
    assert team.drawn == team.standing == [member for member, _ in draw.drawn()]
    assert len(team.drawn) == 2


# Lots


def test_the_example_of_rfc_3797() -> None:
    assert [n + 1 for n in rfc3797_lots(RFC_EXAMPLE, [1] * 25, 10)] == [17, 7, 2, 16, 25, 23, 8, 24, 19, 13]


def test_by_rfc_3797_a_line_drawn_twice_counts_once() -> None:
    """Of the example's tickets 17 7 2 16 25 23 8 24 19 13, five lines of five make the lines 3 1 0 4 2."""
    assert rfc3797_lots(RFC_EXAMPLE, [5] * 5, 9) == [3, 1, 0, 4, 2]


@pytest.mark.parametrize("wanted", [1, 3, 99])
def test_lots_are_what_a_list_of_all_tickets_gives(wanted: int) -> None:
    for n in range(50):
        key = hashlib.sha256(bytes([n])).digest()
        weights = [0, 3, 1, 0, 7, 2, 0]
        assert lots(key, weights, wanted) == forger.lots_in_full(key, weights, wanted)


def test_a_pool_without_tickets_has_no_lots() -> None:
    assert lots(bytes(32), [0, 0], 1) == []


# Other honest courses


def test_a_withheld_secret_leaves_the_draw_to_the_other_sources() -> None:
    draw = forger.of_targets()
    draw.middle = [fact for fact in draw.middle if fact["kind"] != "draw.revealed" or fact["by"] != BOB]
    fell = forger.the("draw.sourced", [fact for fact in draw.middle if fact["body"].get("source") == 2])
    fell |= {"at": CEREMONY["reveal_until"], "body": {"source": 2, "value": "-", "proof": "", "missing": [BOB]}}
    assert len(forger.judge(draw.entries(), draw.pool()).drawn) == 3


def test_a_ceremony_without_witnesses_falls() -> None:
    draw = forger.of_targets()
    draw.middle = [fact for fact in draw.middle if fact["kind"] == "draw.sourced"]
    draw.middle[0]["body"]["value"] = "-"
    assert len(forger.judge(draw.entries(), draw.pool()).drawn) == 3


def test_a_void_draw_is_void_and_not_bent() -> None:
    with pytest.raises(Void):
        forger.judge(forger.void(), b"")


def test_a_void_draw_is_announced_again() -> None:
    draw = forger.ceremony_again()
    assert len(forger.judge(draw.entries(), draw.pool(), earlier=[forger.texts(forger.void())]).drawn) == 3


def test_what_was_called_off_before_anybody_knew_anything_is_announced_again() -> None:
    draw = forger.ceremony_again()
    announced, *_ = forger.void()
    off = forger.entry("draw.voided", "15:29:59", {}, subject=announced["subject"])
    assert len(forger.judge(draw.entries(), draw.pool(), earlier=[forger.texts([announced, off])]).drawn) == 3


def test_what_hangs_on_a_void_draw_is_void() -> None:
    child, parent = forger.from_parent()
    off = forger.entry("draw.voided", "15:45:00", {}, subject=parent.subject)
    fallen = forger.entry("draw.voided", "15:51:00", {})
    void = {parent.subject: forger.texts([parent.announced(), off])}
    with pytest.raises(Void):
        forger.judge([child.announced(), fallen], child.pool(), draws=void)
    with pytest.raises(Refuted, match="not every source is decided"):
        forger.judge([child.announced(), fallen], child.pool(), draws=forger.facts_of(parent))


def test_a_team_is_drawn_by_the_key_of_the_draw_of_its_target() -> None:
    child, parent = forger.from_parent()
    assert forger.judge(child.entries(), child.pool(), draws=forger.facts_of(parent)).drawn == [
        m for m, _ in child.drawn()
    ]


def test_a_draw_by_rfc_3797_holds() -> None:
    entries, pool = forger.by_rfc()
    assert len(forger.judge(entries, pool).drawn) == 3


# Recusals


def test_the_next_moves_up_for_a_recused_inspector() -> None:
    draw = forger.of_inspectors()
    lead, second, third, fourth, *_ = forger.in_order(draw)
    gone = [forger.recused(lead, by=draw, successor=third), forger.recused(third, "16:11:00", draw, fourth)]
    team = forger.judge(draw.entries(), draw.pool(), recusals=[json.dumps(fact) for fact in gone])
    assert team == Verified([lead, second], [second, fourth])


def test_who_was_recused_before_the_draw_is_passed_over() -> None:
    draw = forger.of_inspectors()
    lead, second, third, *_ = forger.in_order(draw)
    entries = draw.entries()
    forger.the("draw.drawn", entries)["body"]["drawn"] = [[m, draw.salt(m)] for m in (second, third)]
    gone = json.dumps(forger.recused(lead, "15:30:00"))
    assert forger.judge(entries, draw.pool(), recusals=[gone]).drawn == [second, third]
    with pytest.raises(Refuted, match="passed over without a recusal"):
        forger.judge(entries, draw.pool())


@pytest.mark.parametrize(
    ("gone", "successor", "reason"),
    [
        (0, None, "not replaced although others remain"),
        (0, 3, "passed over without a recusal"),
        (3, 2, "not in the team"),
        (0, 1, "the order does not bring there"),
    ],
)
def test_a_bent_recusal_is_refuted(gone: int, successor: int | None, reason: str) -> None:
    draw = forger.of_inspectors()
    order = forger.in_order(draw)
    fact = forger.recused(order[gone], by=draw, successor="" if successor is None else order[successor])
    with pytest.raises(Refuted, match=reason):
        forger.judge(draw.entries(), draw.pool(), recusals=[json.dumps(fact)])
