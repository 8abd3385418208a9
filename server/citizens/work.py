"""Work before a request counts: challenges of the ALTCHA protocol (version 2: SHA-256, cost 1), and checking proofs.

A solver looks for the counter whose SHA-256(salt || nonce || counter) begins as `keyPrefix` says. The server knows that
key beforehand and has signed it for one browser, one scope and a time, so that a check costs two HMACs and no state.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from server.kit.errors import Invalid, TooLate
from server.kit.ids import keyed_digest

RANDOM_BYTES = 16
PREFIX_BYTES = 16
BOUND_CHARACTERS = 32
_PROOF = re.compile(r"([0-9a-f]{32})\.([0-9]{1,12})\.([0-9a-f]{64})\.([0-9a-f]{64})")


class NoWork(Invalid):
    """The request came without its proof, or with one that cannot be read."""


class ForgedWork(Invalid):
    """The proof was not made from a challenge of ours."""


class OtherWork(Invalid):
    """The proof is good, but for another browser or another purpose."""


class StaleWork(TooLate):
    """The proof was made for a time that is over."""


class Work:
    """Makes challenges and checks proofs. `most` bounds the number to be found: on average half of it is tried."""

    def __init__(self, key: bytes, *, most: int, span: timedelta) -> None:
        self._key = key
        self._most = most
        self._span = span

    def challenge(self, device: str, scope: str, now: datetime) -> Mapping[str, Any]:
        """What a solver is given, in the protocol's own JSON; `data` and `signature` go into the proof unchanged."""
        salt, nonce = secrets.token_bytes(RANDOM_BYTES), secrets.token_bytes(RANDOM_BYTES)
        counter = secrets.randbelow(self._most + 1)
        found = hashlib.sha256(salt + nonce + counter.to_bytes(4, "big")).digest()
        bound, expires = self._bound(device, scope), int((now + self._span).timestamp())
        return {
            "parameters": {
                "algorithm": "SHA-256",
                "cost": 1,
                "keyLength": len(found),
                "keyPrefix": found[:PREFIX_BYTES].hex(),
                "nonce": nonce.hex(),
                "salt": salt.hex(),
                "expiresAt": expires,
                "data": {"bound": bound, "most": self._most},
            },
            "signature": self._signature(bound, str(expires), found.hex()),
        }

    def check(self, device: str, scope: str, proof: str, now: datetime) -> None:
        """Refuses a proof that is not `bound.expiresAt.derivedKey.signature` of our own, for this, and in time."""
        if not proof:
            raise NoWork("The page has not finished its security check. Please wait a moment and try again.")
        parts = _PROOF.fullmatch(proof)
        if parts is None:
            raise NoWork("The security check of this page cannot be read. Please load the page again.")
        bound, expires, found, signature = parts.groups()
        if not hmac.compare_digest(self._signature(bound, expires, found), signature):
            raise ForgedWork("The security check of this page is wrong. Please load the page again.")
        if bound != self._bound(device, scope):
            raise OtherWork("The security check was made for something else. Please load the page again.")
        if int(expires) <= now.timestamp():
            raise StaleWork("The security check of this page has expired. Please try again.")

    def _bound(self, device: str, scope: str) -> str:
        return keyed_digest(self._key, f"{device}\0{scope}")[:BOUND_CHARACTERS]

    def _signature(self, bound: str, expires: str, found: str) -> str:
        return keyed_digest(self._key, f"{bound}.{expires}.{found}")


def proof_of(challenge: Mapping[str, Any], derived_key: str) -> str:
    """What is sent for a challenge whose key (hex) was found."""
    parameters = challenge["parameters"]
    return f"{parameters['data']['bound']}.{parameters['expiresAt']}.{derived_key}.{challenge['signature']}"
