"""What a provider says about itself (OpenID Connect Discovery 1.0) and its keys (RFC 7517), asked once an hour."""

import json
import logging
import time
from collections.abc import Mapping
from typing import Any

import aiohttp
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url

from server.kit.errors import Unavailable

log = logging.getLogger(__name__)

ANSWER_SECONDS = 10.0
MAX_ANSWER = 2**20
KEEP_SECONDS = 3600.0
FRESH_KEYS_SECONDS = 30.0
"""Keys are fetched anew for an unknown key id, but no more often than this: anybody may send such ids."""


class NoAnswer(Unavailable):
    """The provider does not answer, or not as one does."""


class Discovery:
    """One issuer."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._metadata: Mapping[str, Any] = {}
        self._keys: Mapping[str, Any] = {}
        self._metadata_at = self._keys_at = -KEEP_SECONDS

    async def metadata(self) -> Mapping[str, Any]:
        """Its metadata, which must name the issuer that we were told (section 4.3)."""
        if time.monotonic() - self._metadata_at > KEEP_SECONDS or not self._metadata:
            found = OpenIDProviderMetadata(await self._get(get_well_known_url(self._issuer, external=True)))
            if found.get("issuer") != self._issuer:
                log.error("The provider at %s says that it is somebody else.", self._issuer)
                raise _no_answer()
            try:
                found.validate()
            except ValueError as problem:
                log.error("The provider at %s is not set up well: %s", self._issuer, problem)  # noqa: TRY400
                raise _no_answer() from None
            self._metadata, self._metadata_at = found, time.monotonic()
        return self._metadata

    async def keys(self, *, fresh: bool = False) -> Mapping[str, Any]:
        """Its public keys."""
        age = time.monotonic() - self._keys_at
        if not self._keys or age > (FRESH_KEYS_SECONDS if fresh else KEEP_SECONDS):
            self._keys = await self._get((await self.metadata())["jwks_uri"])
            self._keys_at = time.monotonic()
        return self._keys

    async def _get(self, address: str) -> Mapping[str, Any]:
        status, answer = await fetch("GET", address)
        if status != 200:
            log.error("%s answers %s.", address, status)
            raise _no_answer()
        return answer


async def fetch(method: str, address: str, **options: Any) -> tuple[int, Mapping[str, Any]]:
    """Status and JSON object of one request; NoAnswer for anything else. Redirects are not followed."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS)) as http,
            http.request(method, address, allow_redirects=False, **options) as reply,
        ):
            found = json.loads(await _whole(reply))
            if not isinstance(found, dict):
                raise ValueError("no object")
            return reply.status, found
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
        log.error("The provider does not answer: %s", type(problem).__name__)  # noqa: TRY400
        raise _no_answer() from None


async def _whole(reply: aiohttp.ClientResponse) -> bytes:
    text = bytearray()
    async for chunk in reply.content.iter_any():
        text += chunk
        if len(text) > MAX_ANSWER:
            raise ValueError("too long")
    return bytes(text)


def _no_answer() -> NoAnswer:
    return NoAnswer("The provider that verifies people does not answer. Please try again in a minute.", retry_after=60)
