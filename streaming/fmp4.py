"""Writes fragmented MP4 (ISO/IEC 14496-12 and -15): an init segment and media segments. Pure: bytes out.

Written here and not through a muxer library so that every timestamp, and every byte of a segment that may have to
continue after a crash, is decided by the packager alone.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from streaming.h264 import picture_size
from streaming.media import AUDIO_RATE, VIDEO_RATE

VIDEO_TRACK = 1
AUDIO_TRACK = 2
KEYFRAME_FLAGS = 0x02000000  # depends on no other sample (14496-12, 8.8.3.1)
DELTA_FLAGS = 0x01010000  # depends on others, is no sync sample
MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


@dataclass(frozen=True)
class VideoConfig:
    """What a decoder needs to know of the picture."""

    sps: bytes
    pps: bytes

    @property
    def codec(self) -> str:
        """The codec string of RFC 6381, section 3.3."""
        return f"avc1.{self.sps[1:4].hex()}"


@dataclass(frozen=True)
class AudioConfig:
    """What a decoder needs to know of the sound: AAC-LC's AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1)."""

    specific: bytes
    channels: int
    bit_rate: int

    codec = "mp4a.40.2"


@dataclass(frozen=True)
class Sample:
    """One sample: bytes, ticks it lasts, whether decoding may begin here."""

    data: bytes
    duration: int
    keyframe: bool = True


@dataclass(frozen=True)
class TrackRun:
    """Consecutive samples of one track, the first decoded at `start` ticks."""

    track: int
    start: int
    samples: Sequence[Sample]


def init_segment(video: VideoConfig, audio: AudioConfig) -> bytes:
    """The initialization section for both tracks (RFC 8216, section 3.3)."""
    movie_header = _full(b"mvhd", 0, 0, struct.pack(">4I", 0, 0, 1000, 0), b"\x00\x01\x00\x00\x01\x00")
    movie_header = _sized(movie_header + bytes(10) + MATRIX + bytes(24) + struct.pack(">I", 3))
    extends = b"".join(
        _full(b"trex", 0, 0, struct.pack(">5I", track, 1, 0, 0, 0)) for track in (VIDEO_TRACK, AUDIO_TRACK)
    )
    moov = _box(b"moov", movie_header, _video_trak(video), _audio_trak(audio), _box(b"mvex", extends))
    return _box(b"ftyp", b"iso6", struct.pack(">I", 512), b"iso6", b"mp41", b"avc1") + moov


def media_segment(sequence: int, runs: Sequence[TrackRun]) -> bytes:
    """One movie fragment and its data (RFC 8216, section 3.3); runs without samples are left out."""
    runs = [run for run in runs if run.samples]
    header = _full(b"mfhd", 0, 0, struct.pack(">I", sequence & 0xFFFFFFFF))
    # The offsets inside depend on the size of the moof, which does not depend on them.
    size = len(_box(b"moof", header, *(_traf(run, 0) for run in runs)))
    fragments, offset = [], size + 8
    for run in runs:
        fragments.append(_traf(run, offset))
        offset += sum(len(sample.data) for sample in run.samples)
    payload = b"".join(sample.data for run in runs for sample in run.samples)
    return (
        _box(b"styp", b"msdh", bytes(4), b"msdh", b"iso6") + _box(b"moof", header, *fragments) + _box(b"mdat", payload)
    )


def _traf(run: TrackRun, offset: int) -> bytes:
    head = _full(b"tfhd", 0, 0x020000, struct.pack(">I", run.track))
    time = _full(b"tfdt", 1, 0, struct.pack(">Q", run.start))
    entries = b"".join(
        struct.pack(">3I", sample.duration, len(sample.data), KEYFRAME_FLAGS if sample.keyframe else DELTA_FLAGS)
        for sample in run.samples
    )
    table = _full(b"trun", 0, 0x000701, struct.pack(">Ii", len(run.samples), offset), entries)
    return _box(b"traf", head, time, table)


def _video_trak(config: VideoConfig) -> bytes:
    width, height = picture_size(config.sps)
    avcc = _box(
        b"avcC",
        bytes([1]) + config.sps[1:4] + b"\xff\xe1",
        struct.pack(">H", len(config.sps)) + config.sps,
        bytes([1]) + struct.pack(">H", len(config.pps)) + config.pps,
    )
    entry = _box(
        b"avc1",
        bytes(6) + struct.pack(">H", 1) + bytes(16) + struct.pack(">HH", width, height),
        struct.pack(">IIIH", 0x480000, 0x480000, 0, 1) + bytes(32) + b"\x00\x18\xff\xff",
        avcc,
    )
    media_header = _full(b"vmhd", 0, 1, bytes(8))
    size = struct.pack(">II", width << 16, height << 16)
    return _trak(VIDEO_TRACK, VIDEO_RATE, b"vide", media_header, entry, bytes(2), size)


def _audio_trak(config: AudioConfig) -> bytes:
    specific = b"\x05" + bytes([len(config.specific)]) + config.specific
    rates = struct.pack(">II", config.bit_rate, config.bit_rate)
    decoder = b"\x40\x15" + bytes(3) + rates + specific
    decoder = b"\x04" + bytes([len(decoder)]) + decoder
    descriptor = struct.pack(">HB", AUDIO_TRACK, 0) + decoder + b"\x06\x01\x02"
    esds = _full(b"esds", 0, 0, b"\x03" + bytes([len(descriptor)]) + descriptor)
    entry = _box(
        b"mp4a",
        bytes(6) + struct.pack(">H", 1) + bytes(8),
        struct.pack(">HHIHH", config.channels, 16, 0, AUDIO_RATE, 0),
        esds,
    )
    return _trak(AUDIO_TRACK, AUDIO_RATE, b"soun", _full(b"smhd", 0, 0, bytes(4)), entry, b"\x01\x00", bytes(8))


def _trak(
    track: int, rate: int, handler: bytes, media_header: bytes, entry: bytes, volume: bytes, size: bytes
) -> bytes:
    track_header = _full(
        b"tkhd", 0, 3, struct.pack(">5I", 0, 0, track, 0, 0), bytes(12), volume, bytes(2), MATRIX, size
    )
    data_info = _box(b"dinf", _full(b"dref", 0, 0, struct.pack(">I", 1), _full(b"url ", 0, 1)))
    empty_tables = b"".join(_full(name, 0, 0, bytes(4)) for name in (b"stts", b"stsc", b"stco"))
    sample_table = _box(
        b"stbl",
        _full(b"stsd", 0, 0, struct.pack(">I", 1), entry),
        empty_tables,
        _full(b"stsz", 0, 0, bytes(8)),
    )
    media = _box(
        b"mdia",
        _full(b"mdhd", 0, 0, struct.pack(">4IHH", 0, 0, rate, 0, 0x55C4, 0)),  # language "und"
        _full(b"hdlr", 0, 0, bytes(4), handler, bytes(12), b"\x00"),
        _box(b"minf", media_header, data_info, sample_table),
    )
    return _box(b"trak", track_header, media)


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + kind + body


def _full(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags), *parts)


def _sized(box: bytes) -> bytes:
    """The same box with its size corrected after bytes were appended."""
    return struct.pack(">I", len(box)) + box[4:]
