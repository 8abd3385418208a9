"""A stranger's verifier of draws, written from docs/verify.md ("A draw") alone; it shares no line with the server.

`verify` checks sections 1 to 7 and says who was drawn, or raises `Refuted` with a plain reason.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from tests.journeys.draw_stranger_lots import lots, rfc3797_lots
from tests.journeys.draw_stranger_sources import (
    HEX,
    Attempt,
    Chain,
    Fact,
    Refuted,
    World,
    attempt_of,
    check_earlier,
    decide,
    drawn_of,
    need,
    read_fact,
    sha256,
    strict_json,
)

MOST = 1_000_000
NUMBER = re.compile(r"0|[1-9][0-9]*")
REASONS = {"frequency_cap", "minimum_interval", "closed", "joint_inspection", "recusal", "no_certificate", "resting"}


@dataclass(frozen=True)
class Line:
    """One line of the pool; `note` is a reason code with 0 tickets, else an inspector's qualification or nothing."""

    pseudonym: str
    tickets: int
    note: str

    def inspector(self) -> dict[str, Any]:
        return dict(json.loads(self.note))


@dataclass(frozen=True)
class Verified:
    """`drawn` as section 6 has it; `standing` is the same, but for inspectors that were replaced since."""

    drawn: list[str]
    standing: list[str]


def verify(
    facts: Sequence[str],
    pool: bytes,
    *,
    chains: Sequence[Chain] = (),
    draws: Mapping[str, Sequence[str]] | None = None,
    category: str = "",
    district: str = "",
    recusals: Sequence[str] = (),
    earlier: Sequence[Sequence[str]] = (),
) -> Verified:
    """`facts`: the draw's entries in the ledger's order; `recusals`: those that are not among them.

    `earlier` are the facts of the attempts before this one. Raises `Void` for what is void by the rule.
    """
    world = World({chain.hash: chain for chain in chains}, draws or {})
    try:
        check_earlier(attempt_of(facts), earlier, world)
        attempt, lines, drawn = verify_lots(facts, pool, world)
        members = open_salts(drawn.body["drawn"], attempt.body["of"])
        if attempt.body["of"] == "target":
            need([p for _, p in members] == [line.pseudonym for line in lines], "others were drawn than the lots say")
            return Verified([m for m, _ in members], [m for m, _ in members])
        recused = attempt.all("inspector.recused") + [read_fact(text) for text in recusals]
        return walk_down(qualified(lines, category, district), members, recused, drawn.at)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as malformed:
        raise Refuted(f"something is missing or malformed: {malformed!r}") from malformed


def verify_lots(facts: Sequence[str], pool: bytes, world: World) -> tuple[Attempt, list[Line], Fact]:
    """The attempt that counts, the lines in the order of their lots, and what was said to be drawn."""
    attempt, key = decide(facts, world)
    drawn = drawn_of(attempt, key)
    lines = read_pool(pool, attempt.body["of"])
    match_pool(attempt.body, pool, lines)
    return attempt, [lines[n] for n in lots_of(attempt, key, lines)], drawn


# 1. The frozen pool


def read_pool(pool: bytes, of: str) -> list[Line]:
    need(not pool or pool.endswith(b"\n"), "the pool's last line does not end")
    raw = pool.split(b"\n")[:-1]
    need(all(a < b for a, b in pairwise(raw)), "the pool is not in ascending order")
    lines = [read_line(text, of) for text in raw]
    need(len({line.pseudonym for line in lines}) == len(lines), "a pseudonym occurs twice")
    return lines


def read_line(raw: bytes, of: str) -> Line:
    try:
        pseudonym, tickets, *note = raw.decode().split(" ", 2)
    except ValueError:
        raise Refuted(f"this is no line of a pool: {raw!r}") from None
    need(HEX.fullmatch(pseudonym), f"{pseudonym!r} is no pseudonym")
    need(NUMBER.fullmatch(tickets) and int(tickets) <= MOST, f"{tickets!r} is no number of tickets")
    line = Line(pseudonym, int(tickets), note[0] if note else "")
    if line.tickets == 0:
        need(line.note in REASONS, f"{line.note!r} is no reason for an exclusion")
    elif of == "target":
        need(not note, "a target's line has a note")
    else:
        check_note(line)
    return line


def check_note(line: Line) -> None:
    try:
        note = strict_json(line.note)
    except ValueError:
        raise Refuted(f"an inspector's note is no JSON: {line.note!r}") from None
    need(list(note) == ["burden", "categories", "districts"], "an inspector's note has other keys")
    tight = {json.dumps(note, separators=(",", ":"), ensure_ascii=ascii_only) for ascii_only in (True, False)}
    need(line.note in tight, "an inspector's note has spaces")
    need(type(note["burden"]) is int and note["burden"] >= 0, "an inspector's burden is no number")
    lists = [note["categories"], note["districts"]]
    need(all(type(x) is list and all(type(y) is str for y in x) for x in lists), "a qualification is no list of texts")


