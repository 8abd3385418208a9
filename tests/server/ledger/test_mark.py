import pytest

from server.ledger.checkpoint import Checkpoint
from server.ledger.mark import BadMark, Mark

POINT = Checkpoint("inspect.example/ledger", 7, bytes(32))


def test_nothing_was_signed_where_there_is_no_file(tmp_path):
    assert Mark(tmp_path / "ledger.mark").read() is None


def test_the_newest_mark_is_read_back(tmp_path):
    mark = Mark(tmp_path / "ledger.mark")
    mark.write(Checkpoint(POINT.origin, 6, POINT.root))
    mark.write(POINT)
    assert Mark(mark.path).read() == POINT
    assert list(tmp_path.iterdir()) == [mark.path]


@pytest.mark.parametrize("content", [b"", b"inspect.example/ledger\n7", b"\xff\xfe", b"a\nb\nc\n"])
def test_a_damaged_mark_is_no_empty_mark(tmp_path, content):
    mark = Mark(tmp_path / "ledger.mark")
    mark.path.write_bytes(content)
    with pytest.raises(BadMark, match=r"ledger\.mark does not say how far.*backup"):
        mark.read()
