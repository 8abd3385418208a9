"""The stranger finds out every way of bending a draw."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys import draw_forger as forger
from tests.journeys.draw_forger import ALICE, BOB, CEREMONY, PARENT, QUICKNET, SECRETS, Draw, Entry
from tests.journeys.draw_stranger import Refuted, verify
from tests.journeys.draw_stranger_sources import Void

pytestmark = pytest.mark.skipif(not QUICKNET.exists(), reason="drand's round is not on this machine (../shared/data)")
Bend = Callable[[Any], object]


# Bent before the lots were computed: the operator's own key and lots are consistent with what was bent


def member(draw: Draw, line: str) -> None:
    draw.members["ta_3"] = line


def source(draw: Draw, number: int, **changed: Any) -> None:
    draw.sources[number] = draw.sources[number] | changed


def fact(draw: Draw, kind: str, n: int = 0, **changed: Any) -> None:
    found = forger.entries_of(kind, draw.middle)[n]
    found["body"] |= {key: value for key, value in changed.items() if key in found["body"]}
    found |= {key: value for key, value in changed.items() if key in found}


def drop(draw: Draw, kind: str, by: str = "") -> None:
    draw.middle = [fact for fact in draw.middle if not (fact["kind"] == kind and fact["by"] == by)]


def invented_beacon(draw: Draw) -> None:
    proof = "8" + "0" * 95
    value = hashlib.sha256(bytes.fromhex(proof)).hexdigest()
    fact(draw, "draw.sourced", 2, value=value, proof=proof)


def another_point(draw: Draw) -> None:
    """The right point's negation is on the curve and in the subgroup, and still no signature."""
    proof = bytearray(bytes.fromhex(forger.quicknet()[1]["signature"]))
    proof[0] ^= 0x20
    fact(draw, "draw.sourced", 2, value=hashlib.sha256(proof).hexdigest(), proof=proof.hex())


def withheld_but_used(draw: Draw) -> None:
    """Alice's secret is used although Bob withheld his."""
    drop(draw, "draw.revealed", BOB)
    fact(draw, "draw.sourced", 0, value=f"{SECRETS[ALICE]}.", missing=[BOB], at=CEREMONY["reveal_until"])


def cut_off(draw: Draw) -> None:
    """The ceremony is ended when Alice has revealed and Bob has not yet, though time is left."""
    drop(draw, "draw.revealed", BOB)
    fact(draw, "draw.sourced", 0, value="-", missing=[BOB])


def let_go(draw: Draw, secret: str = "00" * 32) -> None:
    """Bob reveals something else than he committed to."""
    fact(draw, "draw.revealed", 1, secret=secret)
    fact(draw, "draw.sourced", 0, value=f"{secret}.{SECRETS[ALICE]}.")


def copied(draw: Draw) -> None:
    """Bob takes over Alice's commitment, and then her secret."""
    fact(draw, "draw.witnessed", 0, commitment=forger.commitment(ALICE, SECRETS[ALICE]))
    let_go(draw, SECRETS[ALICE])


