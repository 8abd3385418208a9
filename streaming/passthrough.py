"""Encoded frames through aiortc without decoding or encoding, for one receiver or sender at a time.

aiortc hands every received frame to a decoder thread and every sent one to an encoder. The stand-ins here
take their places inside a single connection, so nothing else in the process changes. They lean on private names of
aiortc 1.16; `tests/streaming/test_passthrough.py` fails when those move.
"""

import logging
import queue
import time
from collections.abc import Callable
from typing import Any

from aiortc import MediaStreamTrack, RTCRtpReceiver, RTCRtpSender
from aiortc.codecs.h264 import H264Encoder
from aiortc.jitterbuffer import JitterBuffer
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcrtpreceiver import NackGenerator
from aiortc.rtp import AnyRtcpPacket, RtcpSrPacket, RtpPacket

from streaming.feed import Feed, FeedEnded
from streaming.media import Kind, MediaFrame
from streaming.timeline import Unwrapped

logger = logging.getLogger(__name__)

# The private state of RTCRtpReceiver and RTCRtpSender that is replaced.
DECODER_QUEUE = "_RTCRtpReceiver__decoder_queue"
TIMESTAMP_MAPPER = "_RTCRtpReceiver__timestamp_mapper"
RTX_SSRC = "_RTCRtpReceiver__rtx_ssrc"
ENCODER = "_RTCRtpSender__encoder"
NACK_GENERATOR = "_RTCRtpReceiver__nack_generator"
JITTER_BUFFER = "_RTCRtpReceiver__jitter_buffer"

# aiortc asks once for a lost packet; were the question or its answer lost too, the picture would stand until
# 512 packets had piled up behind the gap, three seconds and more. So ask again, then go on without.
ASK_AGAIN_SECONDS = 0.1
GIVE_UP_SECONDS = 0.6

OnFrame = Callable[[Kind, int, bytes], None]
OnReport = Callable[[Kind, float, int], None]


class _FrameQueue(queue.Queue[Any]):
    """Stands where aiortc queues frames for its decoder thread, which sleeps until told to stop."""

    def __init__(self, deliver: Callable[[int, bytes], None]) -> None:
        super().__init__()
        self._deliver = deliver

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        if item is None:
            super().put(None, block, timeout)
            return
        _codec, frame = item
        try:
            self._deliver(frame.timestamp, frame.data)
        except Exception:
            # Raised here it would end the connection's data pump, over one frame.
            logger.exception("a received frame could not be delivered")


class EncodedReceiver:
    """Taps one receiver: whole encoded frames and sender reports go to callables, on the event loop."""

    def __init__(self, receiver: RTCRtpReceiver, kind: Kind, on_frame: OnFrame, on_report: OnReport) -> None:
        self.kind = kind
        self.heard_at: float | None = None  # monotonic, of the latest RTP packet
        self._receiver = receiver
        self._ssrc: int | None = None
        self._asked_at = 0.0
        self._frame_at = 0.0
        self._clock = Unwrapped()
        self._on_frame = on_frame
        self._on_report = on_report
        self._handle_rtp = receiver._handle_rtp_packet
        self._handle_rtcp = receiver._handle_rtcp_packet
        replaced = {
            DECODER_QUEUE: _FrameQueue(self._frame),
            TIMESTAMP_MAPPER: self._clock,
            "_handle_rtp_packet": self._rtp,
            "_handle_rtcp_packet": self._rtcp,
        }
        for name, stand_in in replaced.items():
            _replace(receiver, name, stand_in)

    async def request_keyframe(self) -> None:
        """Send a picture loss indication (RFC 4585, section 6.3.1), once media has been heard."""
        if self._ssrc is not None:
            await self._receiver._send_rtcp_pli(self._ssrc)

    def _frame(self, timestamp: int, data: bytes) -> None:
        self._frame_at = time.monotonic()
        self._on_frame(self.kind, timestamp, data)

    async def _rtp(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        self.heard_at = now = time.monotonic()
        self._frame_at = self._frame_at or now
        if packet.ssrc not in getattr(self._receiver, RTX_SSRC):
            self._ssrc = packet.ssrc
        await self._handle_rtp(packet, arrival_time_ms)
        losses: NackGenerator | None = getattr(self._receiver, NACK_GENERATOR)
        if losses is not None and losses.missing and self._ssrc is not None:
            await self._repair(losses, self._ssrc, now)

    async def _repair(self, losses: NackGenerator, ssrc: int, now: float) -> None:
        """Ask for lost packets again, or leave the broken picture out and ask for a keyframe."""
        if now - self._frame_at > GIVE_UP_SECONDS:
            buffer: JitterBuffer = getattr(self._receiver, JITTER_BUFFER)
            buffer.smart_remove(1)
            losses.missing.clear()
            self._frame_at = now
            await self._receiver._send_rtcp_pli(ssrc)
        elif now - self._asked_at > ASK_AGAIN_SECONDS:
            self._asked_at = now
            await self._receiver._send_rtcp_nack(ssrc, sorted(losses.missing))

    async def _rtcp(self, packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpSrPacket) and packet.ssrc == self._ssrc:
            info = packet.sender_info
            self._on_report(self.kind, info.ntp_timestamp / (1 << 32), self._clock.near(info.rtp_timestamp))
        await self._handle_rtcp(packet)


class _Packetizer:
    """Stands where aiortc keeps a sender's encoder; cuts each frame into payloads once for all senders."""

    target_bitrate = 0  # receivers' bandwidth estimates are noted here and have no effect

    def pack(self, frame: MediaFrame) -> tuple[list[bytes], int]:
        if not frame.payloads:
            frame.payloads = H264Encoder._packetize(frame.nals) if frame.kind == "video" else [frame.data]
        return frame.payloads, frame.time


class FeedTrack(MediaStreamTrack):
    """What a feed delivers, as a track for a sender prepared by `send_encoded`."""

    def __init__(self, kind: Kind, feed: Feed) -> None:
        super().__init__()
        self.kind = kind
        self._feed = feed

    async def recv(self) -> MediaFrame:  # type: ignore[override]  # the packetizer takes our frames as they are
        """The next frame; gaps between publishers are waited through."""
        try:
            while (frame := await self._feed.next()) is None:
                pass
        except FeedEnded as ended:
            self.stop()
            raise MediaStreamError from ended
        return frame


def send_encoded(sender: RTCRtpSender, request_keyframe: Callable[[], None]) -> None:
    """Let this sender packetise `MediaFrame`s as they are and pass its receiver's wish for a keyframe on."""
    _replace(sender, ENCODER, _Packetizer())
    _replace(sender, "_send_keyframe", request_keyframe)


def _replace(owner: RTCRtpReceiver | RTCRtpSender, name: str, stand_in: object) -> None:
    if not hasattr(owner, name):
        raise RuntimeError(f"aiortc has no {name} any more: encoded frames cannot pass; use aiortc 1.16")
    setattr(owner, name, stand_in)
