"""Whole draws as they are published, written from docs/verify.md with hashlib alone, and ways to falsify them.

The command line's verifier and the browser's are tried on the same cases.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

QUICKNET = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
ROUND = 1000
"""Out on 2023-08-23 at 15:59:24 UTC; the signature is drand's own."""
SIGNATURE = "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39"
NOTES = [
    '{"burden":2,"categories":[],"districts":[]}',
    '{"burden":0,"categories":["catering"],"districts":["测试区"]}',
    '{"burden":0,"categories":["food_sales"],"districts":[]}',
    '{"burden":1,"categories":[],"districts":[]}',
    '{"burden":0,"categories":[],"districts":["别的区"]}',
    '{"burden":1,"categories":["catering"],"districts":[]}',
]


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def at(clock: str) -> str:
    return f"2023-08-23T{clock}.000Z"


def fact(kind: str, clock: str, body: dict[str, Any], by: str = "operator", subject: str = "dr_1") -> dict[str, Any]:
    said = {"v": 1, "kind": kind, "at": at(clock), "subject": subject, "by": by, "episode": "ep_1", "body": body}
    return dict(sorted(said.items()))


@dataclass
class Case:
    """One published draw that can still be falsified."""

    facts: list[dict[str, Any]]
    pool: bytes
    extra: dict[str, Any] = field(default_factory=dict)

    def of(self, kind: str, number: int = 0) -> dict[str, Any]:
        return [said for said in self.facts if said["kind"] == kind][number]

    def body(self, kind: str, number: int = 0) -> dict[str, Any]:
        return self.of(kind, number)["body"]

    @property
    def proof(self) -> dict[str, Any]:
        texts = [json.dumps(said, ensure_ascii=False, separators=(",", ":")) for said in self.facts]
        subject = self.facts[0]["subject"]
        head = {"id": subject, "pool_url": f"/draws/{subject}/pool.txt", "announcement": texts[0], "facts": texts}
        return {**head, **self.extra}


def salt(member: str) -> bytes:
    return hashlib.sha256(b"salt" + member.encode()).digest()[:16]


def pool_of(members: dict[str, tuple[int, str]]) -> tuple[bytes, list[str]]:
    """The file, and who stands behind its lines."""
    lines = []
    for member, (tickets, note) in members.items():
        name = sha(salt(member) + member.encode())
        lines.append((f"{name} {tickets}" + (f" {note}" if note else "") + "\n", member))
    lines.sort()
    return "".join(line for line, _ in lines).encode(), [member for _, member in lines]


def lots(key: bytes, tickets: list[int], wanted: int) -> list[int]:
    """Section 5."""
    numbered = [line for line, count in enumerate(tickets) for _ in range(count)]
    drawn: list[int] = []
    i = 0
    while len(drawn) < min(wanted, sum(1 for count in tickets if count)):
        n = int.from_bytes(hashlib.sha256(key + i.to_bytes(8, "big")).digest(), "big")
        i += 1
        if n < 2**256 - 2**256 % len(numbered) and (line := numbered[n % len(numbered)]) not in drawn:
            drawn.append(line)
    return drawn


def announced(subject: str, of: str, pool: bytes, wanted: int, sources: list[dict[str, Any]], **more: Any) -> Any:
    rows = [line.split(b" ", 2) for line in pool.splitlines()]
    excluded: dict[str, int] = {}
    for row in rows:
        if row[1] == b"0":
            excluded[row[2].decode()] = excluded.get(row[2].decode(), 0) + 1
    body = {
        "of": of, "attempt": 1, "pool_sha256": sha(pool), "members": len(rows),
        "tickets": sum(int(row[1]) for row in rows), "excluded": excluded, "wanted": wanted,
        "algorithm": "sha256", "sources": sources, "filter": {}, **more,
    }  # fmt: skip
    return fact("draw.announced", "15:50:00", body, subject=subject)


def key_of(subject: str, pool: bytes, values: list[str]) -> str:
    lines = ["seethrough-draw-v1", subject, sha(pool), *values]
    return sha("".join(f"{line}\n" for line in lines).encode())


