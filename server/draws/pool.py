"""The frozen pool: its file, exact to the byte (docs/verify.md, section 1), and who stands behind each line. No I/O."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b, sha256
from itertools import pairwise

from server.draws.shuffle import MAX_TICKETS

SALT_BYTES = 16
_TICKETS_AT = 65
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
    return blake2b(member.encode(), key=secret, digest_size=SALT_BYTES).digest()


def freeze(members: Iterable[Member], secret: bytes) -> Pool:
    """The pool of these members; ValueError where somebody is in it twice or has an impossible number of tickets.

    The salt's and the pseudonym's rule stand here once more, without calls: there may be a million members.
    """
    by_line: dict[str, str] = {}
    count = 0
    for count, member in enumerate(members, 1):  # noqa: B007  counted to notice who is in it twice
        name, tickets, note = member.id.encode(), member.tickets, member.note
        if not 0 <= tickets <= MAX_TICKETS or not (tickets or note):
            raise ValueError(f"{member.id} has {tickets} tickets and the note {note!r}")
        hashed = sha256(blake2b(name, key=secret, digest_size=SALT_BYTES).digest() + name).hexdigest()
        by_line[f"{hashed} {tickets} {note}\n" if note else f"{hashed} {tickets}\n"] = member.id
    if len(by_line) < count:
        raise ValueError("somebody is in the pool twice")
    lines = sorted(by_line)
    file = "".join(lines).encode()
    excluded = Counter(_line(at, line[:-1]).note for at, line in enumerate(lines, 1) if line[_TICKETS_AT] == "0")
    total = sum(tickets_of(file))
    return Pool(file, sha256(file).hexdigest(), [by_line[line] for line in lines], secret, count, total, dict(excluded))


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
