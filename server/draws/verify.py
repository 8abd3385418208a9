"""Checks a whole draw against docs/verify.md, step by step, from what was published alone. No I/O.

The page checks the same in the browser (web/static/modules/draw_check.js); steps and problems have the same names.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from server.draws import beacon, shuffle
from server.draws.beacon import NotGenuine
from server.draws.pool import Line, lines_of
from server.draws.proof import QUICKNET, CannotTell, Record, Wrong, moment, must
from server.draws.shuffle import FALLEN
from server.draws.team import TEAM_SIZE, Duty, Place, called, duty_of, walk

_HEX_32 = re.compile("[0-9a-f]{32}")
_HEX_64 = re.compile("[0-9a-f]{64}")
_HEX_96 = re.compile("[0-9a-f]{96}")
_NUMBERS = re.compile(r"(?:(?:0|[1-9][0-9]*)\.)+")
KINDS = ("beacon", "numbers", "ceremony", "draw")
RFC3797_KINDS = ("numbers", "draw")


class State(StrEnum):
    """What a step came to."""

    PASS = "pass"  # noqa: S105  no password
    FAIL = "fail"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """What all steps came to."""

    PROVEN = "proven"
    REFUTED = "refuted"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Step:
    """One step; `problem` is a code when it did not pass."""

    step: str
    state: State
    problem: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Found:
    """What one step finds and a later one needs."""

    file: bytes
    lines: list[Line] | None = None
    key: bytes | None = None
    drawn: list[int] | None = None


Check = Callable[[Record, Found], Mapping[str, Any] | None]


def check(proof: Mapping[str, Any], file: bytes) -> Iterator[Step]:
    """Every step, in order; `proof` is what the draw's JSON says, `file` its pool."""
    found = Found(file)
    record = Record(proof, str(proof.get("id")))
    for name, work in _steps(record):
        step = _tried(name, work, record, found)
        yield step
        if name == "announcement" and step.state is State.FAIL:
            return


def verdict(steps: Sequence[Step]) -> Verdict:
    """Refuted by one failure; proven when every step passed and there is an outcome."""
    states = {step.state for step in steps}
    if State.FAIL in states:
        return Verdict.REFUTED
    return Verdict.UNKNOWN if State.UNKNOWN in states else Verdict.PROVEN


def _tried(name: str, work: Check, record: Record, found: Found) -> Step:
    try:
        return Step(name, State.PASS, None, work(record, found) or {})
    except Wrong as wrong:
        state = State.UNKNOWN if isinstance(wrong, CannotTell) else State.FAIL
        return Step(name, state, wrong.code, wrong.facts)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as problem:
        return Step(name, State.FAIL, "malformed", {"why": f"{type(problem).__name__}: {problem}"})


def _steps(record: Record) -> list[tuple[str, Check]]:
    steps: list[tuple[str, Check]] = [("announcement", announcement), ("times", times), ("pool", pool)]
    if record.source("ceremony"):
        steps.append(("witnesses", witnesses))
    steps.append(("sources", sources))
    if record.source("beacon"):
        steps += [("beacon", beacon_round), ("chain", chain_known)]
    if record.source("draw"):
        steps.append(("draw", other_draw))
    if record.one("draw.voided"):
        return [*steps, ("void", voided)]
    if not record.one("draw.drawn"):
        return [*steps, ("waiting", waiting)]
    return [*steps, ("key", key), ("lots", lots), ("opened", opened)]


def announcement(record: Record, _found: Found | None = None) -> Mapping[str, Any]:
    """One announcement, the first of the draw's entries, with sources of known kinds."""
    said, body, proof = record.announced, record.body, record.proof
    must(said.get("kind") == "draw.announced" and said.get("subject") == record.id, "announcement")
    once = len(record.of("draw.announced")) == 1 and proof["facts"][0] == proof["announcement"]
    must(once, "announced_twice")
    must(all(entry.get("subject") == record.id for entry in record.entries), "foreign_fact")
    must(body.get("of") in ("target", "inspectors") and body.get("algorithm") in ("sha256", "rfc3797"), "announcement")
    kinds = [source.get("kind") for source in record.sources]
    must(kinds and all(kind in KINDS for kind in kinds), "announcement")
    must(body["algorithm"] == "sha256" or all(kind in RFC3797_KINDS for kind in kinds), "rfc3797_sources")
    return {"attempt": body["attempt"], "sources": len(kinds)}


def times(record: Record, _found: Found | None = None) -> Mapping[str, Any]:
    """Section 2: every source was still unknown, and the witnesses spoke before any other."""
    at = moment(record.announced["at"])
    for source in record.sources:
        must(at < record.out_at(source), "announced_late", kind=source["kind"])
        if source["kind"] == "ceremony":
            until = moment(source["reveal_until"])
            must(moment(source["commit_until"]) < until, "ceremony_times")
            for other in record.sources:
                must(other is source or until < record.out_at(other), "ceremony_last", kind=other["kind"])
    return {"at": record.announced["at"], "ahead": int((record.first_out() - at).total_seconds())}


