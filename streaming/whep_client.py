"""Watches a channel by WHEP and hands on its encoded frames: a probe, and the viewer of tests and benches."""

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import aiohttp
from aiortc import RTCSessionDescription

from streaming.media import Kind
from streaming.passthrough import EncodedReceiver, OnFrame
from streaming.peer import CONNECT_SECONDS, IceServer, codec_preferences, new_connection
from streaming.signalling import SDP

KINDS: tuple[Kind, ...] = ("video", "audio")


class WatchingRefused(Exception):
    """The server does not show the picture; the message is its answer."""


class WhepClient:
    """An async context manager: inside, every encoded frame is handed to `on_frame(kind, timestamp, data)`."""

    def __init__(
        self,
        url: str,
        on_frame: OnFrame,
        *,
        headers: Mapping[str, str] | None = None,
        ice_servers: Sequence[IceServer] = (),
    ) -> None:
        self.lost = asyncio.Event()
        self._url = url
        self._headers = dict(headers or {})
        self._connection = new_connection(ice_servers)
        self._connection.on("connectionstatechange", self._state_changed)
        self._receivers = []
        for kind in KINDS:
            transceiver = self._connection.addTransceiver(kind, direction="recvonly")
            transceiver.setCodecPreferences(codec_preferences(kind))
            self._receivers.append(EncodedReceiver(transceiver.receiver, kind, on_frame, lambda *_: None))
        self._resource: str | None = None
        self._connected = asyncio.Event()

    async def __aenter__(self) -> Self:
        try:
            await self._connection.setLocalDescription(await self._connection.createOffer())
            answer = await self._post(self._connection.localDescription.sdp)
            await self._connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._connected.wait()
        except BaseException:
            await self._connection.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._resource is not None and not self.lost.is_set():
            async with aiohttp.ClientSession(headers=self._headers) as http, http.delete(self._resource):
                pass
        await self._connection.close()

    async def request_keyframe(self) -> None:
        """Report picture loss, as a decoder does."""
        for receiver in self._receivers:
            if receiver.kind == "video":
                await receiver.request_keyframe()

    async def _post(self, offer: str) -> str:
        headers = self._headers | {"Content-Type": SDP}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.post(self._url, data=offer.encode()) as reply,
        ):
            answer = await reply.text()
            if reply.status != 201:
                raise WatchingRefused(f"{reply.status}: {answer}")
            self._resource = urljoin(self._url, reply.headers["Location"])
            return answer

    def _state_changed(self) -> None:
        state = self._connection.connectionState
        if state == "connected":
            self._connected.set()
        elif state in ("failed", "closed"):
            self.lost.set()
