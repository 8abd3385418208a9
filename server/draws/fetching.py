"""Asks a drand relay for a round over HTTP. What it answers is verified by whoever asked."""

import logging
from collections.abc import Callable

import aiohttp

log = logging.getLogger(__name__)

ANSWER_SECONDS = 5.0


class Relay:
    """One relay; a failure is logged once, not at every attempt."""

    def __init__(self, url: str, session: Callable[[], aiohttp.ClientSession] = aiohttp.ClientSession) -> None:
        self._url = url.rstrip("/")
        self._session = session
        self._trouble = ""

    async def __call__(self, chain: str, round: int) -> str | None:
        """The signature of a round in hex, None when the relay does not answer or does not have it yet."""
        try:
            async with (
                self._session() as http,
                http.get(
                    f"{self._url}/{chain}/public/{round}", timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS)
                ) as reply,
            ):
                reply.raise_for_status()
                said = await reply.json()
                if said["round"] != round:
                    raise ValueError("another round than was asked for")
                self._trouble = ""
                return str(said["signature"])
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError, TypeError) as problem:
            self._note(f"{type(problem).__name__}: {problem}")
            return None

    def _note(self, trouble: str) -> None:
        if trouble != self._trouble:
            log.warning("The beacon's relay %s gives no round: %s", self._url, trouble)
            self._trouble = trouble
