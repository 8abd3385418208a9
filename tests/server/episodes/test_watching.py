import pytest

from server.episodes import watching
from server.episodes.watching import FORGET_SECONDS, Watching


class Monotonic:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def time():
    return Monotonic()


@pytest.fixture
def counted(time):
    counted = Watching(time)
    counted.only(["ep_1"])
    return counted


def test_each_session_counts_once(counted) -> None:
    for session in ("a", "b", "a"):
        counted.beat("ep_1", session)
    assert counted.count("ep_1") == 2


def test_a_session_that_falls_silent_is_forgotten(counted, time) -> None:
    counted.beat("ep_1", "a")
    time.seconds = FORGET_SECONDS - 1
    counted.beat("ep_1", "b")
    time.seconds = FORGET_SECONDS + 1
    assert counted.count("ep_1") == 1


def test_a_session_that_beats_on_is_counted_on(counted, time) -> None:
    for seconds in range(0, 120, 15):
        time.seconds = seconds
        counted.beat("ep_1", "a")
    assert counted.count("ep_1") == 1


def test_a_beat_for_what_is_not_live_counts_nothing(counted) -> None:
    counted.beat("ep_2", "a")
    assert counted.count("ep_2") == 0


def test_an_episode_that_ended_is_forgotten(counted) -> None:
    counted.beat("ep_1", "a")
    counted.only(["ep_2"])
    assert counted.episodes() == ["ep_2"]
    assert counted.count("ep_1") == 0


def test_an_episode_that_goes_on_keeps_its_sessions(counted) -> None:
    counted.beat("ep_1", "a")
    counted.only(["ep_1", "ep_2"])
    assert counted.count("ep_1") == 1


def test_made_up_sessions_take_bounded_memory(counted, monkeypatch) -> None:
    monkeypatch.setattr(watching, "MAX_SESSIONS", 3)
    for n in range(10):
        counted.beat("ep_1", str(n))
    assert counted.count("ep_1") == 3
