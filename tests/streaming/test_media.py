from streaming.media import MediaFrame


def test_a_frame_lies_at_the_same_second_whatever_its_rate():
    picture = MediaFrame("video", b"", [], 180_000, 0.0, 1, keyframe=False)
    sound = MediaFrame("audio", b"", [], 96_000, 0.0, 1, keyframe=False)
    assert picture.seconds == sound.seconds == 2.0