BENT = [
    ("a round that ends in the ceremony", lambda d: source(d, 0, round=1), "ends after another source"),
    ("announced when the round was out", lambda d: setattr(d, "announced_at", "15:59:24"), "already out"),
    ("announced after the numbers", lambda d: source(d, 1, due="2023-08-23T15:00:00Z"), "numbers was already out"),
    ("announced in the ceremony", lambda d: setattr(d, "announced_at", "15:30:00"), "already out"),
    ("another chain", lambda d: source(d, 0, chain="00" * 32), "chain is unknown"),
    ("a round of the past", lambda d: source(d, 0, round=0), "no such round"),
    ("ceremony after the numbers", lambda d: source(d, 1, due="2023-08-23T15:39:00Z"), "ends after another source"),
    ("ceremony after the beacon", lambda d: source(d, 2, reveal_until="2023-08-23T16:59:00Z"), "ends after another"),
    ("no time to reveal", lambda d: source(d, 2, reveal_until="2023-08-23T15:30:00Z"), "no time to reveal"),
    ("no source", lambda d: (d.sources.clear(), d.middle.clear()), "no source"),
    ("an odd source", lambda d: d.sources.append({"kind": "dice"}), "not described"),
    ("no UTC", lambda d: source(d, 1, due="2023-08-23T15:50:00+08:00"), "no moment in UTC"),
    ("a source is not decided", lambda d: d.middle.pop(), "not every source is decided"),
    ("a source too many", lambda d: d.middle.append(forger.sourced(3, "1.")), "not announced"),
    ("a source twice", lambda d: d.middle.append(forger.sourced(1, "1.")), "decided twice"),
    ("an invented beacon", invented_beacon, "did not sign"),
    ("another point of the curve", another_point, "did not sign"),
    ("an invented randomness", lambda d: fact(d, "draw.sourced", 2, value="00" * 32), "not the hash"),
    ("no proof", lambda d: fact(d, "draw.sourced", 2, proof=""), "not 48 bytes"),
    ("the beacon is said to have fallen", lambda d: fact(d, "draw.sourced", 2, value="-", proof=""), "not 48 bytes"),
    ("the numbers are said to have fallen", lambda d: fact(d, "draw.sourced", 1, value="-"), "no public numbers"),
    ("numbers unsorted", lambda d: fact(d, "draw.sourced", 1, value="5.2."), "not ascending"),
    ("numbers with zeros", lambda d: fact(d, "draw.sourced", 1, value="02.5."), "no public numbers"),
    ("numbers without a stop", lambda d: fact(d, "draw.sourced", 1, value="2.5"), "no public numbers"),
    ("numbers before they were due", lambda d: fact(d, "draw.sourced", 1, at="2023-08-23T15:49:59Z"), "before it was"),
    ("a proof of numbers", lambda d: fact(d, "draw.sourced", 1, proof="00"), "a proof where none"),
    ("missing at the numbers", lambda d: fact(d, "draw.sourced", 1, missing=[BOB]), "no ceremony"),
    ("a secret withheld, and the other used", withheld_but_used, "not what its witnesses revealed"),
    ("a witness cut off", cut_off, "ended before its time"),
    ("a withholder unnamed", lambda d: drop(d, "draw.revealed", BOB), "others are missing"),
    ("a fall without cause", lambda d: fact(d, "draw.sourced", 0, value="-"), "not what its witnesses revealed"),
    ("another secret", let_go, "another secret"),
    ("a copied commitment", copied, "another secret"),
    ("a short secret", lambda d: let_go(d, "00" * 31), "not 32 bytes"),
    ("a late commitment", lambda d: fact(d, "draw.witnessed", 1, at=CEREMONY["commit_until"]), "committed too late"),
    ("an early reveal", lambda d: fact(d, "draw.revealed", at="2023-08-23T15:29:59Z"), "too early or too late"),
    ("a late reveal", lambda d: fact(d, "draw.revealed", at=CEREMONY["reveal_until"]), "too early or too late"),
    ("a second commitment", lambda d: d.middle.append(forger.witnessed(BOB)), "twice"),
    ("a stranger reveals", lambda d: drop(d, "draw.witnessed", BOB), "had not committed"),
    ("another order of secrets", lambda d: d.middle.insert(0, d.middle.pop(1)), "not what its witnesses"),
    ("witnesses without ceremony", lambda d: (d.sources.pop(), drop(d, "draw.sourced")), "not every source"),
    ("tickets with zeros", lambda d: member(d, "01"), "no number of tickets"),
    ("too many tickets", lambda d: (member(d, "1000001"), setattr(d, "wanted", 1)), "no number of tickets"),
    ("an exclusion without a reason", lambda d: member(d, "0 whim"), "no reason"),
    ("a note with tickets", lambda d: member(d, "4 closed"), "has a note"),
    ("the third attempt", lambda d: setattr(d, "attempt", 3), "not all here"),
    ("nobody wanted", lambda d: setattr(d, "wanted", 0), "nobody is wanted"),
    ("a source said to be two", lambda d: source(d, 1, round=1), "not described"),
]


