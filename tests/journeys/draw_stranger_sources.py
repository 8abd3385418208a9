"""Sections 2 to 4 of docs/verify.md, read by a stranger: what was announced, what the sources gave, and the key."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from py_ecc.bls.g2_primitives import signature_to_G2, subgroup_check
from py_ecc.bls.hash_to_curve import hash_to_G1
from py_ecc.bls.point_compression import decompress_G1
from py_ecc.optimized_bls12_381 import G2, is_inf, pairing

HEX = re.compile(r"[0-9a-f]{64}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
NUMBERS = re.compile(r"((0|[1-9][0-9]*)\.)+")
TAG = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"
FELL = "-"
SOURCE_KEYS = {
    "beacon": {"kind", "chain", "round"},
    "numbers": {"kind", "name", "due"},
    "ceremony": {"kind", "commit_until", "reveal_until"},
    "draw": {"kind", "draw"},
}


class Refuted(Exception):
    """What was published does not hold; says what."""


class Void(Refuted):
    """Nobody was drawn, and that is as it should be."""


def need(holds: object, reason: str) -> None:
    if not holds:
        raise Refuted(reason)


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def moment(text: str) -> datetime:
    need(isinstance(text, str) and MOMENT.fullmatch(text), f"{text!r} is no moment in UTC")
    return datetime.fromisoformat(text)


@dataclass(frozen=True)
class Chain:
    """What a stranger must know of a drand chain beforehand, all but the name in hex or Unix seconds."""

    hash: str
    public_key: str
    genesis: int
    period: int

    def time_of(self, number: int) -> datetime:
        return datetime.fromtimestamp(self.genesis + (number - 1) * self.period, UTC)


@dataclass(frozen=True)
class Fact:
    kind: str
    subject: str
    at: datetime
    by: str
    body: Mapping[str, Any]
    episode: str = ""


@dataclass(frozen=True)
class Attempt:
    """One announcement and what followed it."""

    announced: Fact
    later: list[Fact] = field(default_factory=list)

    @property
    def body(self) -> Mapping[str, Any]:
        return self.announced.body

    @property
    def id(self) -> str:
        return self.announced.subject

    def all(self, kind: str) -> list[Fact]:
        return [fact for fact in self.later if fact.kind == kind]


@dataclass(frozen=True)
class World:
    """What is known besides the draw itself: chains by their hash, and other draws' facts by their ids."""

    chains: Mapping[str, Chain]
    draws: Mapping[str, Sequence[str]]
    above: tuple[str, ...] = ()


# 2. The announcement


def strict_json(text: str) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        need(len(dict(pairs)) == len(pairs), "a key occurs twice in an entry")
        return dict(pairs)

    parsed = json.loads(text, object_pairs_hook=once)
    need(isinstance(parsed, dict), "an entry is no object")
    return dict(parsed)


def read_fact(text: str) -> Fact:
    raw = strict_json(text)
    return Fact(raw["kind"], raw["subject"], moment(raw["at"]), raw["by"], raw["body"], raw.get("episode") or "")


def attempt_of(facts: Sequence[str]) -> Attempt:
    """One announcement and all that followed it; the next attempt is a draw of its own."""
    read = [read_fact(text) for text in facts]
    need(read and read[0].kind == "draw.announced", "the facts do not begin with the draw's announcement")
    attempt = Attempt(read[0], read[1:])
    need(not attempt.all("draw.announced"), "the draw was announced twice")
    alone = all(fact.subject == attempt.id or fact.kind == "inspector.recused" for fact in read)
    need(alone, "a fact of another draw is among these")
    return attempt


def decide(facts: Sequence[str], world: World) -> tuple[Attempt, bytes]:
    """What was announced, and the key that follows from its sources."""
    attempt = attempt_of(facts)
    if attempt.all("draw.voided"):
        check_void(attempt, world)
        raise Void("the draw is void: nobody was drawn")
    values = values_of(attempt, world)
    need(any(value != FELL for value in values), "every source fell, and the draw is not void")
    return attempt, key_of(attempt, values)


def check_earlier(attempt: Attempt, earlier: Sequence[Sequence[str]], world: World) -> None:
    """All attempts before this one were void by the rule: nobody drew again until the outcome was liked."""
    need(attempt.body["attempt"] == len(earlier) + 1, "the attempts before this one are not all here")
    for number, facts in enumerate(earlier, 1):
        past = attempt_of(facts)
        alike = (past.body["attempt"], past.body["of"], past.announced.episode)
        need(
            alike == (number, attempt.body["of"], attempt.announced.episode), "an earlier attempt is of something else"
        )
        check_void(past, world)
        need(past.all("draw.voided")[0].at <= attempt.announced.at, "announced again before the last attempt was void")