def pool(record: Record, found: Found) -> Mapping[str, Any]:
    """Section 1: the file is the one announced, and well formed."""
    body = record.body
    must(hashlib.sha256(found.file).hexdigest() == body["pool_sha256"], "pool_hash")
    try:
        lines = lines_of(found.file)
    except ValueError as problem:
        raise Wrong("pool_line", why=str(problem)) from None
    excluded: dict[str, int] = {}
    for line in lines:
        if not line.tickets:
            excluded[line.note] = excluded.get(line.note, 0) + 1
        must(bool(line.note) == (not line.tickets or body["of"] == "inspectors"), "pool_line", why=line.pseudonym)
    tickets = sum(line.tickets for line in lines)
    must(len(lines) == body["members"] and tickets == body["tickets"], "pool_counts")
    must(excluded == body["excluded"], "pool_excluded")
    found.lines = lines
    return {"members": len(lines), "tickets": tickets, "left_out": sum(excluded.values())}


def witnesses(record: Record, _found: Found | None = None) -> Mapping[str, Any]:
    """Section 3: who sealed did it in time and once, who opened opened what they had sealed."""
    source = record.source("ceremony") or {}
    commit_until, reveal_until = moment(source["commit_until"]), moment(source["reveal_until"])
    sealed: dict[str, str] = {}
    for entry in record.of("draw.witnessed"):
        must(moment(entry["at"]) < commit_until, "sealed_late", witness=entry["by"])
        must(entry["by"] not in sealed, "sealed_twice", witness=entry["by"])
        sealed[entry["by"]] = entry["body"]["commitment"]
    for entry in record.of("draw.revealed"):
        by, secret = entry["by"], entry["body"]["secret"]
        must(commit_until <= moment(entry["at"]) <= reveal_until, "opened_late", witness=by)
        must(_HEX_64.fullmatch(secret), "secret", witness=by)
        must(shuffle.commitment(record.id, by, bytes.fromhex(secret)) == sealed.get(by), "secret", witness=by)
    return {"sealed": len(sealed), "opened": len(record.of("draw.revealed"))}


def sources(record: Record, _found: Found | None = None) -> Mapping[str, Any]:
    """Section 3: each source says what it may say, once."""
    for number, source in enumerate(record.sources):
        entry = record.sourced(number)
        if entry:
            _check_source(record, source, entry, number)
    values = record.values
    decided = [value for value in values if value is not None]
    must(len(decided) == len(values) or not record.one("draw.drawn"), "source_lacks")
    must(len(record.of("draw.sourced")) == len(decided), "source_foreign")
    return {"in": len(decided), "fell": decided.count(FALLEN), "values": values}


def _check_source(record: Record, source: Mapping[str, Any], entry: Mapping[str, Any], number: int) -> None:
    value, proof = entry["body"]["value"], entry["body"]["proof"]
    match source["kind"]:
        case "beacon":
            must(_HEX_64.fullmatch(value) and _HEX_96.fullmatch(proof), "beacon_value", source=number)
        case "numbers":
            must(_NUMBERS.fullmatch(value), "numbers_form", source=number)
            numbers = [int(part) for part in value[:-1].split(".")]
            must(numbers == sorted(numbers), "numbers_form", source=number)
        case "ceremony":
            _check_ceremony(record, source, entry)


def _check_ceremony(record: Record, source: Mapping[str, Any], entry: Mapping[str, Any]) -> None:
    """All secrets or none; who is missing is named; nobody was cut off before the time."""
    secrets = {said["by"]: said["body"]["secret"] for said in record.of("draw.revealed")}
    sealed = [said["by"] for said in record.of("draw.witnessed")]
    missing = [by for by in sealed if by not in secrets]
    whole = sealed and not missing
    value = "".join(f"{secrets[by]}." for by in sealed) if whole else FALLEN
    must(entry["body"]["value"] == value, "ceremony_value")
    must(sorted(entry["body"]["missing"]) == sorted(missing), "ceremony_missing")
    must(moment(entry["at"]) >= moment(source["reveal_until" if missing else "commit_until"]), "ceremony_early")


def beacon_round(record: Record, _found: Found | None = None) -> Mapping[str, Any]:
    """Section 3: the round's signature is the chain's, and its hash is the value."""
    number, source = next((n, s) for n, s in enumerate(record.sources) if s["kind"] == "beacon")
    entry = record.sourced(number)
    if entry is None:
        raise CannotTell("not_out")
    try:
        key, signature = bytes.fromhex(record.chain(source).key), bytes.fromhex(entry["body"]["proof"])
        value = beacon.verify(key, source["round"], signature)
    except NotGenuine:
        raise Wrong("signature") from None
    must(value.hex() == entry["body"]["value"], "beacon_value", source=number)
    return {"round": source["round"]}


def chain_known(record: Record, _found: Found | None = None) -> None:
    """Whether the chain is one that everybody can look up."""
    chain = (record.source("beacon") or {})["chain"]
    if chain != QUICKNET.hash:
        raise CannotTell("chain_foreign", chain=chain)


