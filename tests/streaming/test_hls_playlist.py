from datetime import UTC, datetime, timedelta, timezone

import pytest

from streaming.hls_playlist import Rendition, Segment, media_playlist, multivariant_playlist, target_duration

BEGAN = datetime(2026, 1, 2, 3, 4, 5, 600_000, UTC)


def segments(count, *, breaks=(), duration=2.0):
    return [
        Segment(f"{n}.m4s", "init-0.mp4", duration, BEGAN + timedelta(seconds=duration * n), discontinuity=n in breaks)
        for n in range(count)
    ]


def test_a_live_playlist_reads_like_this():
    listed = [
        Segment("1.m4s", "init-0.mp4", 2.0, BEGAN),
        Segment("3.m4s", "init-2.mp4", 1.96, BEGAN + timedelta(seconds=9), discontinuity=True),
    ]
    assert media_playlist(listed, window_seconds=60) == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-TARGETDURATION:2\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n"
        "#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
        '#EXT-X-MAP:URI="init-0.mp4"\n'
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:05.600Z\n"
        "#EXTINF:2.00000,\n"
        "1.m4s\n"
        "#EXT-X-DISCONTINUITY\n"
        '#EXT-X-MAP:URI="init-2.mp4"\n'
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:14.600Z\n"
        "#EXTINF:1.96000,\n"
        "3.m4s\n"
    )


def test_without_a_window_it_is_an_event():
    text = media_playlist(segments(3))
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in text
    assert "#EXT-X-ENDLIST" not in text


def test_the_end_is_listed():
    assert media_playlist(segments(1), ended=True).endswith("0.m4s\n#EXT-X-ENDLIST\n")


@pytest.mark.parametrize(
    ("count", "breaks", "first", "gone"),
    [
        (3, (), 0, 0),
        (10, (), 5, 0),  # ten seconds are five segments
        (10, (2,), 5, 1),  # a discontinuity that slid out counts
        (10, (5,), 5, 0),  # at the head its tag is still there: it does not count yet
        (10, (2, 5), 5, 1),
        (11, (2, 5), 6, 2),
    ],
)
def test_both_sequences_count_what_slid_out_of_the_window(count, breaks, first, gone):
    lines = media_playlist(segments(count, breaks=breaks), window_seconds=10).splitlines()
    assert f"#EXT-X-MEDIA-SEQUENCE:{first}" in lines
    assert f"#EXT-X-DISCONTINUITY-SEQUENCE:{gone}" in lines
    assert [line for line in lines if line.endswith(".m4s")] == [f"{n}.m4s" for n in range(first, count)]


def test_sequences_never_go_back_while_the_broadcast_goes_on():
    whole = segments(60, breaks=(3, 4, 20, 41))
    seen = [(0, 0)]
    for count in range(1, 61):
        lines = media_playlist(whole[:count], window_seconds=9).splitlines()
        now = tuple(int(line.rsplit(":", 1)[1]) for line in lines if "-SEQUENCE:" in line)
        assert now >= seen[-1]
        assert now[1] >= seen[-1][1]
        seen.append(now)


def test_no_duration_rounds_to_more_than_the_target():
    assert target_duration([]) == 2
    assert target_duration(segments(1, duration=2.49)) == 2
    assert target_duration(segments(1, duration=2.5)) == 3


def test_moments_are_written_in_utc():
    shanghai = BEGAN.astimezone(timezone(timedelta(hours=8)))
    assert "2026-01-02T03:04:05.600Z" in media_playlist([Segment("1.m4s", "init-0.mp4", 2, shanghai)])


def test_the_multivariant_playlist_names_codecs_and_size():
    text = multivariant_playlist(Rendition("index.m3u8", "avc1.42c01f,mp4a.40.2", 1_500_000, 1280, 720))
    assert '#EXT-X-STREAM-INF:BANDWIDTH=1500000,CODECS="avc1.42c01f,mp4a.40.2",RESOLUTION=1280x720\n' in text
    assert text.endswith("\nindex.m3u8\n")