def check_void(attempt: Attempt, world: World) -> None:
    """Void is what had no source left, or was called off before anybody could know anything."""
    need(attempt.all("draw.voided"), "the draw was announced again although it was not void")
    check_announcement(attempt, world)
    check_order(attempt)
    sources, voided = attempt.body["sources"], attempt.all("draw.voided")[0]
    known = attempt.all("draw.witnessed") + attempt.all("draw.sourced")
    if not known and all(voided.at < out_at(source, world) for source in sources):
        return
    if not known and all(source["kind"] == "draw" and void_before(source, voided, world) for source in sources):
        return
    need(all(value == FELL for value in values_of(attempt, world)), "the draw was voided although a source was left")


def void_before(source: Mapping[str, Any], fact: Fact, world: World) -> bool:
    """Whether the draw that is a source was void when this happened."""
    parent = attempt_of(parent_of(source, world))
    return any(past.at <= fact.at for past in parent.all("draw.voided"))


def check_announcement(attempt: Attempt, world: World) -> None:
    body, at = attempt.body, attempt.announced.at
    need(body["of"] in {"target", "inspectors"}, "drawn is neither a target nor inspectors")
    need(body["algorithm"] in {"sha256", "rfc3797"}, "the algorithm is unknown")
    need(type(body["wanted"]) is int and body["wanted"] >= 1, "nobody is wanted")
    sources = body["sources"]
    need(isinstance(sources, list) and sources, "no source was announced")
    for source in sources:
        need(set(source) == SOURCE_KEYS.get(source.get("kind")), "a source is not described as it must be")
        need(at < out_at(source, world), f"the {source['kind']} was already out when the draw was announced")
    if body["algorithm"] == "rfc3797":
        need(all(source["kind"] == "numbers" for source in sources), "RFC 3797 reads public numbers only")
        need(body["tickets"] <= 65535, "RFC 3797 has at most 65535 tickets")
    check_ceremony_first(sources, world)


def check_ceremony_first(sources: Sequence[Mapping[str, Any]], world: World) -> None:
    """Whoever reveals last must not know the other sources yet."""
    ceremonies = [source for source in sources if source["kind"] == "ceremony"]
    need(len(ceremonies) <= 1, "it cannot be told which of two ceremonies a witness took part in")
    for ceremony in ceremonies:
        end = moment(ceremony["reveal_until"])
        need(moment(ceremony["commit_until"]) < end, "the ceremony leaves no time to reveal")
        others = [source for source in sources if source["kind"] != "ceremony"]
        need(all(end < out_at(other, world) for other in others), "the ceremony ends after another source is out")


def out_at(source: Mapping[str, Any], world: World) -> datetime:
    """From when on somebody may know something of the source."""
    if source["kind"] == "beacon":
        need(type(source["round"]) is int and source["round"] >= 1, "a beacon has no such round")
        return chain_of(source, world).time_of(source["round"])
    if source["kind"] == "draw":
        parent = attempt_of(parent_of(source, world))
        return min(out_at(inner, below(source, world)) for inner in parent.body["sources"])
    return moment(source["due"] if source["kind"] == "numbers" else source["commit_until"])


def chain_of(source: Mapping[str, Any], world: World) -> Chain:
    need(source["chain"] in world.chains, "the beacon's chain is unknown")
    return world.chains[source["chain"]]


def parent_of(source: Mapping[str, Any], world: World) -> Sequence[str]:
    need(source["draw"] in world.draws, "the facts of the draw that is a source are missing")
    return world.draws[source["draw"]]


def below(source: Mapping[str, Any], world: World) -> World:
    need(source["draw"] not in world.above, "a draw is its own source")
    return World(world.chains, world.draws, (*world.above, source["draw"]))


# 3. The sources


def values_of(attempt: Attempt, world: World) -> list[str]:
    """What every announced source gave, each checked in its own way."""
    check_announcement(attempt, world)
    sources = attempt.body["sources"]
    sourced = {fact.body["source"]: fact for fact in attempt.all("draw.sourced")}
    need(len(sourced) == len(attempt.all("draw.sourced")), "a source was decided twice")
    need(set(sourced) == set(range(len(sources))), "not every source is decided, or one that was not announced")
    check_order(attempt)
    check_witnesses(attempt)
    for number, source in enumerate(sources):
        check_value(source, sourced[number], attempt, world)
    return [sourced[number].body["value"] for number in range(len(sources))]


def check_order(attempt: Attempt) -> None:
    ranks = {"draw.witnessed": 0, "draw.revealed": 0, "draw.sourced": 0, "draw.voided": 1, "draw.drawn": 1}
    seen = [ranks[fact.kind] for fact in attempt.later if fact.kind in ranks]
    need(seen == sorted(seen), "something was added after the draw was over")
    need(sum(seen) <= 1, "a draw ends once")
    need(all(fact.at >= attempt.announced.at for fact in attempt.later), "something is older than the announcement")


