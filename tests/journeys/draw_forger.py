"""Draws made up for the stranger: an honest one, which a forger may then bend before or after its lots are computed.

The lots here are computed as plainly as can be, from a list of all tickets, and not by the stranger's own code.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.journeys.draw_stranger import Verified, verify
from tests.journeys.draw_stranger_lots import rfc3797_lots
from tests.journeys.draw_stranger_sources import Chain

QUICKNET = Path(__file__).parents[3] / "shared/data/drand-quicknet.json"
ID = "dr_honest"
ALICE, BOB = "a1" * 32, "b0" * 32
SECRETS = {ALICE: "5e" * 32, BOB: "7f" * 32}
NUMBERS = {"kind": "numbers", "name": "双色球 2023097", "due": "2023-08-23T15:50:00Z"}
CEREMONY = {"kind": "ceremony", "commit_until": "2023-08-23T15:30:00Z", "reveal_until": "2023-08-23T15:40:00Z"}
PARENT = {"kind": "draw", "draw": "dr_parent"}
RFC_EXAMPLE = "9319./2.5.8.10.12./9.18.26.34.41.45./"
Entry = dict[str, Any]


def quicknet() -> tuple[Chain, Entry]:
    """The chain, and its round 1000, whose time is 2023-08-23T15:59:24Z."""
    known = json.loads(QUICKNET.read_text())
    chain = Chain(known["chain_hash"], known["public_key"], known["genesis_time"], known["period"])
    return chain, known["rounds"][0]


def beacon() -> Entry:
    chain, drawn = quicknet()
    return {"kind": "beacon", "chain": chain.hash, "round": drawn["round"]}


def entry(kind: str, at: str, body: Entry, *, by: str = "", subject: str = ID) -> Entry:
    return {"kind": kind, "subject": subject, "at": f"2023-08-23T{at}Z", "by": by, "body": body}


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def commitment(mark: str, secret: str) -> str:
    return hashlib.sha256(f"{ID}\0{mark}\0".encode() + bytes.fromhex(secret)).hexdigest()


def witnessed(mark: str, at: str = "15:10:00") -> Entry:
    return entry("draw.witnessed", at, {"commitment": commitment(mark, SECRETS[mark])}, by=mark)


def revealed(mark: str, at: str = "15:35:00") -> Entry:
    return entry("draw.revealed", at, {"secret": SECRETS[mark]}, by=mark)


def sourced(number: int, value: str, at: str = "16:00:00", *, proof: str = "", missing: Sequence[str] = ()) -> Entry:
    return entry("draw.sourced", at, {"source": number, "value": value, "proof": proof, "missing": list(missing)})


def lots_in_full(key: bytes, weights: Sequence[int], wanted: int) -> list[int]:
    tickets = [line for line, weight in enumerate(weights) for _ in range(weight)]
    stop = min(wanted, len(set(tickets)))
    drawn: list[int] = []
    i = 0
    while len(drawn) < stop:
        n = int(hashlib.sha256(key + i.to_bytes(8, "big")).hexdigest(), 16)
        if n < 2**256 - 2**256 % len(tickets) and tickets[n % len(tickets)] not in drawn:
            drawn.append(tickets[n % len(tickets)])
        i += 1
    return drawn


@dataclass
class Draw:
    """What is decided before the lots; `entries` computes the rest as an honest operator would."""

    members: dict[str, str]  # The line's tickets and note, by the member's id.
    sources: list[Entry]
    middle: list[Entry]
    of: str = "target"
    wanted: int = 3
    announced_at: str = "15:00:00"
    attempt: int = 1
    subject: str = ID
    ended_at: str = "16:01:00"

    def salt(self, member: str) -> str:
        return sha(f"salt of {member}")[:32]

    def pseudonym(self, member: str) -> str:
        return hashlib.sha256(bytes.fromhex(self.salt(member)) + member.encode()).hexdigest()

    def lines(self) -> list[str]:
        return sorted(f"{self.pseudonym(member)} {rest}" for member, rest in self.members.items())

    def pool(self) -> bytes:
        return "".join(f"{line}\n" for line in self.lines()).encode()

    def weights(self) -> list[int]:
        return [int(line.split()[1]) for line in self.lines()]

    def announced(self) -> Entry:
        notes = [line.split()[2] for line in self.lines() if line.split()[1] == "0"]
        body = {
            "of": self.of,
            "attempt": self.attempt,
            "pool_sha256": hashlib.sha256(self.pool()).hexdigest(),
            "members": len(self.members),
            "tickets": sum(self.weights()),
            "excluded": {note: notes.count(note) for note in notes},
            "wanted": self.wanted,
            "algorithm": "sha256",
            "filter": {},
            "sources": self.sources,
        }
        return entry("draw.announced", self.announced_at, body, subject=self.subject)

    def key(self) -> str:
        values = [fact["body"] for fact in self.middle if fact["kind"] == "draw.sourced"]
        told = "".join(body["value"] + "\n" for body in sorted(values, key=lambda body: int(body["source"])))
        return sha(f"seethrough-draw-v1\n{self.subject}\n{hashlib.sha256(self.pool()).hexdigest()}\n{told}")

    def drawn(self) -> list[list[str]]:
        names = {self.pseudonym(member): member for member in self.members}
        order = [self.lines()[place] for place in lots_in_full(bytes.fromhex(self.key()), self.weights(), self.wanted)]
        if self.of == "inspectors":
            order = [line for line in sorted(order, key=lambda line: int(line.split('"burden":')[1][0])) if fits(line)]
        members = [names[line.split()[0]] for line in order]
        return [[m, self.salt(m)] for m in (members if self.of == "target" else members[:2])]

    def entries(self) -> list[Entry]:
        end = entry("draw.drawn", self.ended_at, {"key": self.key(), "drawn": self.drawn()}, subject=self.subject)
        whole = [self.announced(), *self.middle, end]
        return json.loads(json.dumps(whole))  # type: ignore[no-any-return]  # nothing is shared with the constants


def fits(line: str) -> bool:
    """For a target of catering in 94109."""
    note = json.loads(line.split(" ", 2)[2])
    return ("catering" in (note["categories"] or ["catering"])) and ("94109" in (note["districts"] or ["94109"]))


def of_targets() -> Draw:
    """A beacon, public numbers and a ceremony of two."""
    members = {f"ta_{n}": str(n % 5 + 1) for n in range(12)} | {"ta_busy": "0 frequency_cap", "ta_shut": "0 closed"}
    _, drawn = quicknet()
    value = hashlib.sha256(bytes.fromhex(drawn["signature"])).hexdigest()
    middle = [
        witnessed(BOB, "15:10:00"),
        witnessed(ALICE, "15:20:00"),
        revealed(ALICE, "15:31:00"),
        revealed(BOB, "15:32:00"),
        sourced(2, f"{SECRETS[BOB]}.{SECRETS[ALICE]}.", "15:32:00"),
        sourced(1, "2.5.8.10.12.", "15:55:00"),
        sourced(0, value, "15:59:30", proof=drawn["signature"]),
    ]
    return Draw(members, [beacon(), NUMBERS, CEREMONY], middle)


def of_inspectors() -> Draw:
    """Eight inspectors, of whom one is excluded and two are qualified for something else, by public numbers alone."""
    notes = [(0, [], []), (1, ["catering"], []), (0, ["hotels"], []), (2, [], ["94109"]), (0, [], ["94110"])]
    notes += [(1, [], []), (2, ["catering", "hotels"], ["94109", "94110"])]
    members = {
        sha(f"inspector {n}"): "1 "
        + json.dumps({"burden": b, "categories": c, "districts": d}, separators=(",", ":"), ensure_ascii=False)
        for n, (b, c, d) in enumerate(notes)
    }
    members[sha("resting")] = "0 resting"
    return Draw(members, [NUMBERS], [sourced(0, "3.4.")], of="inspectors", wanted=7)


def recused(inspector: str, at: str = "16:10:00", by: Draw | None = None, successor: str = "") -> Entry:
    salt = by.salt(successor) if by and successor else ""
    own = by.salt(inspector) if by else sha(f"salt of {inspector}")[:32]
    body = {"inspector": inspector, "inspector_salt": own, "replaced_by": successor, "salt": salt}
    return entry("inspector.recused", at, body, subject="in_1")


def judge(entries: list[Entry], pool: bytes, **known: Any) -> Verified:
    return verify(
        texts(entries), pool, chains=[quicknet()[0]], **{"category": "catering", "district": "94109", **known}
    )


def entries_of(kind: str, entries: list[Entry]) -> list[Entry]:
    return [fact for fact in entries if fact["kind"] == kind]


def the(kind: str, entries: list[Entry]) -> Entry:
    """The last one of a kind."""
    return entries_of(kind, entries)[-1]


def void() -> list[Entry]:
    """Nobody came to the first ceremony."""
    draw = of_targets()
    draw.subject, draw.sources, draw.announced_at = "dr_void", [CEREMONY], "14:00:00"
    fell = sourced(0, "-", "15:30:00") | {"subject": draw.subject}
    return [draw.announced(), fell, entry("draw.voided", "15:30:00", {}, subject=draw.subject)]


def ceremony_again() -> Draw:
    """Alice came to the second."""
    draw = of_targets()
    draw.attempt, draw.announced_at = 2, "15:31:00"
    draw.sources = [CEREMONY | {"commit_until": "2023-08-23T15:45:00Z", "reveal_until": "2023-08-23T15:50:00Z"}]
    draw.middle = [witnessed(ALICE, "15:40:00"), revealed(ALICE, "15:46:00")]
    draw.middle.append(sourced(0, f"{SECRETS[ALICE]}.", "15:46:00"))
    return draw


def from_parent() -> tuple[Draw, Draw]:
    """A team whose only source is the draw of its target."""
    parent = of_targets()
    parent.subject = PARENT["draw"]
    parent.sources = [NUMBERS]
    parent.middle = [sourced(0, "1.2.3.") | {"subject": parent.subject}]
    child = of_inspectors()
    child.sources, child.middle = [PARENT], [sourced(0, parent.key(), "16:02:00")]
    child.ended_at = "16:03:00"
    return child, parent


def texts(entries: Sequence[Entry]) -> list[str]:
    return [json.dumps(fact, ensure_ascii=False) for fact in entries]


def facts_of(parent: Draw) -> dict[str, list[str]]:
    return {PARENT["draw"]: texts(parent.entries())}


def by_rfc() -> tuple[list[Entry], bytes]:
    draw = of_targets()
    draw.sources = [NUMBERS, NUMBERS, NUMBERS]
    values = RFC_EXAMPLE.split("/")[:-1]
    draw.middle = [sourced(n, value) for n, value in enumerate(values)]
    entries, tickets = draw.entries(), sum(draw.weights())
    the("draw.announced", entries)["body"]["algorithm"] = "rfc3797"
    names = {draw.pseudonym(member): member for member in draw.members}
    places = rfc3797_lots(RFC_EXAMPLE, draw.weights(), 3)
    assert tickets > 25, "not the RFC's own pool: any other will do"
    members = [names[draw.lines()[place].split()[0]] for place in places]
    the("draw.drawn", entries)["body"]["drawn"] = [[member, draw.salt(member)] for member in members]
    return entries, draw.pool()


def in_order(draw: Draw) -> list[str]:
    """All who are qualified, in the order in which they come into the team."""
    names = {draw.pseudonym(member): member for member in draw.members}
    order = [draw.lines()[n] for n in lots_in_full(bytes.fromhex(draw.key()), draw.weights(), draw.wanted)]
    walk = sorted(order, key=lambda line: int(line.split('"burden":')[1][0]))
    return [names[line.split()[0]] for line in walk if fits(line)]
