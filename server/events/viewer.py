"""One viewer's connection: walks the ledger from its own place, beats, and is dropped if it stands still."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterable, Iterator

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from server.events.hub import Hub
from server.kit.errors import Unavailable

log = logging.getLogger(__name__)

RETRY_MILLISECONDS = 1000
BUFFER_BYTES = 32 * 1024
"""How much may wait in our memory for one viewer; the kernel holds about as much again."""
AGAIN_SECONDS = 1.0
"""How soon a read that failed is tried again."""
HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would hold events back until its buffer is full
}


class Stalled(ConnectionError):
    """The viewer took nothing for too long."""


class Viewer:
    """Serves one request until the viewer goes, stands still, or the hub closes."""

    def __init__(self, hub: Hub, request: web.Request, episode: str | None, first: int) -> None:
        self._hub = hub
        self._request = request
        self._episode = episode
        self._next = first
        self._response = web.StreamResponse(headers=HEADERS)
        self._heard = 0
        self._whispered_at = float("-inf")
        self._beat_at = 0.0
        self._later = False
        """Whether the last read failed, so that the next one waits a little."""

    async def serve(self) -> web.StreamResponse:
        """The whole life of the connection."""
        writer = await self._prepare()
        if writer is not None:
            with contextlib.suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(None) as scope:
                    with self._hub.joined(scope):
                        await self._send(writer, [f"retry: {RETRY_MILLISECONDS}\n\n".encode()])
                        await self._walk(writer)
        return self._response

    async def _prepare(self) -> AbstractStreamWriter | None:
        transport = self._request.transport
        if transport is None:
            return None  # Gone already.
        transport.set_write_buffer_limits(high=BUFFER_BYTES)
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        return await self._response.prepare(self._request)

    async def _walk(self, writer: AbstractStreamWriter) -> None:
        self._beat_at = _now() + self._hub.beat_seconds
        while True:
            signal = self._hub.signal
            await self._send(writer, await self._facts())
            await self._send(writer, self._whispers())
            if _now() >= self._beat_at:
                self._beat_at = _now() + self._hub.beat_seconds
                await self._send(writer, [b": beat\n\n"])
            await self._rest(signal)

    async def _facts(self) -> list[bytes]:
        try:
            reading = await self._hub.read(self._next, self._episode)
        except Unavailable:
            self._later = True
            return []
        self._later = False
        self._next = reading.next
        return reading.frames

    def _whispers(self) -> list[bytes]:
        if _now() < self._whispered_at + self._hub.whisper_seconds:
            return []
        frames = self._hub.whispers.since(self._heard, self._episode)
        self._heard = self._hub.whispers.version
        if frames:
            self._whispered_at = _now()
        return frames

    async def _rest(self, signal: asyncio.Event) -> None:
        """Until there may be something to send: entries left over, a signal, a beat, a whisper's turn."""
        left = self._next < self._hub.ledger.head.size
        if left and not self._later:
            return
        wake_at = self._beat_at
        if left:
            wake_at = min(wake_at, _now() + AGAIN_SECONDS)
        if self._heard < self._hub.whispers.version:
            wake_at = min(wake_at, self._whispered_at + self._hub.whisper_seconds)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(wake_at):
                await signal.wait()

    async def _send(self, writer: AbstractStreamWriter, frames: list[bytes]) -> None:
        """Writes and waits until the viewer has taken most of it; aborts the connection if that fails."""
        try:
            for chunk in _joined(frames):
                async with asyncio.timeout(self._hub.slow_seconds) as patience:
                    await self._response.write(chunk)
                    await writer.drain()
        except BaseException as problem:
            self._abort()
            if isinstance(problem, TimeoutError) and patience.expired():
                self._hub.dropped += 1
                log.debug("A viewer stood still for %g s and was dropped.", self._hub.slow_seconds)
                raise Stalled from None
            raise

    def _abort(self) -> None:
        if self._request.transport is not None:
            self._request.transport.abort()


def _joined(frames: Iterable[bytes]) -> Iterator[bytes]:
    """The frames in as few chunks as the buffer allows."""
    chunk = b""
    for frame in frames:
        if chunk and len(chunk) + len(frame) > BUFFER_BYTES:
            yield chunk
            chunk = b""
        chunk += frame
    if chunk:
        yield chunk


def _now() -> float:
    return asyncio.get_running_loop().time()
