import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from server.draws.beacon import Chain, NotGenuine, verify
from tests.fakes import FakeBeacon

DRAND = Path(__file__).parents[4] / "shared/data/drand-quicknet.json"
BEACON = FakeBeacon()
KEY = bytes.fromhex(BEACON.chain.key)


@pytest.mark.skipif(not DRAND.exists(), reason="the genuine round of drand is not on this machine (../shared/data)")
def test_a_genuine_round_of_drand_verifies_and_no_other_does() -> None:
    chain = json.loads(DRAND.read_text())
    key, (known,) = bytes.fromhex(chain["public_key"]), chain["rounds"]
    signature = bytes.fromhex(known["signature"])
    assert verify(key, known["round"], signature).hex() == known["randomness"]
    with pytest.raises(NotGenuine):
        verify(key, known["round"] + 1, signature)


def test_a_round_of_our_own_verifies() -> None:
    assert verify(KEY, 7, bytes.fromhex(BEACON.signature(7))).hex() == BEACON.randomness(7)


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        bytes(48),
        b"\xff" * 48,
        bytes([0xC0]) + bytes(47),  # the point at infinity: it would verify under any key that is infinite too
        bytes.fromhex(BEACON.signature(8)),
        bytes.fromhex(BEACON.signature(7))[:-1] + b"\x00",
    ],
)
def test_a_signature_that_is_not_the_rounds_is_refused(signature) -> None:
    with pytest.raises(NotGenuine):
        verify(KEY, 7, signature)


def test_rounds_have_their_moments() -> None:
    chain = Chain("aa", "bb", 1_000_000, 3)
    assert chain.at(1) == datetime.fromtimestamp(1_000_000, UTC)
    assert chain.round_from(datetime.fromtimestamp(1_000_001, UTC)) == 2
    for number in (1, 2, 50):
        assert chain.round_from(chain.at(number)) == number
    assert chain.round_from(datetime.fromtimestamp(5, UTC)) == 1
