"""A public randomness beacon (drand, scheme bls-unchained-g1-rfc9380): when a round is out, and whether it is genuine.

No I/O. The pairing is py_ecc's, in pure Python: a quarter of a second for a round.
"""

import hashlib
import math
import sys
from dataclasses import dataclass
from datetime import UTC, datetime

from py_ecc.bls.hash_to_curve import hash_to_G1
from py_ecc.bls.point_compression import decompress_G1, decompress_G2
from py_ecc.bls.typing import G1Compressed, G2Compressed
from py_ecc.fields import optimized_bls12_381_FQ12 as FQ12
from py_ecc.optimized_bls12_381.optimized_curve import G2, curve_order, is_inf, multiply, neg
from py_ecc.optimized_bls12_381.optimized_pairing import final_exponentiate, pairing

sys.setrecursionlimit(1000)
"""Python's own default. py_ecc raises it to 100,000 when imported: deep JSON would then end the process."""

TAG = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"
SIGNATURE_BYTES = 48
KEY_BYTES = 96


class NotGenuine(ValueError):
    """A signature that the beacon did not make for this round."""


@dataclass(frozen=True)
class Chain:
    """A chain's public parameters; `hash` and `key` in hex, `genesis` in Unix seconds, `period` in seconds."""

    hash: str
    key: str
    genesis: int
    period: int

    def at(self, round: int) -> datetime:
        """When a round is published; rounds count from 1."""
        return datetime.fromtimestamp(self.genesis + (round - 1) * self.period, UTC)

    def round_from(self, moment: datetime) -> int:
        """The first round that is published at or after a moment."""
        return max(1, math.ceil((moment.timestamp() - self.genesis) / self.period) + 1)


def message(round: int) -> bytes:
    """What the beacon signs."""
    return hashlib.sha256(round.to_bytes(8, "big")).digest()


def verify(key: bytes, round: int, signature: bytes) -> bytes:
    """The round's randomness (32 bytes); NotGenuine when the signature is not the beacon's for this round."""
    if len(signature) != SIGNATURE_BYTES or len(key) != KEY_BYTES:
        raise NotGenuine(f"A round's signature has {SIGNATURE_BYTES} bytes, the key {KEY_BYTES}.")
    try:
        point = decompress_G1(G1Compressed(int.from_bytes(signature, "big")))
        whose = decompress_G2(G2Compressed((int.from_bytes(key[:48], "big"), int.from_bytes(key[48:], "big"))))
    except (ValueError, AssertionError) as problem:
        raise NotGenuine("The signature is no point of the curve.") from problem
    if is_inf(point) or not is_inf(multiply(point, curve_order)):
        raise NotGenuine("The signature is no point of the group.")
    hashed = hash_to_G1(message(round), TAG, hashlib.sha256)  # type: ignore[arg-type]  # its own hint is too narrow
    product = pairing(G2, point, final_exponentiate=False) * pairing(neg(whose), hashed, final_exponentiate=False)
    if final_exponentiate(product) != FQ12.one():
        raise NotGenuine("The signature is not the beacon's for this round.")
    return hashlib.sha256(signature).digest()
