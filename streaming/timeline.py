"""Lays the frames of one publisher after another onto the single clock of a channel. Pure."""

from dataclasses import dataclass, field

from streaming.media import RATES, Kind

WRAP = 1 << 32
# A correction smaller than this is not heard; one larger is a broken clock, not a late packet.
SMALLEST_CORRECTION_SECONDS = 0.015
LARGEST_CORRECTION_SECONDS = 3.0


class Unwrapped:
    """RTP timestamps without their 32-bit wrap (RFC 3550, section 5.1); small steps back are kept as such."""

    def __init__(self) -> None:
        self._last: int | None = None

    def map(self, timestamp: int) -> int:
        """The timestamp as an ever-growing count, starting at the first value seen."""
        if self._last is None:
            self._last = timestamp
        else:
            self._last = self.near(timestamp)
        return self._last

    def near(self, timestamp: int) -> int:
        """The unwrapped value of `timestamp` nearest to the latest one, which stays as it is."""
        last = timestamp if self._last is None else self._last
        step = (timestamp - last) % WRAP
        return last + (step - WRAP if step >= WRAP // 2 else step)


@dataclass
class _Track:
    offset: int | None = None
    last: int = -1
    # The publisher's clock, in seconds, at timestamp zero: from its sender reports (RFC 3550, section 6.4.1).
    ntp_zero: float | None = None


@dataclass
class Timeline:
    """A channel's clock; `start` begins another publisher's run without going back.

    A track's first frame is laid where it arrives. Once both tracks have a sender report, sound is moved to
    where it belongs beside the picture, whatever the network did to either.
    """

    tracks: dict[Kind, _Track] = field(default_factory=lambda: {"video": _Track(), "audio": _Track()})

    def start(self) -> None:
        """Forget the last publisher's offsets; the clock goes on."""
        for track in self.tracks.values():
            track.offset = None
            track.ntp_zero = None

    def place(self, kind: Kind, timestamp: int, now: float) -> int:
        """Where a frame with this unwrapped RTP timestamp, arriving at `now` seconds, lies on the clock."""
        track = self.tracks[kind]
        if track.offset is None:
            track.offset = round(now * RATES[kind]) - timestamp
            self._align()
        track.last = max(timestamp + track.offset, track.last + 1)
        return track.last

    def report(self, kind: Kind, ntp_seconds: float, timestamp: int) -> None:
        """A sender report: the publisher's clock said `ntp_seconds` at this unwrapped RTP timestamp."""
        self.tracks[kind].ntp_zero = ntp_seconds - timestamp / RATES[kind]
        self._align()

    def _align(self) -> None:
        video, audio = self.tracks["video"], self.tracks["audio"]
        if video.offset is None or audio.offset is None or video.ntp_zero is None or audio.ntp_zero is None:
            return
        picture_zero = video.offset / RATES["video"] - video.ntp_zero
        offset = (picture_zero + audio.ntp_zero) * RATES["audio"]
        error = abs(offset - audio.offset) / RATES["audio"]
        if SMALLEST_CORRECTION_SECONDS < error < LARGEST_CORRECTION_SECONDS:
            audio.offset = round(offset)