@pytest.mark.parametrize(("bend", "reason"), [row[1:] for row in BENT], ids=[row[0] for row in BENT])
def test_a_draw_bent_beforehand_is_refuted(bend: Bend, reason: str) -> None:
    draw = forger.of_targets()
    bend(draw)
    with pytest.raises(Refuted, match=reason):
        forger.judge(draw.entries(), draw.pool())


# Bent afterwards: what was published is exchanged


def swap(entries: list[Entry], kind: str, **changed: Any) -> None:
    forger.the(kind, entries)["body"] |= changed


def reverse(entries: list[Entry]) -> None:
    forger.the("draw.drawn", entries)["body"]["drawn"].reverse()


def friend_instead(entries: list[Entry]) -> None:
    drawn, draw = forger.the("draw.drawn", entries)["body"]["drawn"], forger.of_targets()
    friend = next(m for m in draw.members if m not in {member for member, _ in drawn})
    drawn[0] = [friend, draw.salt(friend)]


def another_name(entries: list[Entry]) -> None:
    """The line stays, and is said to be somebody else's."""
    forger.the("draw.drawn", entries)["body"]["drawn"][0][0] = "ta_victim"


def void_after_the_lots(entries: list[Entry]) -> None:
    entries.append(forger.entry("draw.voided", "16:02:00", {}))


def move(entries: list[Entry], kind: str, subject: str) -> None:
    forger.the(kind, entries)["subject"] = subject


AFTERWARDS = [
    ("another key", lambda e: swap(e, "draw.drawn", key="00" * 32), "key does not follow"),
    ("another announced pool", lambda e: swap(e, "draw.announced", pool_sha256="00" * 32), "key does not follow"),
    ("another order", reverse, "others were drawn"),
    ("a friend instead", friend_instead, "others were drawn"),
    ("another name for the line", another_name, "others were drawn"),
    ("one too few", lambda e: forger.the("draw.drawn", e)["body"]["drawn"].pop(), "others were drawn"),
    ("more wanted than announced", lambda e: swap(e, "draw.announced", wanted=2), "others were drawn"),
    ("no salt", lambda e: forger.the("draw.drawn", e)["body"]["drawn"][0].__setitem__(1, ""), "16 bytes"),
    ("no target", lambda e: forger.the("draw.drawn", e)["body"]["drawn"][0].__setitem__(0, "in_1"), "no member"),
    ("other numbers", lambda e: swap(e, "draw.sourced", value="00" * 32), "not the hash"),
    ("members miscounted", lambda e: swap(e, "draw.announced", members=13), "number of members"),
    ("tickets miscounted", lambda e: swap(e, "draw.announced", tickets=1), "other tickets"),
    ("exclusions untold", lambda e: swap(e, "draw.announced", excluded={"closed": 1}), "others are excluded"),
    ("another algorithm", lambda e: swap(e, "draw.announced", algorithm="rfc3797"), "public numbers only"),
    ("an unknown algorithm", lambda e: swap(e, "draw.announced", algorithm="dice"), "algorithm is unknown"),
    ("of nothing", lambda e: swap(e, "draw.announced", of="deputies"), "neither"),
    ("announced twice", lambda e: e.insert(1, e[0]), "announced twice"),
    ("voided for the outcome", void_after_the_lots, "ends once"),
    ("sources after the lots", lambda e: e.append(e.pop(-2)), "after the draw was over"),
    ("do not begin", lambda e: e.pop(0), "do not begin"),
    ("announced afterwards", lambda e: e.append(e.pop(0)), "do not begin"),
    ("nothing at all", lambda e: e.clear(), "do not begin"),
    ("not drawn", lambda e: e.pop(), "nothing was drawn yet"),
    ("a fact of another draw", lambda e: move(e, "draw.sourced", "dr_other"), "another draw"),
    (
        "older than the announcement",
        lambda e: forger.the("draw.witnessed", e).update(at="2023-08-23T14:00:00Z"),
        "older",
    ),
    ("a key is lost", lambda e: forger.the("draw.sourced", e)["body"].pop("proof"), "missing or malformed"),
    ("no moment", lambda e: forger.the("draw.sourced", e).update(at="yesterday"), "no moment"),
]


