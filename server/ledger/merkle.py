"""Merkle tree hashing and proofs of RFC 6962 (section 2.1). Pure: hashes in, hashes out.

The tree is kept as its complete subtrees: node (level, number) covers the leaves
[number * 2^level, (number + 1) * 2^level). Such a node never changes once it exists.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

Node = tuple[int, int]
"""(level, number) of a complete subtree."""
Span = tuple[int, int]
"""Leaves [first, end)."""
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 || data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """The largest power of two smaller than size (size > 1)."""
    return 1 << ((size - 1).bit_length() - 1)


def subtrees(span: Span) -> list[Node]:
    """The complete subtrees that make up a span of a tree, left to right, largest first."""
    first, end = span
    nodes = []
    while first < end:
        level = (end - first).bit_length() - 1
        nodes.append((level, first >> level))
        first += 1 << level
    return nodes


def fold(hashes: Sequence[bytes]) -> bytes:
    """The hash of a span from the hashes of its subtrees."""
    if not hashes:
        return EMPTY_ROOT
    result = hashes[-1]
    for left in reversed(hashes[:-1]):
        result = node_hash(left, result)
    return result


def span_hash(span: Span, nodes: Mapping[Node, bytes]) -> bytes:
    """The hash of a span, its complete subtrees given."""
    return fold([nodes[node] for node in subtrees(span)])


def grown(size: int, leaves: Sequence[bytes], node: Callable[[Node], bytes]) -> dict[Node, bytes]:
    """All nodes that appending these leaf hashes to a tree of this size completes.

    `node` gives an older node's hash; only those in `subtrees((0, size))` are asked for.
    """
    new: dict[Node, bytes] = {}
    for offset, leaf in enumerate(leaves):
        level, number = 0, size + offset
        new[level, number] = leaf
        while number % 2 == 1:
            sibling = (level, number - 1)
            left = new[sibling] if sibling in new else node(sibling)
            new[level + 1, number // 2] = node_hash(left, new[level, number])
            level, number = level + 1, number // 2
    return new


def inclusion_spans(index: int, size: int) -> list[Span]:
    """The spans whose hashes are the audit path of a leaf, bottom up (RFC 6962, 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError(f"index {index} is not in a tree of {size}")
    return list(_path(index, 0, size))[::-1]


def _path(index: int, first: int, end: int) -> Iterator[Span]:
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            yield (middle, end)
            end = middle
        else:
            yield (first, middle)
            first = middle


def consistency_spans(old: int, new: int) -> list[Span]:
    """The spans whose hashes prove that the old tree is a prefix of the new one (RFC 6962, 2.1.2)."""
    if not 0 < old <= new:
        raise ValueError(f"no consistency proof from {old} to {new}")
    return [] if old == new else list(_subproof(old, 0, new, whole=True))[::-1]


def _subproof(old: int, first: int, end: int, *, whole: bool) -> Iterator[Span]:
    while old != end - first:
        k = _split(end - first)
        if old <= k:
            yield (first + k, end)
            end = first + k
        else:
            yield (first, first + k)
            first, old, whole = first + k, old - k, False
    if not whole:
        yield (first, end)


def verify_inclusion(index: int, size: int, leaf: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the leaf hash stands at this index of the tree with this root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    fn, sn, result = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            return False
        if fn % 2 == 1 or fn == sn:
            result = node_hash(sibling, result)
            while fn % 2 == 0 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            result = node_hash(result, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and result == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `old` leaves is a prefix of that of `new` (RFC 9162, 2.1.4.2)."""
    if old == new:
        return not proof and old_root == new_root
    if not 0 < old < new or not proof:
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    fn, sn = old - 1, new - 1
    while fn % 2 == 1:
        fn, sn = fn >> 1, sn >> 1
    was = now = path[0]
    for sibling in path[1:]:
        if sn == 0:
            return False
        if fn % 2 == 1 or fn == sn:
            was, now = node_hash(sibling, was), node_hash(sibling, now)
            while fn % 2 == 0 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            now = node_hash(now, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and was == old_root and now == new_root


def needed(spans: Iterable[Span]) -> list[Node]:
    """All nodes that the hashes of these spans are made of."""
    return [node for span in spans for node in subtrees(span)]
