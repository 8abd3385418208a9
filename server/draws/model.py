"""A draw: a pool fixed and published, a secret committed to, then winners that anyone can recompute. No I/O.

The rule of the lot itself is shuffle.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from server.kit.errors import Invalid
from server.ledger.model import Entry


class Of(StrEnum):
    """What the lots decide."""

    TARGET = "target"
    INSPECTORS = "inspectors"


class EmptyPool(Invalid):
    """Nothing to draw from."""


@dataclass(frozen=True)
class Draw:
    """One draw. `secret` is known to the server alone until `drawn_at`; digests and hashes are hex."""

    id: str
    of: Of
    episode: str
    wanted: int
    pool: tuple[str, ...]
    pool_digest: str
    filter: Mapping[str, str]
    secret: str = field(repr=False)
    commitment: str
    committed_at: datetime
    ticket: str
    drawn_at: datetime | None = None
    seed: str | None = None
    winners: tuple[str, ...] = ()
    version: int = 0


def context_of(entry: Entry, root: bytes) -> bytes:
    """What ties a draw to the moment of its commitment: the commitment's place in the ledger and the root there.

    `<index>:<root of the tree that ends with this entry, hex>` in ASCII.
    """
    return f"{entry.index}:{root.hex()}".encode()
