"""News (通知) for people without an account: what is told to whom, and under which name it is kept. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from server.citizens.model import Citizen, Tier

SCOPE = "inbox"


@dataclass(frozen=True)
class Message:
    """One piece of news: `code` and `parameters` say what, the page says it in words. No text that people typed."""

    id: str
    inbox: str
    code: str
    link: str
    at: datetime
    parameters: Mapping[str, str] = field(default_factory=dict)
    read_at: datetime | None = None


def inbox_of(citizen: Citizen, key: bytes) -> str:
    """The pseudonym under which somebody is told things: their browser's, or that of the better identity."""
    return inboxes_of(citizen, key)[0]


def inboxes_of(citizen: Citizen, key: bytes) -> tuple[str, ...]:
    """All inboxes that somebody may read: their own, and the one of this browser from before they were known better."""
    device = citizen.device_pseudonym(key, SCOPE)
    return (device,) if citizen.tier is Tier.DEVICE else (citizen.pseudonym(key, SCOPE), device)
