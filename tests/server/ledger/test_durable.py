import stat

import pytest

from server.ledger.durable import draft, settle


def test_a_draft_stands_beside_its_place_for_the_owner_only(tmp_path):
    beside = draft(tmp_path / "file", b"content")
    assert beside.parent == tmp_path
    assert beside.read_bytes() == b"content"
    assert stat.S_IMODE(beside.stat().st_mode) == 0o600
    assert not (tmp_path / "file").exists()


def test_two_drafts_never_share_a_name(tmp_path):
    assert draft(tmp_path / "file", b"a") != draft(tmp_path / "file", b"b")


def test_settling_a_directory_that_is_gone_is_an_error(tmp_path):
    settle(tmp_path)
    with pytest.raises(FileNotFoundError):
        settle(tmp_path / "gone")
