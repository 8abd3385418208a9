"""What was published of a draw, read: its entries, its sources, and when each could first be known. No I/O."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from server.draws.beacon import Chain

QUICKNET = Chain(
    "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c9"
    "21cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
    1692803367,
    3,
)
"""The chain that everybody can look up; another one is only as good as who runs it."""


class Wrong(Exception):
    """Something is not as the rule says."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


class CannotTell(Wrong):
    """Something cannot be judged from what was given."""


def must(holds: object, code: str, **facts: Any) -> None:
    """Refuses what does not hold."""
    if not holds:
        raise Wrong(code, **facts)


class Record:
    """The entries of one draw, read."""

    def __init__(self, proof: Mapping[str, Any], draw: str) -> None:
        self.proof, self.id = proof, draw
        self.announced = read(proof.get("announcement"))
        self.entries = [read(text) for text in proof.get("facts") or []]
        self.body: Mapping[str, Any] = self.announced.get("body") or {}
        self.sources: Sequence[Mapping[str, Any]] = self.body.get("sources") or []

    def of(self, kind: str) -> list[Mapping[str, Any]]:
        """All entries of a kind."""
        return [entry for entry in self.entries if entry.get("kind") == kind]

    def one(self, kind: str) -> Mapping[str, Any] | None:
        """The first entry of a kind."""
        return next(iter(self.of(kind)), None)

    def source(self, kind: str) -> Mapping[str, Any] | None:
        """The source of a kind."""
        return next((source for source in self.sources if source.get("kind") == kind), None)

    def sourced(self, number: int) -> Mapping[str, Any] | None:
        """The entry that decides a source."""
        found = [entry for entry in self.of("draw.sourced") if entry["body"]["source"] == number]
        must(len(found) < 2, "source_twice", source=number)
        return found[0] if found else None

    @property
    def values(self) -> list[str | None]:
        """What each source says, None while it is awaited."""
        said = [self.sourced(number) for number in range(len(self.sources))]
        return [entry["body"]["value"] if entry else None for entry in said]

    def chain(self, source: Mapping[str, Any]) -> Chain:
        """The parameters of a beacon's chain: known, or as given."""
        if source["chain"] == QUICKNET.hash:
            return QUICKNET
        given = self.proof.get("chain") or {}
        if given.get("hash") != source["chain"]:
            raise CannotTell("chain_parameters", chain=source["chain"])
        return Chain(given["hash"], given["key"], int(given["genesis"]), int(given["period"]))

    def other(self, source: Mapping[str, Any]) -> "Record":
        """The draw that a source is, as far as it was given."""
        others = self.proof.get("other_draws") or []
        found = next((other for other in others if other.get("id") == source["draw"]), None)
        if found is None:
            raise CannotTell("other_draw", draw=source["draw"])
        return Record({**found, "chain": self.proof.get("chain"), "other_draws": others}, source["draw"])

    def out_at(self, source: Mapping[str, Any]) -> datetime:
        """When a source could first be known to anybody."""
        match source["kind"]:
            case "beacon":
                return self.chain(source).at(source["round"])
            case "numbers":
                return moment(source["due"])
            case "ceremony":
                return moment(source["commit_until"])
        return self.other(source).first_out()

    def first_out(self) -> datetime:
        """Until then nobody could know anything of the outcome."""
        return min(self.out_at(source) for source in self.sources)


def read(text: object) -> Mapping[str, Any]:
    """An entry's bytes as an object; empty where they are none."""
    try:
        said = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def moment(text: str) -> datetime:
    """A moment in UTC."""
    at = datetime.fromisoformat(text)
    must(at.utcoffset() == timedelta(0), "moment", text=text)
    return at
