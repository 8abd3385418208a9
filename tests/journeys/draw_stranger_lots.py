"""Section 5 of docs/verify.md, read by a stranger: the lots by `sha256` and by `rfc3797`."""

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, count


def lots(key: bytes, weights: Sequence[int], wanted: int) -> list[int]:
    """The places, from 0, of the lines that `sha256` draws, in the order of the lots."""
    total = sum(weights)
    return first_lines(sha256_tickets(key, total), weights, wanted) if total else []


def sha256_tickets(key: bytes, total: int) -> Iterator[int]:
    fair = 2**256 - 2**256 % total
    for i in count():
        n = int.from_bytes(hashlib.sha256(key + i.to_bytes(8, "big")).digest(), "big")
        if n < fair:
            yield n % total


def rfc3797_lots(text: str, weights: Sequence[int], wanted: int) -> list[int]:
    """The same by RFC 3797; `text` is its key string."""
    return first_lines(rfc3797_tickets(text.encode(), sum(weights)), weights, wanted)


def rfc3797_tickets(text: bytes, pool: int) -> Iterator[int]:
    """Tickets from 0. The RFC takes the k-th of those that remain, k = MD5(i ‖ text ‖ i) mod remaining."""
    remaining = list(range(pool))
    for i in range(pool):
        around = i.to_bytes(2, "big")
        digest = hashlib.md5(around + text + around, usedforsecurity=False).digest()
        yield remaining.pop(int.from_bytes(digest, "big") % len(remaining))


def first_lines(tickets: Iterator[int], weights: Sequence[int], wanted: int) -> list[int]:
    ends = list(accumulate(weights))
    stop = min(wanted, sum(weight > 0 for weight in weights))
    drawn: dict[int, None] = {}
    while len(drawn) < stop:
        drawn.setdefault(bisect_right(ends, next(tickets)))
    return list(drawn)
