import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.ballots.receipts import GROUP, Kept, code_of, is_code, promised
from tests.server.ballots.conftest import check_promise

AT = datetime(2026, 3, 6, 2, 0, 0, 123000, tzinfo=UTC)


def signer(key):
    return lambda purpose, text: key.sign(b"seethrough " + purpose.encode() + b"\n" + text)


def votes(count):
    return [Kept("ba_1", code_of(b"s", str(n), "k"), "device", "ta_1,ta_2", AT) for n in range(count)]


def test_a_code_has_26_letters_of_crockford_and_depends_on_everything():
    codes = {code_of(secret, voter, key) for secret in (b"1", b"2") for voter in ("v", "w") for key in ("k", "l")}
    assert len(codes) == 8
    assert all(re.fullmatch("[0-9a-hjkmnp-tv-z]{26}", code) and is_code(code) for code in codes)


def test_the_first_letter_of_a_code_holds_only_what_is_left_of_128_bits():
    assert {code_of(b"s", str(n), "k")[0] for n in range(500)} == set("01234567")


@pytest.mark.parametrize("text", ["", "0" * 25, "0" * 27, "i" * 26, "A" * 26])
def test_what_is_no_code_is_told_apart(text):
    assert not is_code(text)


@pytest.mark.parametrize("count", [0, 1, 2, GROUP, GROUP + 1, 3 * GROUP + 5])
def test_every_promise_of_a_batch_holds(count):
    key = Ed25519PrivateKey.generate()
    receipts = promised(votes(count), signer(key))
    assert [r.code for r in receipts] == [v.code for v in votes(count)]
    for receipt in receipts:
        check_promise(receipt, key.public_key())


def test_few_signatures_serve_many_receipts():
    signed = []
    promised(votes(10 * GROUP), lambda purpose, text: signed.append(text) or b"")
    assert len(signed) == 10


@pytest.mark.parametrize("change", [{"choices": ("ta_3",)}, {"code": "0" * 26}, {"ballot": "ba_2"}])
def test_a_forged_receipt_is_not_what_was_promised(change):
    key = Ed25519PrivateKey.generate()
    receipt = promised(votes(3), signer(key))[1]
    with pytest.raises(InvalidSignature):
        check_promise(replace(receipt, **change), key.public_key())