def match_pool(body: Mapping[str, Any], pool: bytes, lines: Sequence[Line]) -> None:
    need(sha256(pool).hex() == body["pool_sha256"], "the pool is not the one that was announced")
    need(len(lines) == body["members"], "the pool has another number of members than announced")
    need(sum(line.tickets for line in lines) == body["tickets"], "the pool has other tickets than announced")
    excluded = Counter(line.note for line in lines if line.tickets == 0)
    need(excluded == Counter(body["excluded"]), "others are excluded than announced")
    if body["of"] == "inspectors":
        able = sum(line.tickets > 0 for line in lines)
        need(body["wanted"] == able, "a draw of inspectors must draw every line that has tickets")


def lots_of(attempt: Attempt, key: bytes, lines: Sequence[Line]) -> list[int]:
    weights, wanted = [line.tickets for line in lines], attempt.body["wanted"]
    if attempt.body["algorithm"] == "sha256":
        return lots(key, weights, wanted)
    sourced = sorted(attempt.all("draw.sourced"), key=lambda fact: fact.body["source"])
    return rfc3797_lots("".join(f"{fact.body['value']}/" for fact in sourced), weights, wanted)


# 6. What was drawn


def open_salts(drawn: Sequence[Sequence[str]], of: str) -> list[tuple[str, str]]:
    """Every drawn member with the pseudonym that its salt makes."""
    for member, salt in drawn:
        shape = r"ta_.+" if of == "target" else HEX
        need(re.fullmatch(shape, member), f"{member!r} is no member of such a draw")
        need(re.fullmatch(r"[0-9a-f]{32}", salt), "a salt has not 16 bytes")
    return [(member, sha256(bytes.fromhex(salt), member.encode()).hex()) for member, salt in drawn]


# 7. Inspectors


def qualified(order: Sequence[Line], category: str, district: str) -> list[str]:
    """Pseudonyms in the order in which they would come into the team."""
    walk = sorted(((line.inspector(), line.pseudonym) for line in order), key=lambda pair: pair[0]["burden"])
    fits = [
        pseudonym
        for note, pseudonym in walk
        if (not note["categories"] or category in note["categories"])
        and (not note["districts"] or district in note["districts"])
    ]
    need(len(fits) >= 2, "fewer than two inspectors are qualified")
    return fits


def walk_down(
    order: Sequence[str], members: Sequence[tuple[str, str]], recused: Sequence[Fact], drawn_at: datetime
) -> Verified:
    walk = Walk(order)
    for fact in recused:
        if fact.at < drawn_at:
            walk.hidden.add(fact.body["inspector"])
    need(len(members) == 2, "a team has two inspectors")
    for member, pseudonym in members:
        walk.take(member, pseudonym)
    for fact in recused:
        if fact.at >= drawn_at:
            walk.replace(fact.body)
    return Verified([m for m, _ in members], walk.team)


class Walk:
    """Down the order. Whoever was recused outside of the team stays `hidden`: which line is theirs is not known."""

    def __init__(self, order: Sequence[str]) -> None:
        self.team: list[str] = []
        self.hidden: set[str] = set()
        self.lines: dict[str, str] = {}
        self._order = order
        self._at = 0
        self._passed = 0

    def take(self, member: str, pseudonym: str) -> None:
        """The next who remains; lines may be passed over only for those who were recused."""
        need(pseudonym in self._order[self._at :], "an inspector is in the team whom the order does not bring there")
        need(member not in self.hidden, "a recused inspector is in the team")
        place = self._order.index(pseudonym)
        self._passed += place - self._at
        need(self._passed <= len(self.hidden), "an inspector was passed over without a recusal")
        self._at = place + 1
        self.team.append(member)
        self.lines[member] = pseudonym

    def replace(self, body: Mapping[str, Any]) -> None:
        gone, successor = body["inspector"], body.get("replaced_by") or ""
        line = sha256(bytes.fromhex(body["inspector_salt"]), gone.encode()).hex()
        need(line in self._order, "who steps back stands behind no line of the order")
        need(gone not in self.lines or self.lines[gone] == line, "who steps back stands behind another line")
        if gone not in self.team:
            need(not successor, "somebody was replaced who was not in the team")
            self.hidden.add(gone)
            return
        self.team.remove(gone)
        left = len(self._order) - self._at - (len(self.hidden) - self._passed)
        need(successor or left <= 0, "a recused inspector was not replaced although others remain")
        if successor:
            ((member, pseudonym),) = open_salts([(successor, body["salt"])], "inspectors")
            self.take(member, pseudonym)
