"""How a code reaches a telephone: a gateway over HTTP, or the log, for the demo alone."""

import asyncio
import logging
from typing import Protocol

import aiohttp

from server.kit.errors import Unavailable

log = logging.getLogger(__name__)

LOG_URL = "log:"
ATTEMPTS = 3
FIRST_PAUSE_SECONDS = 0.3
ANSWER_SECONDS = 5.0
SERVER_ERROR = 500
TOO_MANY = 429


class NotSent(Unavailable):
    """No gateway took the message."""


class Refusing(Exception):
    """The gateway says that it will not, whatever the attempt."""


class Sender(Protocol):
    """Sends one text to one number; raises NotSent."""

    async def send(self, to: str, text: str) -> None: ...


class LogSender:
    """Writes the text where the demo's user sees it. The number stays out of the log."""

    async def send(self, to: str, text: str) -> None:
        """Logs it."""
        log.warning("SMS (demo, not sent): %s", text)


class HttpSender:
    """A gateway that takes `POST {to, text}` as JSON with a Bearer token, and answers 2xx when it has it."""

    def __init__(self, url: str, token: str, pause: float = FIRST_PAUSE_SECONDS) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._pause = pause

    async def send(self, to: str, text: str) -> None:
        """Tries some times; what the gateway refuses for good is not tried again."""
        trouble = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(self._pause * 2 ** (attempt - 1))
            try:
                return await self._post({"to": to, "text": text})
            except (aiohttp.ClientError, TimeoutError, OSError) as problem:
                trouble = type(problem).__name__
            except Refusing as problem:
                trouble = str(problem)
                break
        log.error("The SMS gateway took no message: %s", trouble)  # Neither number nor text.
        raise NotSent("The code could not be sent just now. Please try again in a minute.", retry_after=60)

    async def _post(self, message: dict[str, str]) -> None:
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.post(self._url, json=message, headers=self._headers, allow_redirects=False) as reply,
        ):
            if reply.status >= SERVER_ERROR or reply.status == TOO_MANY:
                raise aiohttp.ClientError(str(reply.status))
            if not reply.ok or reply.status // 100 == 3:
                raise Refusing(f"status {reply.status}")


def sender_for(url: str, token: str) -> Sender | None:
    """The sender that the settings ask for; None where there is none, and so no telephone tier."""
    if not url:
        return None
    return LogSender() if url == LOG_URL else HttpSender(url, token)
