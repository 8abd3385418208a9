from datetime import UTC, datetime

import pytest

from server.ballots.board import Board
from server.ballots.model import NoSuchReceipt
from server.ballots.receipts import Kept
from server.citizens.model import Tier
from tests.server.ballots.conftest import merkle_root, rooted

AT = datetime(2026, 3, 6, tzinfo=UTC)
SENT = (("5", "phone", "ta_1,ta_2"), ("2", "device", "ta_1,ta_2"), ("3", "phone", "ta_1,ta_2"))
VOTES = [Kept("ba_1", c * 26, *said, AT) for c, *said in (*SENT, ("4", "phone", "ta_1,ta_2"), ("1", "device", "ta_1"))]


def test_lines_are_sorted_by_receipt_whatever_the_order_of_the_votes():
    board = Board.of(VOTES)
    assert board.content.decode().splitlines() == [
        f"{'1' * 26} device ta_1",
        f"{'2' * 26} device ta_1,ta_2",
        f"{'3' * 26} phone ta_1,ta_2",
        f"{'4' * 26} phone ta_1,ta_2",
        f"{'5' * 26} phone ta_1,ta_2",
    ]
    assert Board.of(VOTES[::-1]).sha256 == board.sha256


def test_a_board_that_is_read_is_the_one_that_was_written():
    board = Board.of(VOTES)
    again = Board.read(board.content)
    assert (again.sha256, again.root, again.lines) == (board.sha256, board.root, board.lines)
    assert board.root == merkle_root(board.lines).hex()


def test_votes_alike_are_counted_together():
    groups = Board.of(VOTES).groups()
    assert sorted(groups) == [
        (Tier.DEVICE, ("ta_1",), 1),
        (Tier.DEVICE, ("ta_1", "ta_2"), 1),
        (Tier.PHONE, ("ta_1", "ta_2"), 3),
    ]


def test_each_line_is_proven_and_others_are_not_there():
    board = Board.of(VOTES)
    for vote in VOTES:
        proof = board.proof("ba_1", vote.code)
        path = [bytes.fromhex(h) for h in proof.proof]
        assert rooted(proof.index, proof.size, proof.line.encode(), path).hex() == board.root
    for code in ("0" * 26, "6" * 26, "3" * 25, "3"):
        with pytest.raises(NoSuchReceipt):
            board.proof("ba_1", code)


def test_an_empty_board_is_an_empty_file():
    board = Board.of([])
    assert board.content == b""
    assert Board.read(b"").lines == []
    assert board.groups() == []


def test_a_tampered_line_has_another_root():
    board = Board.of(VOTES)
    tampered = Board.read(board.content.replace(b"ta_2", b"ta_3", 1))
    assert tampered.root != board.root
