"""Stand-ins for the edge of the world: a clock that goes when it is told to, a beacon with a key of its own."""

import hashlib
from datetime import UTC, datetime, timedelta

from py_ecc.bls.hash_to_curve import hash_to_G1
from py_ecc.bls.point_compression import compress_G1, compress_G2
from py_ecc.optimized_bls12_381.optimized_curve import G2, multiply

from server.draws.beacon import TAG, Chain, message


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime = datetime(2026, 3, 6, 2, 0, tzinfo=UTC)) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, **by: float) -> datetime:
        self.at += timedelta(**by)
        return self.at


class FakeBeacon:
    """A randomness beacon of our own with a real key: its rounds verify as drand's do. `fetch` is a relay that may be
    away, or lie."""

    def __init__(self, genesis: datetime = datetime(2026, 1, 1, tzinfo=UTC), period: int = 3) -> None:
        self._secret = 0x5EE7 * 2**200 + 7
        point = compress_G2(multiply(G2, self._secret))
        key = b"".join(part.to_bytes(48, "big") for part in point).hex()
        self.chain = Chain("ab" * 32, key, int(genesis.timestamp()), period)
        self.away = False

    def signature(self, round: int) -> str:
        """The round's signature."""
        hashed = hash_to_G1(message(round), TAG, hashlib.sha256)
        return int(compress_G1(multiply(hashed, self._secret))).to_bytes(48, "big").hex()

    def randomness(self, round: int) -> str:
        """What the round says."""
        return hashlib.sha256(bytes.fromhex(self.signature(round))).hexdigest()

    async def fetch(self, chain: str, round: int) -> str | None:
        """As a relay answers."""
        return None if self.away or chain != self.chain.hash else self.signature(round)

    @property
    def knobs(self) -> dict[str, object]:
        """The settings that wait for this beacon."""
        chain = self.chain
        return {
            "beacon_hash": chain.hash,
            "beacon_key": chain.key,
            "beacon_genesis": chain.genesis,
            "beacon_period": chain.period,
        }
