import pytest

from streaming.timeline import Timeline, Unwrapped


@pytest.mark.parametrize(
    ("stamps", "unwrapped"),
    [
        ([5, 10], [5, 10]),
        ([(1 << 32) - 10, 20], [(1 << 32) - 10, (1 << 32) + 20]),  # forward over the wrap
        ([100, 90, 110], [100, 90, 110]),  # a small step back is no wrap
    ],
)
def test_timestamps_are_unwrapped(stamps, unwrapped):
    clock = Unwrapped()
    assert [clock.map(stamp) for stamp in stamps] == unwrapped


def test_the_nearest_unwrapped_value_leaves_the_clock_alone():
    clock = Unwrapped()
    clock.map((1 << 32) - 10)
    assert clock.near(5) == (1 << 32) + 5
    assert clock.map((1 << 32) - 5) == (1 << 32) - 5


def test_a_track_begins_where_it_arrives_and_keeps_its_own_pace():
    timeline = Timeline()
    assert timeline.place("video", 777_000, 2.0) == 180_000
    assert timeline.place("video", 780_000, 9.9) == 183_000  # late arrival, same media time


def test_another_publisher_goes_on_where_the_clock_is():
    timeline = Timeline()
    timeline.place("video", 0, 1.0)
    timeline.start()
    assert timeline.place("video", 5_000_000, 3.0) == 270_000


def test_the_clock_never_goes_back():
    timeline = Timeline()
    timeline.place("video", 0, 1.0)
    ahead = timeline.place("video", 900_000, 1.1)  # a publisher with a fast clock
    timeline.start()
    assert timeline.place("video", 0, 1.2) > ahead


def test_sender_reports_put_sound_beside_its_picture():
    timeline = Timeline()
    timeline.place("video", 0, 10.0)
    timeline.place("audio", 0, 10.3)  # sound came through a longer queue
    timeline.report("video", 5_000.0, 0)
    timeline.report("audio", 5_000.0, 0)
    assert timeline.place("audio", 48_000, 11.3) == 11 * 48_000


@pytest.mark.parametrize("error_seconds", [0.005, 60.0])
def test_a_tiny_or_absurd_correction_is_not_made(error_seconds):
    timeline = Timeline()
    timeline.place("video", 0, 10.0)
    timeline.place("audio", 0, 10.0)
    timeline.report("video", 5_000.0, 0)
    timeline.report("audio", 5_000.0 + error_seconds, 0)
    assert timeline.place("audio", 960, 10.02) == 480_960
