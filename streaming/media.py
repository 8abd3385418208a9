"""The one thing that flows through a channel: an encoded frame on the channel's own clock. Pure."""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["video", "audio"]
VIDEO_RATE = 90_000  # RFC 6184, section 8.2.1
AUDIO_RATE = 48_000  # RFC 7587, section 4.1
RATES: dict[Kind, int] = {"video": VIDEO_RATE, "audio": AUDIO_RATE}


@dataclass(slots=True, eq=False)
class MediaFrame:
    """One H.264 access unit or one Opus packet; shared by every reader, so nobody changes it.

    `time` counts ticks of `RATES[kind]` since the channel opened and never goes back; `run` numbers the
    publisher's connection it came by; `wall` is the server's clock, in seconds since 1970, at its capture.
    """

    kind: Kind
    data: bytes
    nals: list[bytes]
    time: int
    wall: float
    run: int
    keyframe: bool
    # Filled by the first sender that needs them, so that packets are cut once and not once per viewer.
    payloads: list[bytes] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Where on the channel's clock this frame lies."""
        return self.time / RATES[self.kind]
