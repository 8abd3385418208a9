"""The board: every vote of a ballot as one published text, its hash and its Merkle root; docs/verify.md. No I/O."""

import hashlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from functools import cached_property

from server.ballots.model import NoSuchReceipt, Proof
from server.ballots.receipts import Kept
from server.ballots.tree import Tree
from server.citizens.model import Tier
from server.ledger.merkle import leaf_hash


class Board:
    """Lines in ascending order, each `<receipt> <tier> <option>[,<option>…]`."""

    def __init__(self, lines: list[bytes]) -> None:
        self.lines = lines

    @classmethod
    def of(cls, votes: Iterable[Kept]) -> "Board":
        """The board of these votes."""
        return cls(sorted([f"{vote.code} {vote.tier} {vote.choices}".encode() for vote in votes]))

    @classmethod
    def read(cls, content: bytes) -> "Board":
        """A board as it was published."""
        return cls(content.split(b"\n")[:-1])

    @cached_property
    def content(self) -> bytes:
        """The file: every line ends with a line feed."""
        return b"".join([line + b"\n" for line in self.lines])

    @cached_property
    def sha256(self) -> str:
        """The file's hash, in hex."""
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def tree(self) -> Tree:
        """The Merkle tree whose leaves are the lines without their line feeds."""
        return Tree([leaf_hash(line) for line in self.lines])

    @property
    def root(self) -> str:
        """The tree's root, in hex."""
        return self.tree.root.hex()

    def groups(self) -> list[tuple[Tier, tuple[str, ...], int]]:
        """How many votes have the same tier and choices, for the tally."""
        alike = Counter([line.partition(b" ")[2] for line in self.lines])
        return [
            (Tier(tier), tuple(choices.split(",")), many)
            for said, many in alike.items()
            for tier, choices in [said.decode().split(" ")]
        ]

    def index(self, code: str) -> int:
        """The number of a receipt's line."""
        wanted = f"{code} ".encode()
        number = bisect_left(self.lines, wanted)
        if number == len(self.lines) or not self.lines[number].startswith(wanted):
            raise NoSuchReceipt("No line of the board has this receipt. Look whether the code is complete.")
        return number

    def proof(self, ballot: str, code: str) -> Proof:
        """Why the line of this receipt is on the board."""
        number = self.index(code)
        line = self.lines[number]
        path = tuple([node.hex() for node in self.tree.path(number)])
        return Proof(ballot, line.decode(), number, len(self.lines), self.root, leaf_hash(line).hex(), path)
