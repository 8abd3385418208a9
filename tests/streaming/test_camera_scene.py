from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

import av
import pytest
from PIL import ImageChops

from streaming.camera import Picture
from streaming.camera_scene import Scene, font, scene_frames

SMALL = Picture(width=320, height=180, rate=10, bit_rate=200_000)
NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def test_the_clock_ticks_and_the_picture_moves():
    scene = Scene(SMALL)
    still = scene.at(1.0, NOON)
    assert still.size == (320, 180)
    ticked = ImageChops.difference(still, scene.at(1.0, NOON.replace(second=7))).getbbox()
    assert ticked[0] > 320 - 24 - 131  # only the clock, at the right
    assert ticked[3] < 60
    moved = ImageChops.difference(still, scene.at(9.0, NOON)).getbbox()
    assert moved[2] - moved[0] > 300


def test_the_caption_is_drawn_in_some_font():
    assert font(20).getbbox("澄明市")[2] > 20


def test_a_keyframe_comes_every_two_seconds_and_when_asked_for():
    wishes = iter([False] * 25 + [True] + [False] * 100)
    pictures = (frame for frame in scene_frames(SMALL, lambda: next(wishes)) if frame.kind == "video")
    assert [index for index, frame in enumerate(islice(pictures, 60)) if frame.keyframe] == [0, 20, 25, 45]


def test_sound_keeps_pace_with_the_picture(shot):
    sounds = [frame for frame in shot if frame.kind == "audio"]
    assert [frame.time for frame in sounds] == [960 * n for n in range(len(sounds))]
    assert sounds[-1].seconds == pytest.approx(4.9, abs=0.1)


def test_what_the_camera_sends_can_be_decoded(shot):
    decoder = av.CodecContext.create("h264", "r")
    pictures = [frame for frame in shot if frame.kind == "video"]
    decoded = [picture for frame in pictures for picture in decoder.decode(av.Packet(frame.data))]
    assert len(decoded) >= len(pictures) - 1