def check_value(source: Mapping[str, Any], fact: Fact, attempt: Attempt, world: World) -> None:
    value, proof, missing = fact.body["value"], fact.body["proof"], fact.body["missing"]
    need(fact.at >= out_at(source, world), f"the {source['kind']} was decided before it was out")
    need(source["kind"] == "beacon" or not proof, "there is a proof where none is asked")
    need(source["kind"] == "ceremony" or not missing, "witnesses are missing where there is no ceremony")
    match source["kind"]:
        case "beacon":
            check_beacon(chain_of(source, world), source["round"], value, proof)
        case "numbers":
            check_numbers(value)
        case "ceremony":
            check_ceremony(source, fact, attempt)
        case _:
            check_parent(source, fact, world)


def check_beacon(chain: Chain, number: int, value: str, proof: str) -> None:
    need(re.fullmatch(r"[0-9a-f]{96}", proof), "the round's signature has not 48 bytes")
    need(sha256(bytes.fromhex(proof)).hex() == value, "the randomness is not the hash of the signature")
    need(signed(chain.public_key, number, proof), "the beacon did not sign this round so")


@cache
def signed(public_key: str, number: int, proof: str) -> bool:
    """RFC 9380 and BLS as section 3 says: e(signature, G2) = e(H(round), public key), both in their subgroups."""
    try:
        signature = decompress_G1(int.from_bytes(bytes.fromhex(proof), "big"))
        public = signature_to_G2(bytes.fromhex(public_key))
    except ValueError:
        return False
    if is_inf(signature) or is_inf(public) or not (subgroup_check(signature) and subgroup_check(public)):
        return False
    message = hash_to_G1(sha256(number.to_bytes(8, "big")), TAG, hashlib.sha256)
    return bool(pairing(G2, signature) == pairing(public, message))


def check_numbers(value: str) -> None:
    need(NUMBERS.fullmatch(value), f"{value!r} are no public numbers")
    numbers = [int(n) for n in value.split(".")[:-1]]
    need(numbers == sorted(numbers), "the public numbers are not ascending")


def check_witnesses(attempt: Attempt) -> None:
    ceremony = next((s for s in attempt.body["sources"] if s["kind"] == "ceremony"), None)
    committed, revealed = attempt.all("draw.witnessed"), attempt.all("draw.revealed")
    need(ceremony or not committed + revealed, "there are witnesses but no ceremony")
    for facts in committed, revealed:
        need(len({fact.by for fact in facts}) == len(facts), "a witness committed or revealed twice")
    commitments = {fact.by: fact.body["commitment"] for fact in committed}
    for fact in committed:
        need(fact.at < moment(ceremony["commit_until"]), "a witness committed too late")
    for fact in revealed:
        need(fact.by in commitments, "somebody revealed who had not committed")
        in_time = moment(ceremony["commit_until"]) <= fact.at < moment(ceremony["reveal_until"])
        need(in_time, "a witness revealed too early or too late")
        need(HEX.fullmatch(fact.body["secret"]), "a secret has not 32 bytes")
        kept = sha256(attempt.id.encode(), b"\0", fact.by.encode(), b"\0", bytes.fromhex(fact.body["secret"]))
        need(kept.hex() == commitments[fact.by], "a witness revealed another secret than committed to")


def check_ceremony(source: Mapping[str, Any], fact: Fact, attempt: Attempt) -> None:
    committed = [witness.by for witness in attempt.all("draw.witnessed")]
    secrets = {witness.by: witness.body["secret"] for witness in attempt.all("draw.revealed")}
    missing = [mark for mark in committed if mark not in secrets]
    need(sorted(fact.body["missing"]) == sorted(missing), "others are missing than the entry says")
    need(not missing or fact.at >= moment(source["reveal_until"]), "the ceremony was ended before its time")
    fallen = missing or not committed
    value = FELL if fallen else "".join(f"{secrets[mark]}." for mark in committed)
    need(fact.body["value"] == value, "the ceremony's value is not what its witnesses revealed")


def check_parent(source: Mapping[str, Any], fact: Fact, world: World) -> None:
    """The other draw's key, from its own sources; it fell if that draw was void at the time."""
    facts, inner = parent_of(source, world), below(source, world)
    if fact.body["value"] == FELL:
        need(void_before(source, fact, world), "a draw that was not void is said to be")
        return
    attempt, key = decide(facts, inner)
    drawn_of(attempt, key)
    need(attempt.id == source["draw"], "these are the facts of another draw than the source")
    need(fact.body["value"] == key.hex(), "the key of the draw that is a source is another")


# 4. The key


def key_of(attempt: Attempt, values: Sequence[str]) -> bytes:
    lines = ["seethrough-draw-v1", attempt.id, attempt.body["pool_sha256"], *values]
    return sha256("".join(f"{line}\n" for line in lines).encode())


def drawn_of(attempt: Attempt, key: bytes) -> Fact:
    drawn = attempt.all("draw.drawn")
    need(drawn, "nothing was drawn yet")
    need(drawn[0].body["key"] == key.hex(), "the key does not follow from the sources")
    return drawn[0]
