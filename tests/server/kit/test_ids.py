import hashlib
import re

from server.kit.ids import digest_of, new_id, new_secret


def test_an_id_is_its_kind_and_sixteen_characters_without_lookalikes():
    assert re.fullmatch(r"ep_[0-9a-hjkmnp-tv-z]{16}", new_id("ep"))


def test_ids_and_secrets_never_repeat():
    assert len({new_id("ep") for _ in range(1000)} | {new_secret() for _ in range(1000)}) == 2000


def test_a_secret_has_256_bits_and_is_safe_in_an_address():
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", new_secret())


def test_a_digest_is_sha_256_of_utf_8():
    assert digest_of("票") == hashlib.sha256("票".encode()).hexdigest()