def sourced(number: int, clock: str, value: str, proof: str = "", missing: tuple[str, ...] = (), **more: str) -> Any:
    body = {"source": number, "value": value, "proof": proof, "missing": list(missing)}
    return fact("draw.sourced", clock, body, **more)


WITNESSES = {"a" * 64: bytes([1]) * 32, "b" * 64: bytes([2]) * 32}
CEREMONY = {"kind": "ceremony", "commit_until": at("15:55:00"), "reveal_until": at("15:58:00")}
BEACON = {"kind": "beacon", "chain": QUICKNET, "round": ROUND}


def witnessed(revealing: int = 2, subject: str = "dr_1") -> list[dict[str, Any]]:
    """Two seal, some of them open, and the ceremony is decided."""
    facts = []
    for mark, secret in WITNESSES.items():
        commitment = sha(b"\0".join((subject.encode(), mark.encode(), secret)))
        facts.append(fact("draw.witnessed", "15:53:00", {"commitment": commitment}, mark, subject))
    opened = dict(list(WITNESSES.items())[:revealing])
    for mark, secret in opened.items():
        facts.append(fact("draw.revealed", "15:56:00", {"secret": secret.hex()}, mark, subject))
    missing = tuple(mark for mark in WITNESSES if mark not in opened)
    value = "-" if missing else "".join(f"{secret.hex()}." for secret in WITNESSES.values())
    return [*facts, sourced(0, "15:58:01", value, missing=missing, subject=subject)]


def targets(revealing: int = 2) -> Case:
    """Three of twenty targets by two witnesses and the beacon."""
    members = {f"ta_{n}": ((1, 2, 4, 8)[n % 4], "") for n in range(17)}
    members |= {"ta_17": (0, "closed"), "ta_18": (0, "frequency_cap"), "ta_19": (0, "frequency_cap")}
    pool, ids = pool_of(members)
    facts = [announced("dr_1", "target", pool, 3, [dict(CEREMONY), dict(BEACON)]), *witnessed(revealing)]
    value = sha(bytes.fromhex(SIGNATURE))
    facts.append(sourced(1, "15:59:25", value, SIGNATURE))
    key = key_of("dr_1", pool, [facts[-2]["body"]["value"], value])
    drawn = lots(bytes.fromhex(key), [int(line.split(b" ")[1]) for line in pool.splitlines()], 3)
    body = {"key": key, "drawn": [[ids[line], salt(ids[line]).hex()] for line in drawn]}
    return Case([*facts, fact("draw.drawn", "15:59:25", body)], pool)


def inspectors() -> Case:
    """A team of two from the key of the draw of targets; one of them steps back."""
    before = targets()
    pool, ids = pool_of({f"{n:x}" * 64: (1, note) for n, note in enumerate(NOTES)} | {"f" * 64: (0, "resting")})
    notes = [json.loads(line.split(b" ", 2)[2]) if b"{" in line else None for line in pool.splitlines()]
    value = before.body("draw.drawn")["key"]
    facts = [announced("dr_2", "inspectors", pool, len(NOTES), [{"kind": "draw", "draw": "dr_1"}])]
    facts.append(sourced(0, "15:59:25", value, subject="dr_2"))
    key = key_of("dr_2", pool, [value])
    order = lots(bytes.fromhex(key), [int(line.split(b" ", 2)[1]) for line in pool.splitlines()], len(NOTES))
    order.sort(key=lambda line: notes[line]["burden"])
    able = [
        line
        for line in order
        if all(
            not notes[line][name] or value in notes[line][name]
            for name, value in (("categories", "catering"), ("districts", "测试区"))
        )
    ]
    opened = [[ids[line], salt(ids[line]).hex()] for line in able]
    facts.append(fact("draw.drawn", "15:59:25", {"key": key, "drawn": opened[:2]}, subject="dr_2"))
    gone, comes = opened[0], opened[2]
    recused = {"inspector": gone[0], "inspector_salt": gone[1], "replaced_by": comes[0], "salt": comes[1]}
    facts.append(fact("inspector.recused", "16:30:00", {**recused, "reason_digest": "0"}, subject="dr_2"))
    others = [{name: before.proof[name] for name in ("id", "announcement", "facts")}]
    return Case(facts, pool, {"place": {"category": "catering", "district": "测试区"}, "other_draws": others})


