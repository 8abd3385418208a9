from dataclasses import replace

from streaming.segmenter import Segmenter

STEP = 9_000  # ten pictures a second


def cut(shot, **options):
    out = []
    return Segmenter(out.append, **options), out


def moved(frame, *, seconds=0.0, run=0):
    return replace(frame, time=frame.time + round(seconds * (90_000 if frame.kind == "video" else 48_000)), run=run)


def test_segments_begin_at_keyframes_and_follow_without_a_gap(shot):
    segmenter, out = cut(shot)
    for frame in shot:
        segmenter.add(frame)
    segmenter.flush()
    assert [round(segment.duration, 2) for segment in out] == [2.0, 2.0, 1.0]
    assert all(segment.video[0].keyframe for segment in out)
    assert [segment.end for segment in out[:-1]] == [segment.start for segment in out[1:]]
    assert not any(segment.discontinuity for segment in out)


def test_a_segment_has_the_sound_of_its_own_time_even_if_it_came_late(shot):
    segmenter, out = cut(shot)
    late = [replace(frame) for frame in shot]
    late.sort(key=lambda frame: frame.seconds + (0.1 if frame.kind == "audio" else 0))
    for frame in late:
        segmenter.add(frame)
    segmenter.flush()
    for segment in out:
        assert all(segment.start / 9e4 <= sound.seconds < segment.end / 9e4 for sound in segment.audio)
    assert sum(len(segment.audio) for segment in out) == sum(frame.kind == "audio" for frame in shot)


def test_a_segment_does_not_wait_for_sound_that_never_comes(shot):
    segmenter, out = cut(shot)
    for frame in (frame for frame in shot if frame.kind == "video" and frame.seconds <= 2.4):
        segmenter.add(frame)
    assert len(out) == 1


def test_a_new_run_begins_after_a_discontinuity(shot):
    segmenter, out = cut(shot)
    for frame in shot:
        segmenter.add(frame)
    for frame in shot[:30]:
        segmenter.add(moved(frame, seconds=20, run=1))
    segmenter.flush()
    assert [segment.discontinuity for segment in out] == [False, False, False, True]


def test_what_continues_after_a_restart_begins_after_a_discontinuity(shot):
    segmenter, out = cut(shot, discontinuity=True)
    for frame in shot:
        segmenter.add(frame)
    segmenter.flush()
    assert [segment.discontinuity for segment in out] == [True, False, False]


def test_new_parameter_sets_begin_after_a_discontinuity(shot):
    segmenter, out = cut(shot)
    for frame in shot[:30]:
        segmenter.add(frame)
    other = replace(shot[0], nals=[shot[0].nals[0] + b"\x01", *shot[0].nals[1:]], time=6 * STEP)
    segmenter.add(other)
    segmenter.flush()
    assert [segment.discontinuity for segment in out] == [False, True]
    assert out[0].sps != out[1].sps


def test_a_keyframe_is_due_once_the_segment_is_long_enough_and_again_each_second(shot):
    segmenter, _ = cut(shot)
    segmenter.add(shot[0])
    due = []
    for index in range(1, 45):
        segmenter.add(replace(shot[0], keyframe=False, time=index * STEP))
        if segmenter.keyframe_due():
            due.append(index)
    assert due == [20, 30, 40]


def test_nothing_is_kept_before_the_first_keyframe_with_parameter_sets(shot):
    segmenter, out = cut(shot)
    for frame in shot[1:20]:
        segmenter.add(replace(frame, keyframe=False))
    segmenter.add(replace(shot[0], nals=shot[0].nals[-1:]))
    segmenter.flush()
    assert out == []


def test_sound_that_goes_on_without_a_picture_is_bounded(shot):
    segmenter, out = cut(shot)
    segmenter.add(shot[0])
    sound = next(frame for frame in shot if frame.kind == "audio")
    for index in range(50 * 30):
        segmenter.add(replace(sound, time=index * 960))
    assert len(out) == 1
    assert len(out[0].audio) <= 50 * 20 + 1
