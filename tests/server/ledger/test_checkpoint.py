import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from server.ledger.checkpoint import (
    BadName,
    BadNote,
    Checkpoint,
    key_id,
    parse,
    sign,
    signed_text,
    verifier_key,
    verify,
)

# The example of golang.org/x/mod/sumdb/note, which the signed-note specification came from.
PETER = Ed25519PrivateKey.from_private_bytes(base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:])
PETER_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_NOTE = (
    PETER_TEXT
    + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
# The verifier key of the example of signed-note.
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

NAME = "inspect.example/ledger"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VKEY = verifier_key(NAME, KEY.public_key())
POINT = Checkpoint(NAME, 20852163, hashlib.sha256(b"root").digest())
NOTE = sign(POINT, KEY)


def resigned(text, key=KEY, name=NAME):
    """A note with any text, signed by rules written down a second time."""
    public = key.public_key().public_bytes_raw()
    identity = hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]
    return text + "\n— " + name + " " + base64.b64encode(identity + key.sign(text.encode())).decode() + "\n"


def test_the_key_of_the_reference_has_the_same_verifier_key():
    assert verifier_key("PeterNeumann", PETER.public_key()) == PETER_KEY


def test_the_example_of_the_specification_has_the_same_key_id():
    name, wanted, encoded = EXAMPLE_KEY.split("+", 2)
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(encoded)[1:])
    assert key_id(name, public).hex() == wanted


def test_the_note_of_the_reference_verifies():
    assert signed_text(PETER_NOTE, "PeterNeumann", PETER.public_key()) == PETER_TEXT


def test_a_checkpoint_has_the_lines_of_the_specification():
    root = base64.b64encode(POINT.root).decode()
    assert NOTE.startswith(f"{NAME}\n20852163\n{root}\n\n— {NAME} ")
    assert resigned(POINT.text()) == NOTE


def test_what_was_signed_verifies():
    assert verify(NOTE, VKEY) == POINT


def test_an_empty_log_has_size_zero():
    empty = Checkpoint(NAME, 0, hashlib.sha256(b"").digest())
    assert verify(sign(empty, KEY), VKEY) == empty


def test_other_signatures_are_passed_over():
    witness = "— witness.example/w " + base64.b64encode(b"whatever it signs").decode() + "\n"
    same_name_other_key = resigned(POINT.text(), PETER).rpartition("\n\n")[2]
    assert verify(NOTE + witness, VKEY) == POINT
    assert verify(NOTE.replace("\n\n", "\n\n" + witness), VKEY) == POINT
    assert verify(NOTE + same_name_other_key, VKEY) == POINT


def test_of_two_signatures_by_the_key_both_must_be_right():
    wrong = resigned("other\n").rpartition("\n\n")[2]
    with pytest.raises(BadNote, match="wrong"):
        verify(NOTE + wrong, VKEY)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda n: n.replace("20852163", "20852164"), "wrong"),
        (lambda n: n.replace("\n\n", "\n"), "blank line"),
        (lambda n: n.removesuffix("\n"), "newline at its end"),
        (lambda n: n + "\n", "signature line|blank line|newline"),
        (lambda n: n.replace("— ", "- "), "signature line"),
        (lambda n: n.replace("— ", "\t— "), "control"),
        (lambda n: n.replace("\n", "\r\n"), "control"),
        (lambda n: n[:-3] + "\n", "base64"),
        (lambda n: n.rpartition("—")[0], "blank line|newline"),
        (lambda n: "x" * 300_000 + n, "too long"),
        (lambda n: resigned(POINT.text(), PETER), "not signed by"),
    ],
)
def test_a_damaged_note_is_refused(change, why):
    with pytest.raises(BadNote, match=why):
        verify(change(NOTE), VKEY)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"{NAME}\n05\n{'A' * 43}=\n", "not a checkpoint"),
        (f"{NAME}\n-5\n{'A' * 43}=\n", "not a checkpoint"),
        (f"{NAME}\n٣\n{'A' * 43}=\n", "not a checkpoint"),
        (f"{NAME}\n5\n", "not a checkpoint"),
        (f"{NAME}\u20285\u2028{'A' * 43}=\n", "not a checkpoint"),
        (f"{NAME}\n5\n{'A' * 43}=\n\nmore\n", "not a checkpoint"),
        (f"{NAME}\n5\nAAAA\n", "not a SHA-256"),
        (f"{NAME}\n5\n{'A' * 42}B=\n", "not base64"),
        (f"other.example\n5\n{'A' * 43}=\n", "is of other.example"),
    ],
)
def test_a_signed_text_that_is_no_checkpoint_of_ours_is_refused(text, why):
    with pytest.raises(BadNote, match=why):
        verify(resigned(text), VKEY)


def test_extension_lines_are_allowed():
    assert verify(resigned(POINT.text() + "extension\n"), VKEY) == POINT


def test_parse_reads_what_text_wrote():
    assert parse(POINT.text()) == POINT


@pytest.mark.parametrize(
    "vkey",
    [
        VKEY.replace("inspect", "inspekt"),
        VKEY[:-4],
        VKEY.replace("+", " "),
        PETER_KEY.replace("+AR", "+BR"),
        "",
    ],
)
def test_a_damaged_verifier_key_is_refused(vkey):
    with pytest.raises((BadNote, BadName)):
        verify(NOTE, vkey)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\nb", "a\u3000b"])
def test_a_name_that_no_signature_line_can_carry_is_refused(name):
    with pytest.raises(BadName, match="cannot name a ledger"):
        sign(Checkpoint(name, 0, POINT.root), KEY)
