"""The frozen pool: its file, exact to the byte (docs/verify.md, section 1), and who stands behind each line. No I/O."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from server.draws.shuffle import MAX_TICKETS, pseudonym

SALT_BYTES = 16
_LINE = re.compile(r"([0-9a-f]{64}) (0|[1-9][0-9]{0,6})(?: ([^\n]+))?")


@dataclass(frozen=True)
class Member:
    """One who may be drawn, or is excluded: with 0 tickets, `note` is the reason code."""

    id: str
    tickets: int = 1
    note: str = ""


@dataclass(frozen=True)
class Line:
    """A line of the pool's file."""

    pseudonym: str
    tickets: int
    note: str


@dataclass(frozen=True)
class Pool:
    """A frozen pool. `file` is published; `ids` (in the file's order) and `secret` are kept back."""

    file: bytes
    sha256: str
    ids: Sequence[str]
    secret: bytes
    members: int
    tickets: int
    excluded: Mapping[str, int]


def salt(secret: bytes, member: str) -> bytes:
    """A member's salt: 16 bytes that tell nothing of the salts of others (BLAKE2b, keyed; RFC 7693)."""
    return hashlib.blake2b(member.encode(), key=secret, digest_size=SALT_BYTES).digest()


def freeze(members: Iterable[Member], secret: bytes) -> Pool:
    """The pool of these members; ValueError where somebody is in it twice or has an impossible number of tickets."""
    lines, total, excluded = [], 0, Counter[str]()
    for member in members:
        if not 0 <= member.tickets <= MAX_TICKETS or (not member.tickets and not member.note):
            raise ValueError(f"{member.id} has {member.tickets} tickets and the note {member.note!r}")
        name = pseudonym(salt(secret, member.id), member.id)
        note = f" {member.note}" if member.note else ""
        lines.append((f"{name} {member.tickets}{note}\n", member.id))
        total += member.tickets
        if not member.tickets:
            excluded[member.note] += 1
    lines.sort()
    ids = [member for _, member in lines]
    if len(set(ids)) < len(ids):
        raise ValueError("somebody is in the pool twice")
    file = "".join(line for line, _ in lines).encode()
    return Pool(file, hashlib.sha256(file).hexdigest(), ids, secret, len(ids), total, dict(excluded))


def tickets_of(file: bytes) -> list[int]:
    """The tickets of every line, in order: all that a draw needs of a large pool."""
    return [int(line.split(b" ", 2)[1]) for line in file.splitlines()]


def lines_of(file: bytes) -> list[Line]:
    """Every line; ValueError at the first that is not as the specification says."""
    text = file.decode()
    if not text.endswith("\n"):
        raise ValueError("the pool's last line has no end")
    lines = [_line(number, line) for number, line in enumerate(text[:-1].split("\n"), 1)]
    if any(first.pseudonym >= second.pseudonym for first, second in pairwise(lines)):
        raise ValueError("the pool's lines are not in order, or one occurs twice")
    return lines


def _line(number: int, text: str) -> Line:
    found = _LINE.fullmatch(text)
    if not found or int(found[2]) > MAX_TICKETS:
        raise ValueError(f"line {number} of the pool is no pseudonym with its tickets: {text[:80]!r}")
    return Line(found[1], int(found[2]), found[3] or "")
