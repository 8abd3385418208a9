"""Who asks without an account: signed cookies, work done, limits, and the keys under which other rooms know them."""

import hmac
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from server.citizens.keys import derive
from server.citizens.limits import Limits
from server.citizens.model import Citizen, Tier
from server.citizens.work import Work
from server.kit.clock import Clock
from server.kit.ids import keyed_digest
from server.kit.mongo import Database

COOKIE = "citizen"
DEVICE_BYTES = 16
MAX_COOKIE = 300
_TIERS = {tier.value: tier for tier in Tier}


class Citizens:
    """The verbs of citizens. Nothing of a cookie is kept here: whoever loses it is somebody new."""

    def __init__(
        self, database: Database, clock: Clock, key: bytes, *, days: int, numbers: int, minutes: float
    ) -> None:
        self._clock = clock
        self._key = key
        self._span = timedelta(days=days)
        self._cookie_key = self.subkey("cookie")
        self._work = Work(self.subkey("work"), most=numbers, span=timedelta(minutes=minutes))
        self._limits = Limits(database, clock, self.subkey("limits"))

    async def prepare(self) -> None:
        """Indexes."""
        await self._limits.prepare()

    def subkey(self, name: str) -> bytes:
        """A key of 32 bytes for one use, such as `ballot:ba_x`: digests under it match nowhere else."""
        return derive(self._key, name)

    def identity(self, tier: Tier, *known_by: str) -> str:
        """What is kept of a device, a number or an account at a provider: a keyed digest (hex)."""
        text = "\0".join(known_by).encode("utf-8", "surrogatepass")
        return hmac.digest(self.subkey(f"identity:{tier.value}"), text, "sha256").hex()

    def new_device(self) -> tuple[Citizen, str]:
        """A browser that was never here, and its cookie."""
        device = secrets.token_hex(DEVICE_BYTES)
        citizen = Citizen(device, Tier.DEVICE, self.identity(Tier.DEVICE, device))
        return citizen, self.cookie_of(citizen)

    def cookie_of(self, citizen: Citizen) -> str:
        """The cookie's text: what it says, until when, and our signature of that."""
        expires = int((self._clock() + self._span).timestamp())
        body = f"1.{citizen.device}.{citizen.tier.value}.{citizen.identity}.{expires}"
        return f"{body}.{self._signature(body)}"

    def recognise(self, cookie: str | None) -> Citizen | None:
        """Who has this cookie; None for none, a forged or an expired one. No I/O, some microseconds."""
        if not cookie or len(cookie) > MAX_COOKIE or not cookie.isascii():
            return None
        body, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(self._signature(body), signature):
            return None
        _, device, tier, identity, expires = body.split(".")  # We wrote it: our signature says so.
        if int(expires) <= self._clock().timestamp():
            return None
        return Citizen(device, _TIERS[tier], identity)

    def challenge(self, citizen: Citizen, scope: str) -> Mapping[str, Any]:
        """Work for this browser and this purpose, in the JSON of the ALTCHA protocol."""
        return self._work.challenge(citizen.device, scope, self._clock())

    def check_work(self, citizen: Citizen, scope: str, proof: str) -> None:
        """Refuses a proof that is missing, unreadable, forged, for something else or too old. No I/O."""
        self._work.check(citizen.device, scope, proof, self._clock())

    async def admit(
        self, what: str, citizen: Citizen, address: str, *, per_citizen: int, per_network: int, hours: float
    ) -> None:
        """Counts this deed; refuses (TooMany, saying when to try again) beyond a limit within so many hours. 0: none.

        An identity counts alone, whatever browser it uses; a network is an address, or a /64 under IPv6.
        """
        await self._limits.admit(
            what, citizen.identity, address, per_citizen=per_citizen, per_network=per_network, hours=hours
        )

    def _signature(self, body: str) -> str:
        return keyed_digest(self._cookie_key, body)