def rfc3797() -> Case:
    """The RFC's own example: ten of a pool of 25."""
    pool, ids = pool_of({f"ta_{n}": (1, "") for n in range(25)})
    values = ["9319.", "2.5.8.10.12.", "9.18.26.34.41.45."]
    named = [{"kind": "numbers", "name": f"lottery {n}", "due": at("16:00:00")} for n in range(3)]
    facts = [announced("dr_1", "target", pool, 10, named, algorithm="rfc3797")]
    facts += [sourced(number, "16:01:00", value) for number, value in enumerate(values)]
    chosen = [ids[ticket - 1] for ticket in (17, 7, 2, 16, 25, 23, 8, 24, 19, 13)]
    body = {"key": key_of("dr_1", pool, values), "drawn": [[one, salt(one).hex()] for one in chosen]}
    return Case([*facts, fact("draw.drawn", "16:01:00", body)], pool)


def void() -> Case:
    """A ceremony alone in which one withheld."""
    pool, _ = pool_of({"ta_1": (1, ""), "ta_2": (2, "")})
    facts = [announced("dr_1", "target", pool, 1, [dict(CEREMONY)]), *witnessed(1)]
    body = {"code": "no_source_left", "missing": ["b" * 64], "reason_digest": None}
    return Case([*facts, fact("draw.voided", "15:58:01", body)], pool)


GENUINE: dict[str, Callable[[], Case]] = {
    "targets by witnesses and beacon": targets,
    "one withholds and the beacon decides": lambda: targets(1),
    "inspectors from the same key, one recused": inspectors,
    "the RFC's example": rfc3797,
    "void for want of a source": void,
}


def more_tickets(case: Case) -> None:
    case.pool = case.pool.replace(b" 1\n", b" 8\n", 1)


def _pool_and_hash(case: Case) -> None:
    """A pool exchanged after the draw, its hash in the record exchanged with it."""
    more_tickets(case)
    case.body("draw.announced")["pool_sha256"] = sha(case.pool)


def _unsorted(case: Case) -> None:
    lines = case.pool.splitlines(keepends=True)
    case.pool = b"".join([lines[1], lines[0], *lines[2:]])
    case.body("draw.announced")["pool_sha256"] = sha(case.pool)


def _beacon_value(case: Case) -> None:
    case.body("draw.sourced", 1)["value"] = "0" * 64


def _beacon_round(case: Case) -> None:
    case.body("draw.announced")["sources"][1] = {**BEACON, "round": ROUND + 1}


def _beacon_signature(case: Case) -> None:
    case.body("draw.sourced", 1)["proof"] = SIGNATURE[:-1] + "8"


def _late(case: Case) -> None:
    case.of("draw.announced")["at"] = at("15:59:24")


def _after_sealing(case: Case) -> None:
    case.of("draw.announced")["at"] = at("15:55:00")


def _ceremony_last(case: Case) -> None:
    case.body("draw.announced")["sources"][0] = {**CEREMONY, "reveal_until": at("16:10:00")}


def _reveal(case: Case) -> None:
    case.body("draw.revealed")["secret"] = "03" * 32


def _late_reveal(case: Case) -> None:
    case.of("draw.revealed", 1)["at"] = at("15:58:01")


def _late_seal(case: Case) -> None:
    case.of("draw.witnessed", 1)["at"] = at("15:55:00")


def _copied(case: Case) -> None:
    case.body("draw.witnessed", 1)["commitment"] = case.body("draw.witnessed")["commitment"]
    case.body("draw.revealed", 1)["secret"] = case.body("draw.revealed")["secret"]


def _dropped_secret(case: Case) -> None:
    case.body("draw.sourced")["value"] = f"{(bytes([1]) * 32).hex()}."


def _unnamed(case: Case) -> None:
    case.body("draw.sourced")["missing"] = []


def _cut_off(case: Case) -> None:
    case.of("draw.sourced")["at"] = at("15:57:59")


def _opening(case: Case) -> None:
    case.body("draw.drawn")["drawn"][0][1] = "00" * 16


