"""Where published boards are kept: files that are named by their hash and never change."""

import asyncio
import hashlib
import logging
from collections import OrderedDict
from pathlib import Path

from server.ballots.board import Board
from server.ballots.model import Ballot, NoSuchBallot
from server.ledger.durable import draft, settle

log = logging.getLogger(__name__)

REMEMBERED = 2


class BoardLost(Exception):
    """A published board is not what its hash says; the message names the file."""


class Boards:
    """A directory of boards; the last ones read stay in memory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._read: OrderedDict[str, Board] = OrderedDict()
        self._turn = asyncio.Lock()

    def path(self, ballot: Ballot) -> Path:
        """The board's file; refuses while there is none."""
        if not ballot.board_sha256:
            raise NoSuchBallot("This ballot has no board yet. It is published when the ballot has closed.")
        return self._path(ballot.board_sha256)

    def _path(self, sha256: str) -> Path:
        return self._directory / f"{sha256}.txt"

    def write(self, board: Board) -> Path:
        """Keeps a board durably. Blocks: call it in a thread."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._path(board.sha256)
        draft(path, board.content).replace(path)
        settle(self._directory)
        settle(self._directory.parent)
        return path

    def check(self, ballot: Ballot) -> None:
        """Raises BoardLost where the file is not whole. Blocks."""
        path = self.path(ballot)
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != ballot.board_sha256:
            raise BoardLost(f"{path} is missing or altered. Put it back from its backup.")

    async def get(self, ballot: Ballot) -> Board:
        """The published board, with its tree."""
        path, name = self.path(ballot), ballot.board_sha256 or ""
        async with self._turn:  # One after another: each that is read takes some megabytes.
            if name not in self._read:
                self._read[name] = await asyncio.to_thread(_whole, path, name)
                while len(self._read) > REMEMBERED:
                    self._read.popitem(last=False)
            self._read.move_to_end(name)
            return self._read[name]


def _whole(path: Path, sha256: str) -> Board:
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise BoardLost(f"{path} is altered. Put it back from its backup.")
    board = Board.read(content)
    _ = board.tree
    return board
