"""Cuts a channel's frames into segments that begin at keyframes. Pure: frames in, whole segments out."""

from collections.abc import Callable
from dataclasses import dataclass, field

from streaming.h264 import parameter_sets
from streaming.media import AUDIO_RATE, VIDEO_RATE, MediaFrame

SEGMENT_SECONDS = 2.0
SEGMENT_TICKS = round(SEGMENT_SECONDS * VIDEO_RATE)
ASK_AGAIN_TICKS = VIDEO_RATE
# A keyframe this much early still ends a segment: a camera's "every two seconds" is not exact.
EARLY_SECONDS = 0.2
# Sound is queued longer than the picture on its way in; a cut waits at most this long for it.
SOUND_WAIT_SECONDS = 0.3
# A picture that stops while the sound goes on ends its segment after this long.
LONGEST_SECONDS = 20.0
DEFAULT_FRAME_TICKS = VIDEO_RATE // 25


@dataclass
class RawSegment:
    """The frames of one segment. `end` is the video tick at which the next picture begins."""

    sps: bytes
    pps: bytes
    discontinuity: bool
    video: list[MediaFrame] = field(default_factory=list)
    audio: list[MediaFrame] = field(default_factory=list)
    end: int = 0

    @property
    def start(self) -> int:
        """The video tick of its first picture."""
        return self.video[0].time

    @property
    def began_at(self) -> float:
        """The wall clock at its first picture, by its last one: the mapping settles while frames come."""
        return self.video[-1].wall - (self.video[-1].time - self.start) / VIDEO_RATE

    @property
    def duration(self) -> float:
        """Its length in seconds."""
        return (self.end - self.start) / VIDEO_RATE


class Segmenter:
    """Holds the segment that grows and, for a moment, the one that only waits for its last sound.

    A new run of the publisher and new parameter sets begin a segment after a discontinuity; so does the first
    segment when `discontinuity` is given, for what continues after a restart or a cut.
    """

    def __init__(self, emit: Callable[[RawSegment], None], *, discontinuity: bool = False) -> None:
        self._emit = emit
        self._discontinuity = discontinuity
        self._asked_at = 0
        self._patience = SEGMENT_TICKS
        self._open: RawSegment | None = None
        self._waiting: RawSegment | None = None

    def add(self, frame: MediaFrame) -> None:
        """Take the next frame; a segment that is complete by it is emitted."""
        if self._open is not None and self._broken_by(frame, self._open.video[0]):
            self.flush()
        if frame.kind == "audio":
            self._add_audio(frame)
        elif frame.keyframe:
            self._add_keyframe(frame)
        elif self._open is not None:
            self._open.video.append(frame)
        if self._waiting is not None and frame.seconds > self._waiting.end / VIDEO_RATE + SOUND_WAIT_SECONDS:
            self._release()

    def flush(self) -> None:
        """Emit all there is; what comes after begins after a discontinuity."""
        self._release()
        if self._open is not None:
            segment, self._open = self._open, None
            segment.end = segment.video[-1].time + _last_frame_ticks(segment.video)
            self._emit(segment)
            self._discontinuity = True

    def keyframe_due(self) -> bool:
        """Whether the segment is long enough and a keyframe should be asked for: once, then once a second."""
        video = self._open.video if self._open is not None else []
        if not video or video[-1].time - self._asked_at < self._patience:
            return False
        self._asked_at, self._patience = video[-1].time, ASK_AGAIN_TICKS
        return True

    @staticmethod
    def _broken_by(frame: MediaFrame, first: MediaFrame) -> bool:
        return frame.run != first.run or frame.seconds - first.seconds > LONGEST_SECONDS

    def _add_audio(self, frame: MediaFrame) -> None:
        waiting = self._waiting
        if waiting is not None:
            if frame.time * VIDEO_RATE < waiting.end * AUDIO_RATE:
                waiting.audio.append(frame)
                return
            self._release()
        if self._open is not None:
            self._open.audio.append(frame)

    def _add_keyframe(self, frame: MediaFrame) -> None:
        sets = parameter_sets(frame.nals)
        if self._open is None:
            if sets is not None:
                self._begin(frame, sets, discontinuity=self._discontinuity)
            return
        if sets is not None and sets != (self._open.sps, self._open.pps):
            self.flush()
            self._begin(frame, sets, discontinuity=self._discontinuity)
        else:
            self._continue(frame, self._open)

    def _begin(self, frame: MediaFrame, sets: tuple[bytes, bytes], *, discontinuity: bool) -> None:
        self._open = RawSegment(*sets, discontinuity=discontinuity, video=[frame])
        self._asked_at, self._patience = frame.time, SEGMENT_TICKS

    def _continue(self, frame: MediaFrame, segment: RawSegment) -> None:
        if frame.time - segment.start < (SEGMENT_SECONDS - EARLY_SECONDS) * VIDEO_RATE:
            segment.video.append(frame)
            return
        self._release()
        segment.end = frame.time
        self._waiting = segment
        self._begin(frame, (segment.sps, segment.pps), discontinuity=False)
        later = [sound for sound in segment.audio if sound.time * VIDEO_RATE >= frame.time * AUDIO_RATE]
        if later and self._open is not None:
            self._open.audio = later
            segment.audio = segment.audio[: -len(later)]
            self._release()

    def _release(self) -> None:
        if self._waiting is not None:
            segment, self._waiting = self._waiting, None
            self._emit(segment)


def _last_frame_ticks(video: list[MediaFrame]) -> int:
    return video[-1].time - video[-2].time if len(video) > 1 else DEFAULT_FRAME_TICKS