def _other_winner(case: Case) -> None:
    one = next(member for member in ("ta_0", "ta_1", "ta_2", "ta_3") if member not in str(case.body("draw.drawn")))
    case.body("draw.drawn")["drawn"][0] = [one, salt(one).hex()]


def _order(case: Case) -> None:
    case.body("draw.drawn")["drawn"].reverse()


def _fewer(case: Case) -> None:
    case.body("draw.drawn")["drawn"].pop()


def _key(case: Case) -> None:
    case.body("draw.drawn")["key"] = "0" * 64


def _twice(case: Case) -> None:
    case.facts.append(case.of("draw.drawn"))


def _announced_again(case: Case) -> None:
    case.facts.append(case.of("draw.announced"))


def _foreign(case: Case) -> None:
    case.facts.append(fact("draw.sourced", "15:59:25", {}, subject="dr_9"))


def _no_body(case: Case) -> None:
    del case.of("draw.drawn")["body"]


def _next(case: Case) -> None:
    recused = case.body("inspector.recused")
    one = "0" * 64 if recused["replaced_by"] != "0" * 64 else "3" * 64
    recused.update(replaced_by=one, salt=salt(one).hex())


def _gone(case: Case) -> None:
    case.body("inspector.recused")["inspector_salt"] = "00" * 16


def _other_key(case: Case) -> None:
    case.body("draw.sourced")["value"] = "0" * 64


def _outcome_of_void(case: Case) -> None:
    case.body("draw.voided")["code"] = "operator"


def _excluded(case: Case) -> None:
    case.body("draw.announced")["excluded"] = {"closed": 3}


FALSE: dict[str, tuple[Callable[[], Case], Callable[[Case], None], str, str]] = {
    "a pool with other tickets": (targets, more_tickets, "pool", "pool_hash"),
    "a pool exchanged with its hash": (targets, _pool_and_hash, "pool", "pool_counts"),
    "a pool out of order": (targets, _unsorted, "pool", "pool_line"),
    "exclusions counted otherwise": (targets, _excluded, "pool", "pool_excluded"),
    "a beacon's value made up": (targets, _beacon_value, "beacon", "beacon_value"),
    "another round's signature": (targets, _beacon_round, "beacon", "signature"),
    "a signature with another bit": (targets, _beacon_signature, "beacon", "signature"),
    "announced when the round was out": (targets, _late, "times", "announced_late"),
    "announced when secrets were sealed": (targets, _after_sealing, "times", "announced_late"),
    "witnesses who speak last": (targets, _ceremony_last, "times", "ceremony_last"),
    "a secret that was not sealed": (targets, _reveal, "witnesses", "secret"),
    "a secret opened late": (targets, _late_reveal, "witnesses", "opened_late"),
    "a secret sealed late": (targets, _late_seal, "witnesses", "sealed_late"),
    "a commitment copied from another": (targets, _copied, "witnesses", "secret"),
    "a secret left out": (targets, _dropped_secret, "sources", "ceremony_value"),
    "who withheld is not named": (lambda: targets(1), _unnamed, "sources", "ceremony_missing"),
    "a witness cut off before the time": (lambda: targets(1), _cut_off, "sources", "ceremony_early"),
    "an opening with another salt": (targets, _opening, "opened", "opened"),
    "another winner": (targets, _other_winner, "opened", "opened"),
    "winners in another order": (targets, _order, "opened", "opened"),
    "a winner left out": (targets, _fewer, "opened", "opened_count"),
    "another key": (targets, _key, "key", "key"),
    "drawn twice": (targets, _twice, "key", "drawn_twice"),
    "announced twice": (targets, _announced_again, "announcement", "announced_twice"),
    "an entry of another draw": (targets, _foreign, "announcement", "foreign_fact"),
    "an entry without a body": (targets, _no_body, "key", "malformed"),
    "somebody else moves up": (inspectors, _next, "opened", "opened"),
    "who steps back stands behind another line": (inspectors, _gone, "opened", "opened"),
    "a key that the other draw has not": (inspectors, _other_key, "draw", "other_key"),
    "an opening of another inspector": (inspectors, _opening, "opened", "opened"),
    "the RFC's order changed": (rfc3797, _order, "opened", "opened"),
    "called off with witnesses waiting": (void, _outcome_of_void, "void", "void_late"),
}
