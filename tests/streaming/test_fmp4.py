import io
from fractions import Fraction
from itertools import pairwise

import av
import pytest

from streaming.aac import AacTrack
from streaming.fmp4 import VIDEO_TRACK, Sample, TrackRun, VideoConfig, init_segment, media_segment
from streaming.h264 import parameter_sets, sample


@pytest.fixture
def film(shot):
    """The shot as one init segment and one media segment, the sound a second after the picture."""
    pictures = [frame for frame in shot if frame.kind == "video"]
    track = AacTrack(0)
    samples = [Sample(sample(frame.nals), 9_000, frame.keyframe) for frame in pictures]
    sound = track.encode([frame for frame in shot if frame.kind == "audio"], 5 * 48_000)
    init = init_segment(VideoConfig(*parameter_sets(pictures[0].nals)), track.config)
    return init + media_segment(7, [TrackRun(VIDEO_TRACK, 90_000, samples), sound]), pictures


def test_a_reader_finds_both_tracks_as_described(film):
    with av.open(io.BytesIO(film[0])) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, video.width, video.height) == ("h264", 320, 180)
        assert video.time_base == Fraction(1, 90_000)
        assert (audio.codec_context.name, audio.rate, audio.channels) == ("aac", 48_000, 1)


def test_every_picture_is_there_at_its_time_and_decodes(film):
    content, pictures = film
    with av.open(io.BytesIO(content)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        assert [packet.pts for packet in packets] == [90_000 + 9_000 * n for n in range(len(pictures))]
        assert [packet.is_keyframe for packet in packets] == [frame.keyframe for frame in pictures]
    with av.open(io.BytesIO(content)) as container:
        assert sum(1 for _ in container.decode(video=0)) == len(pictures)


def test_the_sound_decodes_without_a_gap(film):
    with av.open(io.BytesIO(film[0])) as container:
        stamps = [frame.pts for frame in container.decode(audio=0)]
    assert len(stamps) > 200
    assert {later - earlier for earlier, later in pairwise(stamps)} == {1024}


def test_codec_strings_follow_rfc_6381(shot):
    sps, pps = parameter_sets(shot[0].nals)
    assert VideoConfig(sps, pps).codec == f"avc1.{sps[1]:02x}{sps[2]:02x}{sps[3]:02x}"
    assert AacTrack(0).config.codec == "mp4a.40.2"


def test_a_track_without_samples_is_left_out():
    segment = media_segment(1, [TrackRun(1, 0, [Sample(b"abc", 10)]), TrackRun(2, 0, [])])
    assert segment.count(b"traf") == 1