@pytest.mark.parametrize(("bend", "reason"), [row[1:] for row in AFTERWARDS], ids=[row[0] for row in AFTERWARDS])
def test_a_draw_bent_afterwards_is_refuted(bend: Bend, reason: str) -> None:
    draw = forger.of_targets()
    entries = draw.entries()
    bend(entries)
    with pytest.raises(Refuted, match=reason):
        forger.judge(entries, draw.pool())


def test_a_key_written_twice_is_refuted() -> None:
    draw = forger.of_targets()
    texts = [json.dumps(fact) for fact in draw.entries()]
    texts[0] = texts[0].replace('"wanted": 3', '"wanted": 3, "wanted": 4')
    with pytest.raises(Refuted, match="occurs twice"):
        verify(texts, draw.pool(), chains=[forger.quicknet()[0]])


# The pool's file


def repeated(pool: bytes) -> bytes:
    first = pool.splitlines()[0]
    return b"\n".join(sorted([*pool.splitlines(), first[:64] + b" 9"])) + b"\n"


POOLS = [
    ("a weight is raised", lambda p: p.replace(b" 1\n", b" 2\n", 1), "not the one that was announced"),
    ("a line is left out", lambda p: p[p.index(b"\n") + 1 :], "not the one that was announced"),
    ("unsorted", lambda p: b"\n".join(reversed(p.splitlines())) + b"\n", "ascending"),
    ("a member twice", repeated, "occurs twice"),
    ("the last line feed is lost", lambda p: p[:-1], "does not end"),
    ("other line feeds", lambda p: p.replace(b"\n", b"\r\n"), "no number of tickets|no reason"),
    ("upper case", lambda p: p.upper(), "ascending|no pseudonym"),
    ("no text", lambda p: p[:70] + b"\xff" + p[70:], "no line|ascending"),
    ("empty", lambda p: b"", "not the one that was announced"),
]


@pytest.mark.parametrize(("bend", "reason"), [row[1:] for row in POOLS], ids=[row[0] for row in POOLS])
def test_a_bent_pool_is_refuted(bend: Callable[[bytes], bytes], reason: str) -> None:
    draw = forger.of_targets()
    with pytest.raises(Refuted, match=reason):
        forger.judge(draw.entries(), bend(draw.pool()))


# Draws of inspectors, of draws, by RFC 3797


NOTES = [
    ("1 {", "no JSON"),
    ("1", "no JSON"),
    ('1 {"burden": 0,"categories":[],"districts":[]}', "spaces"),
    ('1 {"burden":0,"categories":[]}', "other keys"),
    ('1 {"burden":-1,"categories":[],"districts":[]}', "no number"),
    ('1 {"burden":0,"categories":[1],"districts":[]}', "no list"),
]


@pytest.mark.parametrize(("line", "reason"), NOTES)
def test_a_bent_note_is_refuted(line: str, reason: str) -> None:
    draw = forger.of_inspectors()
    entries = draw.entries()
    draw.members[next(iter(draw.members))] = line
    with pytest.raises(Refuted, match=reason):
        forger.judge(entries, draw.pool())


def test_a_team_in_another_order_is_refuted() -> None:
    draw = forger.of_inspectors()
    entries = draw.entries()
    reverse(entries)
    with pytest.raises(Refuted, match=r"order does not bring there|without a recusal"):
        forger.judge(entries, draw.pool())


def test_a_team_for_another_target_is_refuted() -> None:
    draw = forger.of_inspectors()
    with pytest.raises(Refuted, match=r"fewer than two|order does not bring there|without a recusal"):
        forger.judge(draw.entries(), draw.pool(), category="hotels", district="94110")


def test_a_team_of_one_is_refuted() -> None:
    draw = forger.of_inspectors()
    entries = draw.entries()
    forger.the("draw.drawn", entries)["body"]["drawn"].pop()
    with pytest.raises(Refuted, match="two inspectors"):
        forger.judge(entries, draw.pool())


def test_a_draw_of_inspectors_that_leaves_some_out_is_refuted() -> None:
    draw = forger.of_inspectors()
    draw.wanted = 6
    with pytest.raises(Refuted, match="every line that has tickets"):
        forger.judge(draw.entries(), draw.pool())


