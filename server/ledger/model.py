"""The ledger's nouns: the closed list of kinds of fact, a fact, an entry. No I/O."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import rfc8785

from server.kit.clock import iso
from server.ledger.merkle import leaf_hash

VERSION = 1
MAX_ENTRY_BYTES = 64 * 1024


class Kind(StrEnum):
    """Everything that can happen in public. A kind is never renamed or reused."""

    ACCOUNT_OPENED = "account.opened"
    TARGETS_IMPORTED = "targets.imported"
    CHECKLIST_PUBLISHED = "checklist.published"
    EPISODE_CREATED = "episode.created"
    EPISODE_MOVED = "episode.moved"
    EPISODE_HELD = "episode.held"
    EPISODE_RESUMED = "episode.resumed"
    EPISODE_REPLANNED = "episode.replanned"
    NOMINATION_MADE = "nomination.made"
    NOMINATION_RELEASED = "nomination.released"
    NOMINATION_HIDDEN = "nomination.hidden"
    NOMINATION_MOVED = "nomination.moved"
    BALLOT_OPENED = "ballot.opened"
    BALLOT_VOIDED = "ballot.voided"
    BALLOT_CLOSED = "ballot.closed"
    DRAW_ANNOUNCED = "draw.announced"
    DRAW_WITNESSED = "draw.witnessed"
    DRAW_REVEALED = "draw.revealed"
    DRAW_SOURCED = "draw.sourced"
    DRAW_DRAWN = "draw.drawn"
    DRAW_VOIDED = "draw.voided"
    INSPECTOR_RECUSED = "inspector.recused"
    INSPECTION_PLANNED = "inspection.planned"
    INSPECTION_STARTED = "inspection.started"
    INSPECTION_CONCLUDED = "inspection.concluded"
    BROADCAST_STARTED = "broadcast.started"
    BROADCAST_INTERRUPTED = "broadcast.interrupted"
    BROADCAST_RESUMED = "broadcast.resumed"
    BROADCAST_ENDED = "broadcast.ended"
    BROADCAST_CUT = "broadcast.cut"
    FINDING_PUBLISHED = "finding.published"
    FINDING_WITHDRAWN = "finding.withdrawn"
    RECTIFICATION_ORDERED = "rectification.ordered"
    RECTIFICATION_MOVED = "rectification.moved"


BODY: Mapping[Kind, frozenset[str]] = {
    Kind.ACCOUNT_OPENED: frozenset({"role"}),
    Kind.TARGETS_IMPORTED: frozenset({"file_sha256", "format", "rows", "added", "changed", "unchanged", "refused"}),
    Kind.CHECKLIST_PUBLISHED: frozenset({"version", "items", "sha256"}),
    Kind.EPISODE_CREATED: frozenset({"number", "method", "week"}),
    Kind.EPISODE_MOVED: frozenset({"from", "to", "reason"}),
    Kind.EPISODE_HELD: frozenset({"step", "code", "reason_digest"}),
    Kind.EPISODE_RESUMED: frozenset({"step", "reason_digest"}),
    Kind.EPISODE_REPLANNED: frozenset({"step", "from", "to", "reason_digest"}),
    Kind.NOMINATION_MADE: frozenset({"target", "tier", "words_digest"}),
    Kind.NOMINATION_RELEASED: frozenset({"target"}),
    Kind.NOMINATION_HIDDEN: frozenset({"reason_digest"}),
    Kind.NOMINATION_MOVED: frozenset({"from", "to", "code", "into"}),
    Kind.BALLOT_OPENED: frozenset(
        {
            "options",
            "choose",
            "opens_at",
            "closes_at",
            "tier",
            "counted_tier",
            "show_tally",
            "tie_break",
            "rule",
        }
    ),
    Kind.BALLOT_VOIDED: frozenset({"reason_digest"}),
    Kind.BALLOT_CLOSED: frozenset({"votes", "root", "board_sha256", "raw", "by_tier", "counted", "result"}),
    Kind.DRAW_ANNOUNCED: frozenset(
        {
            "of",
            "attempt",
            "pool_sha256",
            "members",
            "tickets",
            "excluded",
            "wanted",
            "algorithm",
            "sources",
            "filter",
        }
    ),
    Kind.DRAW_WITNESSED: frozenset({"commitment"}),
    Kind.DRAW_REVEALED: frozenset({"secret"}),
    Kind.DRAW_SOURCED: frozenset({"source", "value", "proof", "missing"}),
    Kind.DRAW_DRAWN: frozenset({"key", "drawn", "place"}),
    Kind.DRAW_VOIDED: frozenset({"code", "missing", "reason_digest"}),
    Kind.INSPECTOR_RECUSED: frozenset({"inspector", "inspector_salt", "replaced_by", "salt", "reason_digest"}),
    Kind.INSPECTION_PLANNED: frozenset({"target", "team", "checklist"}),
    Kind.INSPECTION_STARTED: frozenset({"target"}),
    Kind.INSPECTION_CONCLUDED: frozenset({"target", "results", "checked", "passed", "failed"}),
    Kind.BROADCAST_STARTED: frozenset({"publisher"}),
    Kind.BROADCAST_INTERRUPTED: frozenset({"publisher", "reason"}),
    Kind.BROADCAST_RESUMED: frozenset({"publisher"}),
    Kind.BROADCAST_ENDED: frozenset({"reason"}),
    Kind.BROADCAST_CUT: frozenset({"reason"}),
    Kind.FINDING_PUBLISHED: frozenset(
        {"inspection", "target", "item", "result", "severity", "words_digest", "photos", "media_at"}
    ),
    Kind.FINDING_WITHDRAWN: frozenset({"inspection", "reason_digest"}),
    Kind.RECTIFICATION_ORDERED: frozenset({"finding", "inspection", "target", "due_on"}),
    Kind.RECTIFICATION_MOVED: frozenset({"from", "to", "words_digest", "due_on"}),
}
"""The keys that the body of each kind has, all of them, always. Values hold no personal data: people, words
that people typed, photos and video appear as SHA-256 digests."""


class MalformedFact(Exception):
    """Our own mistake: a fact that is not what its kind says, or that has no canonical form."""


@dataclass(frozen=True)
class Fact:
    """One thing that happened: `subject` is the id of the noun concerned, `by` the mark of who did it."""

    kind: Kind
    at: datetime
    subject: str
    by: str
    body: Mapping[str, Any]
    episode: str | None = None

    def raw(self) -> bytes:
        """The bytes that are hashed: canonical JSON (RFC 8785), at most 64 KiB."""
        if frozenset(self.body) != BODY[self.kind]:
            raise MalformedFact(f"{self.kind} needs the keys {sorted(BODY[self.kind])}, has {sorted(self.body)}")
        if self.at.tzinfo is None:
            raise MalformedFact(f"{self.kind} happened at {self.at}, which has no time zone")
        raw = self._canonical()
        if len(raw) > MAX_ENTRY_BYTES:
            raise MalformedFact(f"{self.kind} is {len(raw)} bytes long, at most {MAX_ENTRY_BYTES} are allowed")
        return raw

    def _canonical(self) -> bytes:
        try:
            return rfc8785.dumps(
                {
                    "v": VERSION,
                    "kind": self.kind.value,
                    "at": iso(self.at),
                    "subject": self.subject,
                    "by": self.by,
                    "episode": self.episode,
                    "body": dict(self.body),
                }
            )
        except ValueError as problem:  # NaN, numbers beyond 2^53, half a surrogate pair, no JSON type
            raise MalformedFact(f"{self.kind} has no canonical form: {problem}") from problem


def fact_of(raw: bytes) -> Fact:
    """The fact that these bytes say."""
    said = json.loads(raw)
    if said["v"] != VERSION:
        raise MalformedFact(f"version {said['v']} of facts is not known here, only {VERSION}")
    return Fact(
        Kind(said["kind"]),
        datetime.fromisoformat(said["at"]),
        said["subject"],
        said["by"],
        said["body"],
        said["episode"],
    )


@dataclass(frozen=True)
class Entry:
    """A fact that has its place: `index` counts from 0, `raw` are the hashed bytes, `fact` what they say."""

    index: int
    fact: Fact
    raw: bytes

    @property
    def leaf_hash(self) -> bytes:
        """RFC 6962, section 2.1."""
        return leaf_hash(self.raw)


@dataclass(frozen=True)
class Head:
    """What this server says of the log: number of entries, root (hex), and the signed note that says so."""

    size: int
    root: str
    note: str
