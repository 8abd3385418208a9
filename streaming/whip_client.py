"""Publishes encoded frames by WHIP (RFC 9725), as a camera does: one connection, nothing encoded here."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import aiohttp
from aiortc import RTCSessionDescription
from aiortc.stats import RTCTransportStats

from streaming.feed import Ending, Feed
from streaming.media import Kind, MediaFrame
from streaming.passthrough import FeedTrack, send_encoded
from streaming.peer import CONNECT_SECONDS, IceServer, codec_preferences, new_connection
from streaming.signalling import SDP
from streaming.tasks import Tasks

logger = logging.getLogger(__name__)

KINDS: tuple[Kind, ...] = ("video", "audio")
# A server reports on what it receives about once a second; without a word for this long it is gone. ICE alone
# would take half a minute to notice (RFC 7675, section 5.1).
SILENCE_SECONDS = 5


class PublishingRefused(Exception):
    """The server did not take the picture; the message is its answer."""


class WhipClient:
    """An async context manager: connected inside, `put` sends a frame; leaves politely at the end."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        on_keyframe_request: Callable[[], None] = lambda: None,
        kinds: Sequence[Kind] = KINDS,
        ice_servers: Sequence[IceServer] = (),
    ) -> None:
        self.lost = asyncio.Event()
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._on_keyframe_request = on_keyframe_request
        self._feeds = [Feed(f"publish {kind}", kinds=(kind,)) for kind in kinds]
        self._kinds = kinds
        self._connection = new_connection(ice_servers)
        self._connection.on("connectionstatechange", self._state_changed)
        self._connected = asyncio.Event()
        self._resource: str | None = None
        self._tasks = Tasks()

    def put(self, frame: MediaFrame) -> None:
        """Send a frame; the picture begins with the first keyframe put."""
        for feed in self._feeds:
            feed.put(frame)

    async def __aenter__(self) -> Self:
        try:
            for kind, feed in zip(self._kinds, self._feeds, strict=True):
                track = FeedTrack(kind, feed)
                transceiver = self._connection.addTransceiver(track, direction="sendonly")
                transceiver.setCodecPreferences(codec_preferences(kind))
                send_encoded(transceiver.sender, self._on_keyframe_request)
            await self._connection.setLocalDescription(await self._connection.createOffer())
            answer = await self._post(self._connection.localDescription.sdp)
            await self._connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._connected.wait()
        except BaseException:
            await self._connection.close()
            raise
        self._tasks.start(self._watch(), f"watch {self._url}")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.leave()

    async def leave(self) -> None:
        """Delete the resource (RFC 9725, section 4.2) and close."""
        resource, self._resource = self._resource, None
        if resource is not None and not self.lost.is_set():
            try:
                async with aiohttp.ClientSession(headers=self._headers) as http, http.delete(resource):
                    pass
            except (aiohttp.ClientError, TimeoutError):
                logger.info("the server could not be told goodbye")
        await self.drop()

    async def drop(self) -> None:
        """Close without a word to the server, as a phone in a lift does."""
        for feed in self._feeds:
            feed.end(Ending.CLOSED, drop=True)
        await self._tasks.close()
        await self._connection.close()

    async def _watch(self) -> None:
        received, silent = -1, 0
        while silent < SILENCE_SECONDS:
            await asyncio.sleep(1)
            now = sum(stats.packetsReceived for stats in await self._transport_stats())
            received, silent = now, silent + 1 if now == received else 0
        self.lost.set()

    async def _transport_stats(self) -> list[RTCTransportStats]:
        report = await self._connection.getStats()
        return [stats for stats in report.values() if isinstance(stats, RTCTransportStats)]

    async def _post(self, offer: str) -> str:
        headers = self._headers | {"Content-Type": SDP}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.post(self._url, data=offer.encode()) as reply,
        ):
            answer = await reply.text()
            if reply.status != 201:
                raise PublishingRefused(f"{reply.status}: {answer}")
            self._resource = urljoin(self._url, reply.headers["Location"])
            return answer

    def _state_changed(self) -> None:
        state = self._connection.connectionState
        if state == "connected":
            self._connected.set()
        elif state in ("failed", "closed"):
            self.lost.set()
