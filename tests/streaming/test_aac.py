import math
from dataclasses import replace
from itertools import pairwise

import av

from streaming.aac import AAC_SAMPLES, AacTrack

SECOND = 48_000


def sounds(shot):
    return [frame for frame in shot if frame.kind == "audio"]


def loudness(track, runs):
    """Root mean square of each AAC frame, decoded again; the first of each run is warm-up."""
    decoder = av.CodecContext.create("aac", "r")
    decoder.extradata = track.config.specific
    out = []
    for run in runs:
        for part in run.samples:
            for frame in decoder.decode(av.Packet(part.data)):
                values = memoryview(bytes(frame.planes[0])[: frame.samples * 4]).cast("f")
                out.append(math.sqrt(sum(value * value for value in values) / len(values)))
    return out


def test_runs_follow_one_another_to_the_sample(shot):
    track, packets = AacTrack(0), sounds(shot)
    runs = [
        track.encode([packet for packet in packets if begin <= packet.seconds < begin + 1], (begin + 1) * SECOND)
        for begin in range(4)
    ]
    for earlier, later in pairwise(runs):
        assert later.start == earlier.start + len(earlier.samples) * AAC_SAMPLES


def test_the_sound_keeps_up_with_the_segments(shot):
    track = AacTrack(0)
    run = track.encode(sounds(shot), 5 * SECOND)
    assert run.start == 0
    heard = sounds(shot)[-1].time - len(run.samples) * AAC_SAMPLES
    assert heard < 3 * AAC_SAMPLES


def test_missing_sound_becomes_silence_up_to_the_end():
    track = AacTrack(0)
    runs = [track.encode([], 2 * SECOND), track.encode([], 4 * SECOND)]
    assert sum(len(run.samples) for run in runs) * AAC_SAMPLES > 3.9 * SECOND
    assert max(loudness(track, runs)) < 1e-4


def test_a_gap_is_silent_and_the_sound_after_it_is_in_its_place(shot):
    track = AacTrack(0)
    kept = [packet for packet in sounds(shot) if not 1 <= packet.seconds < 2]
    levels = loudness(track, [track.encode(kept, 5 * SECOND)])
    assert min(levels[10:40]) > 1e-3
    assert max(levels[52:88]) < 1e-3
    assert min(levels[100:150]) > 1e-3


def test_sound_from_before_its_place_is_left_out(shot):
    track = AacTrack(2 * SECOND)
    run = track.encode([packet for packet in sounds(shot) if packet.seconds < 4], 4 * SECOND)
    assert run.start == 2 * SECOND
    assert len(run.samples) * AAC_SAMPLES < 2.1 * SECOND


def test_a_broken_packet_is_a_gap_like_any_other(shot):
    track = AacTrack(0)
    packets = [
        replace(packet, data=b"\xff" * 3) if index == 20 else packet for index, packet in enumerate(sounds(shot))
    ]
    run = track.encode(packets, 5 * SECOND)
    assert len(run.samples) * AAC_SAMPLES > 4.8 * SECOND
