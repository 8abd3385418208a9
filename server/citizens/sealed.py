"""Facts that a browser carries for a few minutes and cannot change: JSON, when it ends, and our signature."""

import base64
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta

from server.kit.clock import Clock

MAX_TEXT = 4000


class Sealed:
    """Seals and opens such facts. They can be read by whoever has them, so nothing secret of others goes in."""

    def __init__(self, key: bytes, clock: Clock, *, minutes: float) -> None:
        self._key = key
        self._clock = clock
        self._span = timedelta(minutes=minutes)

    def seal(self, facts: Mapping[str, str]) -> str:
        """The text for a cookie."""
        until = int((self._clock() + self._span).timestamp())
        body = base64.urlsafe_b64encode(json.dumps([until, dict(facts)]).encode()).decode().rstrip("=")
        return f"{body}.{self._signature(body)}"

    def open(self, text: str) -> Mapping[str, str] | None:
        """The facts; None when the text was not sealed here, or its time is over."""
        body, _, signature = text.rpartition(".")
        if len(text) > MAX_TEXT or not text.isascii() or not hmac.compare_digest(self._signature(body), signature):
            return None
        until, facts = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return dict(facts) if self._clock().timestamp() < until else None

    def _signature(self, body: str) -> str:
        return hmac.digest(self._key, body.encode(), "sha256").hex()
