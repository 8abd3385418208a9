"""Citizens: people without an account, known in one of three tiers, never by name. No I/O."""

from dataclasses import dataclass
from enum import StrEnum

from server.kit.errors import NotAllowed
from server.kit.ids import keyed_digest


class Tier(StrEnum):
    """How well somebody is known: a browser with work done, a telephone that got a code, a person by a provider."""

    DEVICE = "device"
    PHONE = "phone"
    VERIFIED = "verified"

    @property
    def rank(self) -> int:
        """0, 1, 2: the better known, the higher."""
        return tuple(Tier).index(self)

    def reaches(self, least: "Tier") -> bool:
        """Whether this is at least that tier."""
        return self.rank >= least.rank


class Unidentified(NotAllowed):
    """What was asked needs a citizen, or one of a higher tier."""


@dataclass(frozen=True)
class Citizen:
    """Who asks, without a name. `device` is the browser's random id (32 hex digits); `identity` is a keyed digest (hex)
    of what they are known by at their tier: the device, the telephone number, the provider's issuer and subject.
    """

    device: str
    tier: Tier
    identity: str

    def pseudonym(self, key: bytes, scope: str) -> str:
        """Their name in one scope (a ballot, say) and nowhere else: keyed_digest(key; scope, tier, identity)."""
        return _digest(key, scope, self.tier.value, self.identity)

    def device_pseudonym(self, key: bytes, scope: str) -> str:
        """What their browser alone is called in that scope."""
        return _digest(key, scope, Tier.DEVICE.value, self.device)


def _digest(key: bytes, *parts: str) -> str:
    return keyed_digest(key, "\0".join(parts))
