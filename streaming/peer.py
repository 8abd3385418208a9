"""One WebRTC connection: answers an offer, waits until connected, closes with a reason."""

import asyncio
import logging
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpCodecCapability,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.exceptions import InternalError, InvalidAccessError, InvalidStateError, OperationError

from streaming.media import Kind
from streaming.passthrough import EncodedReceiver, FeedTrack, OnFrame, OnReport, send_encoded

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 15.0
CODECS: dict[Kind, tuple[str, ...]] = {"video": ("video/H264", "video/rtx"), "audio": ("audio/opus",)}


class UnusableOffer(Exception):
    """The offer is not SDP that can be answered."""


class NoCommonCodec(Exception):
    """The offer has no H.264 or no Opus where one is needed."""


@dataclass(frozen=True)
class IceServer:
    """A STUN or TURN server, as a value (RFC 7064, RFC 7065)."""

    url: str
    username: str | None = None
    credential: str | None = None


def codec_preferences(kind: Kind) -> list[RTCRtpCodecCapability]:
    """H.264 for the picture, because HLS needs it and Chromium would offer VP8 first; Opus for the sound."""
    capabilities = RTCRtpSender.getCapabilities(kind).codecs
    return [codec for codec in capabilities if codec.mimeType in CODECS[kind]]


def new_connection(ice_servers: Sequence[IceServer]) -> RTCPeerConnection:
    """An unconnected aiortc peer that asks only these servers for addresses."""
    servers = [RTCIceServer(server.url, server.username, server.credential) for server in ice_servers]
    return RTCPeerConnection(RTCConfiguration(iceServers=servers))


class Peer:
    """The server's end of one connection. `on_closed` is called once, with why, however it ends."""

    def __init__(self, ice_servers: Sequence[IceServer], on_closed: Callable[[str], None]) -> None:
        self.closed: str | None = None
        self._connection = new_connection(ice_servers)
        self._connected = asyncio.Event()
        self._on_closed = on_closed
        self._receivers: list[EncodedReceiver] = []
        self._connection.on("connectionstatechange", self._state_changed)

    @property
    def heard_at(self) -> float | None:
        """When the latest RTP packet came, on the monotonic clock."""
        return max((r.heard_at for r in self._receivers if r.heard_at is not None), default=None)

    async def answer_publisher(self, offer: str, on_frame: OnFrame, on_report: OnReport) -> str:
        """Answer an offer to send; its encoded frames and sender reports go to the callables."""
        for kind in _kinds(offer):
            transceiver = self._connection.addTransceiver(kind, direction="recvonly")
            transceiver.setCodecPreferences(codec_preferences(kind))
            self._receivers.append(EncodedReceiver(transceiver.receiver, kind, on_frame, on_report))
        return await self._answer(offer)

    async def answer_viewer(self, offer: str, tracks: Sequence[FeedTrack], request_keyframe: Callable[[], None]) -> str:
        """Answer an offer to receive with those of the tracks that it asks for."""
        wanted = _kinds(offer)
        for track in tracks:
            if track.kind in wanted:
                transceiver = self._connection.addTransceiver(track, direction="sendonly")
                transceiver.setCodecPreferences(codec_preferences(track.kind))
                send_encoded(transceiver.sender, request_keyframe)
        return await self._answer(offer)

    async def _answer(self, offer: str) -> str:
        try:
            await self._connection.setRemoteDescription(RTCSessionDescription(sdp=offer, type="offer"))
            await self._connection.setLocalDescription(await self._connection.createAnswer())
        except OperationError as error:
            raise NoCommonCodec(str(error)) from error
        except (ValueError, InternalError, InvalidAccessError, InvalidStateError) as error:
            raise UnusableOffer(str(error)) from error
        except (AttributeError, KeyError, IndexError, TypeError, AssertionError) as error:
            # aiortc's SDP parser answers nonsense with whatever it stumbled over.
            raise UnusableOffer("the description is incomplete") from error
        return str(self._connection.localDescription.sdp)

    async def connected(self, seconds: float = CONNECT_SECONDS) -> bool:
        """Wait until media can flow; False when it did not come to that in time."""
        try:
            async with asyncio.timeout(seconds):
                await self._connected.wait()
        except TimeoutError:
            return False
        return self.closed is None

    async def request_keyframe(self) -> None:
        """Ask a publisher for a keyframe (RFC 4585, section 6.3.1)."""
        for receiver in self._receivers:
            if receiver.kind == "video":
                await receiver.request_keyframe()

    async def close(self, reason: str) -> None:
        """Close for good; the first reason given stays."""
        self._ended(reason)
        await self._connection.close()

    def silent_for(self, since: float) -> float:
        """Seconds without RTP, counted from `since` (monotonic) when none ever came."""
        return time.monotonic() - max(self.heard_at or 0.0, since)

    def _state_changed(self) -> None:
        state = self._connection.connectionState
        if state == "connected":
            self._connected.set()
        elif state in ("failed", "closed"):
            self._ended("the connection was lost" if state == "failed" else "the other side closed")

    def _ended(self, reason: str) -> None:
        if self.closed is None:
            self.closed = reason
            self._connected.set()
            self._on_closed(reason)


def _kinds(offer: str) -> list[Kind]:
    """The media an offer describes, in its order; more than one of a kind is refused."""
    kinds = cast("list[Kind]", re.findall(r"^m=(audio|video) ", offer, flags=re.MULTILINE))
    if not kinds:
        raise UnusableOffer("it describes no audio and no video")
    if len(set(kinds)) < len(kinds):
        raise UnusableOffer("it describes more than one track of a kind")
    return kinds