def other_draw(record: Record, _found: Found | None = None) -> Mapping[str, Any]:
    """The other draw's key, recomputed from its own sources, which are checked like any."""
    number, source = next((n, s) for n, s in enumerate(record.sources) if s["kind"] == "draw")
    other = record.other(source)
    announcement(other)
    times(other)
    if other.source("ceremony"):
        witnesses(other)
    sources(other)
    if other.source("beacon"):
        beacon_round(other)
    entry = record.sourced(number)
    if entry is None:
        raise CannotTell("not_out")
    must(entry["body"]["value"] == _key_of(other).hex(), "other_key")
    return {"draw": other.id}


def _key_of(record: Record) -> bytes:
    values = record.values
    must(any(value != FALLEN for value in values), "no_source")
    return shuffle.key(record.id, record.body["pool_sha256"], [value or "" for value in values])


def waiting(_record: Record, _found: Found) -> None:
    """There is no outcome yet."""
    raise CannotTell("waiting")


def key(record: Record, found: Found) -> Mapping[str, Any]:
    """Section 4."""
    drawn = record.of("draw.drawn")
    must(len(drawn) == 1, "drawn_twice")
    found.key = _key_of(record)
    must(found.key.hex() == drawn[0]["body"]["key"], "key")
    return {"key": found.key.hex()}


def lots(record: Record, found: Found) -> Mapping[str, Any]:
    """Section 5 and 5a."""
    if found.lines is None or found.key is None:
        raise CannotTell("earlier")
    body, tickets = record.body, [line.tickets for line in found.lines]
    possible = sum(1 for count in tickets if count)
    must(body["of"] == "target" or body["wanted"] == possible, "wanted")
    if body["algorithm"] == "sha256":
        found.drawn = shuffle.lots(found.key, tickets, body["wanted"])
    else:
        found.drawn = shuffle.lots_rfc3797([v or "" for v in record.values], tickets, body["wanted"])
    return {"drawn": len(found.drawn), "lines": [line + 1 for line in found.drawn[:500]]}


def opened(record: Record, found: Found) -> Mapping[str, Any]:
    """Sections 6 and 7: who was drawn stands behind the lines that were drawn."""
    if found.drawn is None or found.lines is None:
        raise CannotTell("earlier")
    said = (record.one("draw.drawn") or {})["body"]["drawn"]
    inspectors = record.body["of"] == "inspectors"
    positions = _called(record, found, frozenset())[:TEAM_SIZE] if inspectors else found.drawn
    must(len(said) == len(positions), "opened_count")
    for place, ((member, salt), position) in enumerate(zip(said, positions, strict=True), 1):
        _check_opening(found.lines[position], member, salt, place)
    if inspectors:
        _recusals(record, found, {member: at for (member, _), at in zip(said, positions, strict=True)})
    return {"members": [member for member, _ in said]}


def _check_opening(line: Line, member: str, salt: str, place: int) -> None:
    right = _HEX_32.fullmatch(salt) and shuffle.pseudonym(bytes.fromhex(salt), member) == line.pseudonym
    must(right, "opened", place=place)


def _called(record: Record, found: Found, recused: frozenset[int]) -> list[int]:
    place, lines = record.proof.get("place"), found.lines or []
    if not place:
        raise CannotTell("place")
    duties = [duty_of(line.note) if line.tickets else Duty() for line in lines]
    where = Place(place["category"], place["district"], frozenset(str(at) for at in recused))
    return called(walk(found.drawn or [], duties, [str(at) for at in range(len(lines))], where))


def _recusals(record: Record, found: Found, known: dict[str, int]) -> None:
    """Whoever stepped back was on the team, and the next in the drawn order moved up."""
    out: frozenset[int] = frozenset()
    lines = found.lines or []
    for entry in record.of("inspector.recused"):
        body = entry["body"]
        must(body["inspector"] in known, "recused_foreign")
        _check_opening(lines[known[body["inspector"]]], body["inspector"], body["inspector_salt"], TEAM_SIZE)
        before = _called(record, found, out)[:TEAM_SIZE]
        out |= {known[body["inspector"]]}
        new = [at for at in _called(record, found, out)[:TEAM_SIZE] if at not in before]
        must(new, "recused_next")
        _check_opening(lines[new[0]], body["replaced_by"], body["salt"], TEAM_SIZE)
        known[body["replaced_by"]] = new[0]


def voided(record: Record, _found: Found) -> Mapping[str, Any]:
    """A void draw has no outcome, and was void for one of the reasons that the rule knows."""
    entries = record.of("draw.voided")
    must(len(entries) == 1 and not record.one("draw.drawn"), "void_drawn")
    code = entries[0]["body"]["code"]
    if code == "operator":
        untouched = moment(entries[0]["at"]) < record.first_out() and not record.one("draw.witnessed")
        must(untouched, "void_late")
    elif code == "no_source_left":
        must(all(value == FALLEN for value in record.values), "void_source")
    elif code == "with_the_draw_before":
        source = record.source("draw")
        must(source and record.other(source).one("draw.voided"), "void_source")
    else:
        raise Wrong("void_code", said=code)
    return {"code": code}
