"""Opus in, AAC out, on one unbroken timeline: phones play no Opus in HLS, and players stall without sound."""

from fractions import Fraction

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from streaming.fmp4 import AUDIO_TRACK, AudioConfig, Sample, TrackRun
from streaming.media import AUDIO_RATE, MediaFrame

AAC_SAMPLES = 1024  # in every AAC-LC frame
BIT_RATE = 64_000
LAYOUT = "mono"  # a phone has one microphone
FORMAT = "fltp"
TIME_BASE = Fraction(1, AUDIO_RATE)
# Timestamps that stray less than this are jitter; more is a gap, filled with silence, or an overlap, left out.
TOLERANCE_SAMPLES = AUDIO_RATE * 30 // 1000
# Without sound for this long at a segment's end there is none to wait for: silence goes up to the end.
ABSENT_SAMPLES = AUDIO_RATE


class AacTrack:
    """The sound of one unbroken run of segments; used by one thread at a time."""

    def __init__(self, start: int) -> None:
        self._origin = start
        self._written = 0  # samples handed on so far, silence included
        self._encoded = 0  # samples given to the encoder
        self._decoder = av.CodecContext.create("libopus", "r")
        self._decoder.sample_rate = AUDIO_RATE
        self._decoder.layout = "stereo"
        self._decoder.format = "s16"
        self._resampler = AudioResampler(format=FORMAT, layout=LAYOUT, rate=AUDIO_RATE)
        self._fifo = AudioFifo()
        self._encoder = _encoder()

    @property
    def config(self) -> AudioConfig:
        """What the init segment says of this sound."""
        return AudioConfig(self._encoder.extradata or b"", channels=1, bit_rate=BIT_RATE)

    def encode(self, packets: list[MediaFrame], end: int) -> TrackRun:
        """The AAC frames that these Opus packets complete; `end` is the tick at which the segment ends."""
        for packet in packets:
            self._add(packet)
        position = self._origin + self._written
        if end - position > ABSENT_SAMPLES or (not packets and end > position):
            self._silence(end - position)
        return self._drain()

    def _add(self, packet: MediaFrame) -> None:
        gap = packet.time - self._origin - self._written
        if gap < -TOLERANCE_SAMPLES:
            return
        if gap > TOLERANCE_SAMPLES:
            self._silence(gap)
        try:
            decoded = self._decoder.decode(av.Packet(packet.data))
        except av.FFmpegError:
            return  # a broken packet is a gap like any other
        for frame in decoded:
            frame.pts = None
            for resampled in self._resampler.resample(frame):
                self._write(resampled)

    def _silence(self, samples: int) -> None:
        while samples > 0:
            frame = AudioFrame(format=FORMAT, layout=LAYOUT, samples=min(samples, AUDIO_RATE))
            frame.sample_rate = AUDIO_RATE
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            samples -= frame.samples
            self._write(frame)

    def _write(self, frame: AudioFrame) -> None:
        frame.pts = None
        frame.time_base = TIME_BASE
        self._written += frame.samples
        self._fifo.write(frame)

    def _drain(self) -> TrackRun:
        start = self._origin
        samples: list[Sample] = []
        while (frame := self._fifo.read(AAC_SAMPLES)) is not None:
            frame.pts = self._encoded
            frame.time_base = TIME_BASE
            self._encoded += AAC_SAMPLES
            for packet in self._encoder.encode(frame):
                # The encoder's first frame, before zero, only warms the decoder up; it is left out.
                if packet.pts is not None and packet.pts >= 0:
                    start = start if samples else self._origin + packet.pts
                    samples.append(Sample(bytes(packet), AAC_SAMPLES))
        return TrackRun(AUDIO_TRACK, start, samples)


def _encoder() -> AudioCodecContext:
    encoder = av.CodecContext.create("aac", "w")
    encoder.sample_rate = AUDIO_RATE
    encoder.layout = LAYOUT
    encoder.format = FORMAT
    encoder.bit_rate = BIT_RATE
    encoder.time_base = TIME_BASE
    encoder.options = {"aac_coder": "fast"}
    encoder.open()
    return encoder
