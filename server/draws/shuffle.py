"""A lot that anyone can recompute: SHA-256 and sorting, nothing else. Pure, standard library only.

1. A secret of 32 random bytes is committed to: commitment = SHA-256(secret).
2. Pool digest = SHA-256 over the ids in ascending order of their UTF-8 bytes, each followed by one line feed (0x0A).
3. seed = SHA-256(secret || pool digest || context): 32 bytes, 32 bytes, then all bytes of the context.
4. An id's rank hash = SHA-256(seed || 0x00 || id in UTF-8). The lowest rank hashes are drawn.
"""

import hashlib
from collections.abc import Iterable

BYTES = 32


def commitment(secret: bytes) -> bytes:
    """What is published before the draw: SHA-256 of the secret."""
    _check_length("secret", secret)
    return hashlib.sha256(secret).digest()


def pool_digest(ids: Iterable[str]) -> bytes:
    """SHA-256 of the pool; ValueError where it is empty, names somebody twice, or an id holds a line feed."""
    members = sorted(member.encode() for member in ids)
    if not members:
        raise ValueError("the pool is empty")
    if len(set(members)) < len(members):
        raise ValueError("the pool names a member twice")
    if any(b"\n" in member for member in members):
        raise ValueError("an id holds a line break, so two pools could have one digest")
    return hashlib.sha256(b"".join(member + b"\n" for member in members)).digest()


def seed(secret: bytes, digest: bytes, context: bytes) -> bytes:
    """What decides everything: SHA-256(secret || pool digest || context); fixed lengths, so one way to read it."""
    _check_length("secret", secret)
    _check_length("pool digest", digest)
    return hashlib.sha256(secret + digest + context).digest()


def rank_hash(seed: bytes, member: str) -> bytes:
    """What a member is ranked by: SHA-256(seed || 0x00 || member)."""
    return hashlib.sha256(seed + b"\x00" + member.encode()).digest()


def ranking(seed: bytes, ids: Iterable[str]) -> list[str]:
    """The whole pool in the order of the lot; a tie, which nobody will see, goes by the id's bytes."""
    return sorted(ids, key=lambda member: (rank_hash(seed, member), member.encode()))


def _check_length(name: str, value: bytes) -> None:
    if len(value) != BYTES:
        raise ValueError(f"a {name} has {BYTES} bytes, not {len(value)}")
