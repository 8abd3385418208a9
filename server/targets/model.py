"""Whom inspections can be about, and the checklists by which they are inspected. No I/O."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from server.kit.errors import NotFound


class NoSuchTarget(NotFound):
    """No target has this id."""


class NoSuchChecklist(NotFound):
    """No checklist was published under this code and version."""


class Grade(StrEnum):
    """Credit grade: internal, never shown. A seldom, B normal, C often, D strict."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


@dataclass(frozen=True)
class Row:
    """What a register says of one target. `key` is the register's own name for it."""

    key: str
    name: str
    address: str
    district: str
    category: str
    code: str | None = None
    grade: Grade | None = None
    latitude: float | None = None
    longitude: float | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def filled(self) -> int:
        """How much it says: its fields that are not blank, each attribute counted by itself."""
        return sum(bool(getattr(self, name)) for name in ROW_FIELDS) + len(self.attributes)


@dataclass(frozen=True)
class Target:
    """One 检查对象. `code` is its unified social credit code; `register` and `key` say where it came from."""

    id: str
    register: str
    key: str
    name: str
    address: str
    district: str
    category: str
    created_at: datetime
    updated_at: datetime
    code: str | None = None
    grade: Grade | None = None
    latitude: float | None = None
    longitude: float | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    version: int = 0

    def says(self, row: Row) -> bool:
        """Whether a register's row holds nothing that is not known already."""
        return all(getattr(self, name) == getattr(row, name) for name in ROW_FIELDS)


CLOSED_WORDS = frozenset({"closed", "cancelled", "revoked", "注销", "吊销", "停业", "歇业"})
"""What a register's column `status` says of a target that is no longer there."""


@dataclass(frozen=True)
class Candidate:
    """A target as a draw sees it."""

    id: str
    grade: Grade | None
    closed: bool


ROW_FIELDS = (
    "key",
    "name",
    "address",
    "district",
    "category",
    "code",
    "grade",
    "latitude",
    "longitude",
    "attributes",
)


@dataclass(frozen=True)
class Import:
    """One file brought in: what it held, and how many targets it has added and changed so far. `by` is a mark."""

    id: str
    format: str
    file_sha256: str
    rows: int
    unchanged: int
    refused: int
    by: str
    began_at: datetime
    written_at: datetime
    added: int = 0
    changed: int = 0
    ended_at: datetime | None = None

    @property
    def body(self) -> dict[str, str | int]:
        """What the public record says of it. Rows that are in none of the counts repeat others, or were not reached."""
        told = ("file_sha256", "format", "rows", "added", "changed", "unchanged", "refused")
        return {name: getattr(self, name) for name in told}


def id_of(register: str, key: str) -> str:
    """A target's id: the same row of the same register is the same target, however often it is imported."""
    digest = hashlib.sha256(f"{register}\0{key}".encode()).digest()
    return "ta_" + "".join("0123456789abcdefghjkmnpqrstvwxyz"[byte & 31] for byte in digest[:16])


def tidy(text: str) -> str:
    """Text as it is kept: NFC, nothing invisible, single spaces, none at the ends.

    Characters that this Python does not know yet, and private ones as GB 18030 has them, may be letters of a name.
    """
    visible = "".join(_visible(c) for c in unicodedata.normalize("NFC", text))
    return re.sub(r"\s+", " ", visible).strip()


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    match unicodedata.category(character):
        case "Cn" | "Co":
            return character
        case "Cf":
            return ""
        case _:
            return " "


@dataclass(frozen=True)
class Item:
    """One thing that may be inspected, with its legal basis and what it means in plain words."""

    code: str
    title_zh: str
    title_en: str
    legal_basis: str
    look_for_zh: str
    look_for_en: str
    severity: str
    plain_words_zh: str
    plain_words_en: str


@dataclass(frozen=True)
class Checklist:
    """A published list; a version never changes. `sha256` is of the file it was published from."""

    id: str
    code: str
    version: int
    title_zh: str
    title_en: str
    items: tuple[Item, ...]
    published_at: datetime
    sha256: str

    def item(self, code: str) -> Item | None:
        """The item of this code."""
        return next((item for item in self.items if item.code == code), None)
