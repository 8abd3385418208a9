"""Receipts: their codes, and the signature that promises them a place on the board.

A signature costs as much as the rest of a vote, so GROUP receipts share one, each with its short path to the root that
is signed. Ed25519 is deterministic: nothing of a promise is kept, it can be made again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from server.ballots.model import CODE_CHARACTERS, PROMISE, Promise, Receipt, promise_text, receipt_text
from server.ballots.tree import Tree
from server.citizens.model import Tier
from server.kit.clock import iso
from server.kit.ids import ALPHABET, keyed_digest
from server.ledger.merkle import leaf_hash

GROUP = 32
CODE_BYTES = 16
_TRIPLES = [first + second + third for first in ALPHABET for second in ALPHABET for third in ALPHABET]
_TIERS = {tier.value: tier for tier in Tier}

spoken = lru_cache(maxsize=256)(iso)
"""`iso`, for the few moments that many receipts share: those of one batch have the same."""

Sign = Callable[[str, bytes], bytes]
"""`Ledger.sign`."""


@dataclass(slots=True)
class Kept:
    """A vote as the database holds it; `choices` is one text, as on the board."""

    ballot: str
    code: str
    tier: str
    choices: str
    at: datetime


def code_of(secret: bytes, voter: str, key: str) -> str:
    """A receipt's code: 128 bits that nobody can guess, and that the same voter gets again with the same key alone.

    So the server need not keep who has which code: after the closing it could not say, unless the voter asks.
    """
    number = int(keyed_digest(secret, f"{voter}\0{key}")[: 2 * CODE_BYTES], 16)
    triples = [_TRIPLES[number >> shift & 32767] for shift in range(120, -1, -15)]
    return "".join(triples)[1:]  # 27 characters hold 135 bits; the first of them says nothing.


def is_code(text: str) -> bool:
    """Whether this can be a receipt's code."""
    return len(text) == CODE_CHARACTERS and set(text) <= set(ALPHABET)


def promised(kept: Sequence[Kept], sign: Sign) -> list[Receipt]:
    """Receipts, with promises, of votes that are durable."""
    return [receipt for first in range(0, len(kept), GROUP) for receipt in _group(kept[first : first + GROUP], sign)]


def _group(kept: Sequence[Kept], sign: Sign) -> list[Receipt]:
    texts = [receipt_text(k.ballot, k.code, k.tier, k.choices, spoken(k.at)) for k in kept]
    tree = Tree([leaf_hash(text.encode()) for text in texts])
    signature = sign(PROMISE, promise_text(tree.root)).hex()
    size = len(kept)
    return [
        Receipt(
            k.ballot,
            k.code,
            tuple(k.choices.split(",")),
            _TIERS[k.tier],
            k.at,
            Promise(index, size, tuple([node.hex() for node in tree.path(index)]), signature),
        )
        for index, k in enumerate(kept)
    ]
