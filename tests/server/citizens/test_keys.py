import stat

import pytest

from server.citizens.keys import BadSecret, derive, load_or_make


def test_the_secret_is_made_once_and_for_its_owner_alone(tmp_path):
    path = tmp_path / "citizens.key"
    secret = load_or_make(path)
    assert len(secret) == 32
    assert load_or_make(path) == secret
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["citizens.key"], "no draft is left behind"


@pytest.mark.parametrize("content", ["", "no hex", "abcd", "ab" * 33])
def test_a_damaged_secret_stops_the_start_instead_of_being_replaced(tmp_path, content):
    path = tmp_path / "citizens.key"
    path.write_text(content)
    with pytest.raises(BadSecret, match=r"citizens\.key"):
        load_or_make(path)
    assert path.read_text() == content


def test_keys_of_different_names_and_secrets_differ():
    keys = {derive(secret, name) for secret in (b"a" * 32, b"b" * 32) for name in ("ballot:ba_1", "ballot:ba_2")}
    assert len(keys) == 4
    assert all(len(key) == 32 for key in keys)
