import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from server.ledger.keys import BadKey, load_or_make


def secret_of(key):
    return key.private_bytes_raw()


def test_a_key_is_made_once_for_the_owner_only(tmp_path):
    path = tmp_path / "ledger.key"
    first = load_or_make(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert secret_of(load_or_make(path)) == secret_of(first)
    assert list(tmp_path.iterdir()) == [path]


def test_a_key_that_is_there_is_never_overwritten(tmp_path):
    path = tmp_path / "ledger.key"
    load_or_make(path)
    before = path.read_bytes(), path.stat().st_ino
    load_or_make(path)
    assert (path.read_bytes(), path.stat().st_ino) == before


def test_many_starters_at_once_agree_on_one_key(tmp_path):
    path = tmp_path / "ledger.key"
    with ThreadPoolExecutor(16) as starters:
        keys = list(starters.map(load_or_make, [path] * 16))
    assert len({secret_of(key) for key in keys}) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_a_draft_left_behind_by_a_crash_does_not_stop_the_next_start(tmp_path):
    (tmp_path / "ledger.key.0123").write_bytes(b"half a k")
    load_or_make(tmp_path / "ledger.key")


def other_kind():
    return rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def locked():
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))


@pytest.mark.parametrize("content", [b"", b"not a key", other_kind(), locked()], ids=["empty", "text", "rsa", "locked"])
def test_a_file_that_is_no_such_key_is_refused_and_kept(tmp_path, content):
    path = tmp_path / "ledger.key"
    path.write_bytes(content)
    with pytest.raises(BadKey, match=r"ledger\.key is not an Ed25519 key.*backup"):
        load_or_make(path)
    assert path.read_bytes() == content
