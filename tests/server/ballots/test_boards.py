from datetime import UTC, datetime

import pytest

from server.ballots.board import Board
from server.ballots.boards import BoardLost, Boards
from server.ballots.model import Ballot, NoSuchBallot
from server.ballots.receipts import Kept
from server.citizens.model import Tier

AT = datetime(2026, 3, 6, tzinfo=UTC)


def board(*codes):
    return Board.of([Kept("ba_1", code * 26, "device", "ta_1", AT) for code in codes])


def ballot(sha256):
    terms = ("ba_1", "ep_1", ("ta_1", "ta_2"), 1, AT, AT, Tier.DEVICE, Tier.DEVICE, True, ("ta_1", "ta_2"), AT)
    return Ballot(*terms, board_sha256=sha256)


async def test_a_board_is_found_by_its_hash(tmp_path):
    boards, written = Boards(tmp_path / "boards"), board("1", "2")
    path = boards.write(written)
    assert path.name == f"{written.sha256}.txt"
    assert path.read_bytes() == written.content
    assert [p.name for p in path.parent.iterdir()] == [path.name], "no draft is left"
    assert (await boards.get(ballot(written.sha256))).root == written.root
    boards.check(ballot(written.sha256))


async def test_an_altered_board_is_never_passed_on(tmp_path):
    boards, written = Boards(tmp_path / "boards"), board("1", "2")
    path = boards.write(written)
    path.write_bytes(path.read_bytes().replace(b"ta_1", b"ta_2", 1))
    with pytest.raises(BoardLost, match="altered"):
        await boards.get(ballot(written.sha256))
    with pytest.raises(BoardLost):
        boards.check(ballot(written.sha256))
    path.unlink()
    with pytest.raises(BoardLost):
        boards.check(ballot(written.sha256))


async def test_only_the_last_boards_stay_in_memory(tmp_path):
    boards = Boards(tmp_path / "boards")
    written = [board(c) for c in "123"]
    for one in written:
        boards.write(one)
    for one in written:
        assert (await boards.get(ballot(one.sha256))).lines == one.lines
    assert len(boards._read) == 2


def test_a_ballot_that_is_not_closed_has_no_board(tmp_path):
    with pytest.raises(NoSuchBallot):
        Boards(tmp_path).path(ballot(None))