PARENTS = [
    ("another key of the parent", lambda c, p: c.middle[0]["body"].update(value="00" * 32), "source is another"),
    ("announced when the parent's source was out", lambda c, p: setattr(c, "announced_at", "15:50:00"), "already out"),
    ("the parent is said to be void", lambda c, p: c.middle[0]["body"].update(value="-"), "not void is said to be"),
    ("a bent parent", lambda c, p: p.middle[0]["body"].update(value="1.2.4."), "source is another"),
    ("the parent's numbers are none", lambda c, p: p.middle[0]["body"].update(value="1.2"), "no public numbers"),
    ("its own parent", lambda c, p: p.sources.__setitem__(0, PARENT), "its own source"),
]


@pytest.mark.parametrize(("bend", "reason"), [row[1:] for row in PARENTS], ids=[row[0] for row in PARENTS])
def test_a_team_by_a_bent_parent_is_refuted(bend: Callable[[Draw, Draw], None], reason: str) -> None:
    child, parent = forger.from_parent()
    bend(child, parent)
    with pytest.raises(Refuted, match=reason):
        forger.judge(child.entries(), child.pool(), draws=forger.facts_of(parent))


def test_a_parent_that_is_kept_back_is_refuted() -> None:
    child, _ = forger.from_parent()
    with pytest.raises(Refuted, match="facts of the draw that is a source are missing"):
        forger.judge(child.entries(), child.pool())


def test_more_tickets_than_rfc_3797_can_count_are_refuted() -> None:
    entries, pool = forger.by_rfc()
    swap(entries, "draw.announced", tickets=65536)
    with pytest.raises(Refuted, match="at most 65535"):
        forger.judge(entries, pool)


def test_a_draw_whose_every_source_fell_has_no_lots() -> None:
    ended = forger.entry("draw.drawn", "15:31:00", {"key": "00" * 32, "drawn": []}, subject="dr_void")
    with pytest.raises(Refuted, match="every source fell, and the draw is not void"):
        forger.judge([*forger.void()[:2], ended], b"")


# Drawing again until the outcome is liked


def voided_at_will(earlier: list[list[Entry]]) -> None:
    """Everything was out, and the operator did not like it."""
    draw = forger.of_targets()
    draw.announced_at = "14:00:00"
    earlier[0] = [*draw.entries()[:-1], forger.entry("draw.voided", "15:31:00", {})]


def called_off_late(earlier: list[list[Entry]]) -> None:
    """A witness had committed, and might have told the operator."""
    said = forger.witnessed(ALICE) | {"subject": "dr_void"}
    earlier[0][1:] = [said, forger.entry("draw.voided", "15:20:00", {}, subject="dr_void")]


EARLIER = [
    ("untold", lambda e: e.clear(), "not all here"),
    ("one too many", lambda e: e.append(e[0]), "not all here"),
    ("not void", lambda e: e[0].pop(), "although it was not void"),
    ("voided at will", voided_at_will, "although a source was left"),
    ("called off late", called_off_late, "not every source is decided"),
    ("of something else", lambda e: e[0][0]["body"].update(of="inspectors"), "of something else"),
    ("of another episode", lambda e: e[0][0].update(episode="ep_9"), "of something else"),
    ("void only later", lambda e: e[0][2].update(at="2023-08-23T15:32:00Z"), "before the last attempt was void"),
    ("drawn after all", lambda e: e[0].append(forger.entry("draw.drawn", "15:31:00", {}, subject="dr_void")), "once"),
]


@pytest.mark.parametrize(("bend", "reason"), [row[1:] for row in EARLIER], ids=[row[0] for row in EARLIER])
def test_drawing_again_until_the_outcome_is_liked_is_refuted(bend: Bend, reason: str) -> None:
    draw, earlier = forger.ceremony_again(), [forger.void()]
    bend(earlier)
    with pytest.raises(Refuted, match=reason) as refuted:
        forger.judge(draw.entries(), draw.pool(), earlier=[forger.texts(facts) for facts in earlier])
    assert not isinstance(refuted.value, Void)
