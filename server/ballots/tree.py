"""A whole Merkle tree in memory (RFC 6962, section 2.1), for many paths at once. Pure.

Pairing neighbours from the left and lifting the one without a neighbour gives the same tree as the RFC's splitting.
"""

from collections.abc import Sequence

from server.ledger.merkle import EMPTY_ROOT, node_hash


class Tree:
    """All levels over these leaf hashes."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.size = len(leaves)
        self._levels = [list(leaves)]
        while len(level := self._levels[-1]) > 1:
            above = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
            if len(level) % 2:
                above.append(level[-1])
            self._levels.append(above)

    @property
    def root(self) -> bytes:
        """The tree's hash."""
        return self._levels[-1][0] if self.size else EMPTY_ROOT

    def path(self, index: int) -> list[bytes]:
        """The audit path of a leaf, from the leaf up (2.1.1)."""
        if not 0 <= index < self.size:
            raise IndexError(index)
        found = []
        for level in self._levels[:-1]:
            beside = index ^ 1
            if beside < len(level):
                found.append(level[beside])
            index >>= 1
        return found
