"""Renders HLS playlists (RFC 8216). Pure: what is listed goes in, text comes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

VERSION = 7
SHORTEST_TARGET_SECONDS = 2


@dataclass(frozen=True)
class Segment:
    """One media segment; `began_at` is the wall clock at its first picture."""

    uri: str
    init_uri: str
    duration: float  # seconds
    began_at: datetime
    discontinuity: bool = False


@dataclass(frozen=True)
class Rendition:
    """The one quality that is offered, for a multivariant playlist."""

    uri: str
    codecs: str
    bandwidth: int  # bits per second, peak
    width: int
    height: int


def media_playlist(segments: Sequence[Segment], *, window_seconds: float | None = None, ended: bool = False) -> str:
    """The media playlist of a broadcast, given all it ever listed, in order (section 4.3).

    With a window only the latest seconds are listed and both sequence numbers move on; without one nothing is
    ever removed and the playlist is of type EVENT.
    """
    first = _first_listed(segments, window_seconds)
    gone = sum(segment.discontinuity for segment in segments[:first])
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{VERSION}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        f"#EXT-X-TARGETDURATION:{target_duration(segments)}",
        f"#EXT-X-MEDIA-SEQUENCE:{first}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{gone}",
    ]
    if window_seconds is None:
        lines.append("#EXT-X-PLAYLIST-TYPE:EVENT")
    init_uri = ""
    for segment in segments[first:]:
        lines += _entry(segment, new_init=segment.init_uri != init_uri)
        init_uri = segment.init_uri
    if ended:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def multivariant_playlist(rendition: Rendition) -> str:
    """The multivariant playlist with its one rendition (section 4.3.4.2)."""
    stream = (
        f'BANDWIDTH={rendition.bandwidth},CODECS="{rendition.codecs}",RESOLUTION={rendition.width}x{rendition.height}'
    )
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{VERSION}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        f"#EXT-X-STREAM-INF:{stream}",
        rendition.uri,
    ]
    return "\n".join(lines) + "\n"


def target_duration(segments: Sequence[Segment]) -> int:
    """No listed duration, rounded, is greater (section 4.3.3.1); late keyframes can make it grow."""
    longest = max((segment.duration for segment in segments), default=0.0)
    return max(SHORTEST_TARGET_SECONDS, int(longest + 0.5))


def _first_listed(segments: Sequence[Segment], window_seconds: float | None) -> int:
    if window_seconds is None:
        return 0
    first, listed = len(segments), 0.0
    while first > 0 and listed < window_seconds:
        first -= 1
        listed += segments[first].duration
    return first


def _entry(segment: Segment, *, new_init: bool) -> list[str]:
    lines = ["#EXT-X-DISCONTINUITY"] if segment.discontinuity else []
    if new_init:
        lines.append(f'#EXT-X-MAP:URI="{segment.init_uri}"')
    moment = segment.began_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return [*lines, f"#EXT-X-PROGRAM-DATE-TIME:{moment}", f"#EXTINF:{segment.duration:.5f},", segment.uri]
