"""The lot that anyone can recompute (docs/verify.md, sections 1, 4 and 5). Pure, standard library only."""

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

KEY_PREFIX = "seethrough-draw-v1"
MAX_TICKETS = 1_000_000
MAX_RFC3797_TICKETS = 65_535
FALLEN = "-"
"""The value of a source that fell."""
_RANGE = 2**256


def pseudonym(salt: bytes, member: str) -> str:
    """What stands in the pool for a member: SHA-256(salt || member), hex."""
    return hashlib.sha256(salt + member.encode()).hexdigest()


def commitment(draw: str, witness: str, secret: bytes) -> str:
    """What a witness publishes first: bound to draw and witness, so that nobody can copy another's commitment."""
    return hashlib.sha256(b"\0".join((draw.encode(), witness.encode(), secret))).hexdigest()


def numbers_value(numbers: Sequence[int]) -> str:
    """Public numbers as RFC 3797, section 4.1, writes them: ascending, each followed by a full stop."""
    if not numbers or min(numbers) < 0:
        raise ValueError("public numbers are one or more whole numbers, none below 0")
    return "".join(f"{number}." for number in sorted(numbers))


def key(draw: str, pool_sha256: str, values: Sequence[str]) -> bytes:
    """The 32 bytes that decide everything."""
    lines = (KEY_PREFIX, draw, pool_sha256, *values)
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).digest()


def lots(key: bytes, tickets: Sequence[int], wanted: int) -> list[int]:
    """The positions drawn, in order: each ticket alike, whoever is drawn again counts once.

    Ends when `wanted` are drawn, or all that have tickets. ValueError where there are no tickets.
    """
    sums = _sums(tickets)
    possible = sum(1 for count in tickets if count)
    drawn: dict[int, None] = {}
    for ticket in _numbers(key, sums[-1]):
        drawn.setdefault(bisect_right(sums, ticket))
        if len(drawn) >= min(wanted, possible):
            return list(drawn)
    raise AssertionError("the numbers never end")


def _numbers(key: bytes, total: int) -> Iterator[int]:
    """Numbers below `total`, all alike likely: what lies beyond the last whole multiple is thrown away."""
    bound = _RANGE - _RANGE % total
    counter = 0
    while True:
        number = int.from_bytes(hashlib.sha256(key + counter.to_bytes(8, "big")).digest(), "big")
        counter += 1
        if number < bound:
            yield number % total


def lots_rfc3797(values: Sequence[str], tickets: Sequence[int], wanted: int) -> list[int]:
    """The same by RFC 3797, exactly: its pool are the tickets. ValueError beyond the 65535 that its counter has."""
    sums = _sums(tickets)
    if sums[-1] > MAX_RFC3797_TICKETS:
        raise ValueError(f"RFC 3797 draws from at most {MAX_RFC3797_TICKETS} tickets, not {sums[-1]}")
    key_string = "".join(f"{value}/" for value in values if value != FALLEN).encode()
    possible = sum(1 for count in tickets if count)
    drawn: dict[int, None] = {}
    left = list(range(sums[-1]))
    for index in range(sums[-1]):
        drawn.setdefault(bisect_right(sums, left.pop(_rfc3797_number(key_string, index, len(left)))))
        if len(drawn) >= min(wanted, possible):
            break
    return list(drawn)


def _rfc3797_number(key_string: bytes, index: int, remaining: int) -> int:
    """RFC 3797, section 3.3: MD5 over index, key, index; the hash modulo what remains."""
    around = index.to_bytes(2, "big")
    digest = hashlib.md5(around + key_string + around, usedforsecurity=False).digest()
    return int.from_bytes(digest, "big") % remaining


def _sums(tickets: Sequence[int]) -> list[int]:
    sums = list(accumulate(tickets))
    if not sums or not sums[-1]:
        raise ValueError("nobody in the pool has a ticket")
    return sums
