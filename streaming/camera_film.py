"""A media file as a camera's frames, in a loop: H.264 without B-frames and Opus pass as they are, else encoded."""

from collections.abc import Iterator
from fractions import Fraction
from heapq import merge
from pathlib import Path
from typing import Any, TypeAlias

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.resampler import AudioResampler
from av.bitstream import BitStreamFilterContext
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext

from streaming.h264 import is_keyframe, split_nals
from streaming.media import AUDIO_RATE, RATES, VIDEO_RATE, Kind, MediaFrame

OPUS_SAMPLES = 960  # 20 ms
AnyPacket: TypeAlias = "Packet[Any]"


def media_frame(kind: Kind, data: bytes, time: int) -> MediaFrame:
    """A frame for sending; what only a channel knows stays zero."""
    nals = split_nals(data) if kind == "video" else []
    return MediaFrame(kind, data, nals, time, 0.0, 0, is_keyframe(nals))


def video_encoder(width: int, height: int, rate: int, bit_rate: int) -> VideoCodecContext:
    """Cheap constrained baseline H.264 with a keyframe every two seconds, as a phone would send it."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base = Fraction(1, VIDEO_RATE)
    encoder.framerate = Fraction(rate, 1)
    encoder.bit_rate = bit_rate
    encoder.gop_size = 2 * rate
    encoder.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "profile": "baseline",
        "forced-idr": "1",
        "x264-params": f"scenecut=0:threads=1:vbv-maxrate={bit_rate // 1000}:vbv-bufsize={bit_rate // 1000}",
    }
    return encoder


def opus_encoder(bit_rate: int = 48_000) -> AudioCodecContext:
    """Stereo Opus in packets of 20 ms."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = AUDIO_RATE, "stereo", "s16"
    encoder.time_base = Fraction(1, AUDIO_RATE)
    encoder.bit_rate = bit_rate
    return encoder


def film_frames(film: Path) -> Iterator[MediaFrame]:
    """The frames of a file, again and again, timed from zero."""
    shift = 0.0
    while True:
        end = shift
        for kind, packet in merge(*_tracks(film), key=lambda item: _seconds(item[1])):
            at = shift + _seconds(packet)
            end = max(end, at)
            yield media_frame(kind, bytes(packet), round(at * RATES[kind]))
        shift = end + 0.04


def _seconds(packet: AnyPacket) -> float:
    return float((packet.pts or 0) * packet.time_base)


def _tracks(film: Path) -> list[Iterator[tuple[Kind, AnyPacket]]]:
    with av.open(str(film)) as container:
        video = [stream.codec_context for stream in container.streams.video[:1]]
        has_audio = bool(container.streams.audio)
        sound_passes = has_audio and container.streams.audio[0].codec_context.name in ("opus", "libopus")
        picture_passes = bool(video) and video[0].name == "h264" and not video[0].has_b_frames
    tracks: list[Iterator[tuple[Kind, AnyPacket]]] = []
    if video:
        pictures = _copied_video(film) if picture_passes else _encoded_video(film)
        tracks.append(("video", packet) for packet in pictures)
    if has_audio:
        sound = _copied_audio(film) if sound_passes else _encoded_audio(film)
        tracks.append(("audio", packet) for packet in sound)
    return tracks


def _copied_video(film: Path) -> Iterator[AnyPacket]:
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        annexb = BitStreamFilterContext("h264_mp4toannexb", stream)
        for packet in container.demux(stream):
            if packet.pts is not None:
                yield from annexb.filter(packet)


def _copied_audio(film: Path) -> Iterator[AnyPacket]:
    with av.open(str(film)) as container:
        for packet in container.demux(container.streams.audio[0]):
            if packet.pts is not None:
                yield packet


def _encoded_video(film: Path) -> Iterator[AnyPacket]:
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        rate = round(stream.average_rate or 25)
        width, height = (side // 2 * 2 for side in (stream.codec_context.width, stream.codec_context.height))
        encoder = video_encoder(width, height, rate, 1_500_000)
        for frame in container.decode(stream):
            picture = frame.reformat(width, height, "yuv420p")
            picture.pts = round(picture.time * VIDEO_RATE)
            picture.time_base = encoder.time_base
            picture.pict_type = 0
            yield from encoder.encode(picture)


def _encoded_audio(film: Path) -> Iterator[AnyPacket]:
    with av.open(str(film)) as container:
        encoder = opus_encoder()
        resampler = AudioResampler("s16", "stereo", AUDIO_RATE, OPUS_SAMPLES)
        count = 0
        for frame in container.decode(container.streams.audio[0]):
            for piece in resampler.resample(frame):
                if piece.samples == OPUS_SAMPLES:
                    piece.pts, piece.time_base = count * OPUS_SAMPLES, encoder.time_base
                    count += 1
                    yield from encoder.encode(piece)
