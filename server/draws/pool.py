"""The frozen pool: its file, exact to the byte (docs/verify.md, section 1), and who stands behind each line. No I/O."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b, sha256
from itertools import pairwise

from server.draws.shuffle import MAX_TICKETS

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
    return blake2b(member.encode(), key=secret, digest_size=SALT_BYTES).digest()


def freeze(members: Iterable[Member], secret: bytes) -> Pool:
    """The pool of these members; ValueError where somebody is in it twice or has an impossible number of tickets.

    The salt's and the pseudonym's rule stand here once more, without calls: there may be a million members.
    """
    entries, total, excluded = [], 0, Counter[str]()
    for member in members:
        name, tickets, note = member.id.encode(), member.tickets, member.note
        hashed = sha256(blake2b(name, key=secret, digest_size=SALT_BYTES).digest() + name).hexdigest()
        if note or not 0 < tickets <= MAX_TICKETS:
            _check(member)
            entries.append(f"{hashed} {tickets} {note}\n{member.id}")
            if not tickets:
                excluded[note] += 1
        else:
            entries.append(f"{hashed} {tickets}\n{member.id}")
        total += tickets
    entries.sort()
    texts = "\n".join(entries).split("\n") if entries else []  # Line, id, line, id, …
    lines, ids = texts[::2], texts[1::2]
    if len(set(ids)) < len(ids):
        raise ValueError("somebody is in the pool twice")
    file = "".join([f"{line}\n" for line in lines]).encode()
    return Pool(file, sha256(file).hexdigest(), ids, secret, len(ids), total, dict(excluded))


def _check(member: Member) -> None:
    if not 0 <= member.tickets <= MAX_TICKETS or not (member.tickets or member.note):
        raise ValueError(f"{member.id} has {member.tickets} tickets and the note {member.note!r}")


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
