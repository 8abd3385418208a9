import json
import signal
import subprocess
import sys
import textwrap

import pytest

from streaming.hls_store import INDEX, HlsStore, StoredInit


def write(store, *, discontinuity=False):
    """One more segment, on disk and counted."""
    number = store.next_number
    record = store.write_segment(
        number, b"x" * 10, init=0, duration=2.0, began_at=100.0 + number, discontinuity=discontinuity
    )
    store.apply(record)
    return number


@pytest.fixture
def clock():
    return [1000.0]


@pytest.fixture
def store(tmp_path, clock):
    store = HlsStore(tmp_path / "kitchen", delay_seconds=15, clock=lambda: clock[0])
    store.apply(store.write_init(StoredInit(0, "avc1.42c01f,mp4a.40.2", 320, 180), b"init"))
    return store


def numbers(store):
    return [segment.number for segment in store.listed()]


def reopened(store):
    return HlsStore(store.folder, delay_seconds=store.delay_seconds, clock=store.clock)


def test_a_segment_is_listed_once_the_delay_has_passed(store, clock):
    write(store)
    clock[0] += 2
    write(store)
    assert numbers(store) == []
    clock[0] += 13
    assert numbers(store) == [1]
    assert store.is_listed("1.m4s")
    assert store.is_listed("init-0.mp4")
    assert not store.is_listed("2.m4s")
    clock[0] += 2
    assert numbers(store) == [1, 2]


def test_what_was_not_shown_at_a_cut_never_is(store, clock):
    shown = write(store)
    clock[0] += 20
    write(store)
    store.apply(store.write_cut(shown))
    clock[0] += 100
    assert numbers(store) == [1]
    assert write(store) == 3
    clock[0] += 100
    assert numbers(store) == [1, 3]
    assert not store.is_listed("2.m4s")
    assert (store.folder / "2.m4s").exists()  # kept as evidence, only not shown
    assert numbers(reopened(store)) == [1, 3]


def test_everything_is_there_again_after_reopening(store, clock):
    for _ in range(3):
        write(store)
    store.apply(store.write_end())
    clock[0] += 100
    again = reopened(store)
    assert again.segments == store.segments
    assert again.inits == store.inits
    assert (again.ended, again.next_number, again.began) == (True, 4, True)


def test_a_broadcast_that_goes_on_is_not_ended_any_more(store):
    write(store)
    store.apply(store.write_end())
    write(store)
    assert not store.ended
    assert not reopened(store).ended


@pytest.mark.parametrize("torn", ['{"segment":{"num', '{"segment"', "\x00\x00\x00"])
def test_a_torn_last_line_is_cut_off(store, clock, torn):
    write(store)
    with (store.folder / INDEX).open("a") as index:
        index.write(torn)
    clock[0] += 100
    again = reopened(store)
    assert numbers(again) == [1]
    assert write(again) == 2
    assert [next(iter(json.loads(line))) for line in (store.folder / INDEX).read_text().splitlines()] == [
        "init",
        "segment",
        "segment",
    ]


def test_files_without_a_line_are_removed_and_strangers_left(store):
    write(store)
    (store.folder / "2.m4s").write_bytes(b"half")
    (store.folder / "init-9.mp4").write_bytes(b"half")
    (store.folder / "notes.txt").write_bytes(b"mine")
    reopened(store)
    assert sorted(path.name for path in store.folder.iterdir()) == ["1.m4s", INDEX, "init-0.mp4", "notes.txt"]


def test_killed_at_any_moment_the_playlist_continues(tmp_path):
    """A writer is killed without warning; every line left speaks of a whole file, and numbers only grow."""
    writer = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from streaming.hls_store import HlsStore
        store = HlsStore(Path(sys.argv[1]))
        while True:
            number = store.next_number
            store.apply(store.write_segment(number, bytes(200_000), init=0, duration=2.0, began_at=0.0,
                                            discontinuity=False))
            print(number, flush=True)
        """
    )
    last = -1
    for kill_after in (3, 5, 4):
        process = subprocess.Popen(
            [sys.executable, "-c", writer, str(tmp_path / "kitchen")], stdout=subprocess.PIPE, text=True
        )
        for _ in range(kill_after):
            announced = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        process.communicate()
        store = HlsStore(tmp_path / "kitchen")
        listed = [segment.number for segment in store.listed()]
        assert listed == list(range(len(listed)))
        assert listed[-1] >= announced > last
        assert all((store.folder / segment.file).stat().st_size == segment.size for segment in store.listed())
        last = listed[-1]


@pytest.mark.parametrize("damage", [b'{"segm', b"\x00\x00\x00", b"[]", b'{"segment": {}}', b'{"x": {}}'])
def test_a_damaged_line_hides_what_came_before_and_stops_nothing(store, clock, damage):
    write(store)
    clock[0] += 60
    with (store.folder / INDEX).open("ab") as index:
        index.write(damage + b"\n")
    store.apply(store.write_init(StoredInit(2, "avc1.42c01f,mp4a.40.2", 320, 180), b"init"))
    again = reopened(store)
    assert numbers(again) == []  # the lost line may have been a cut
    assert (store.folder / "1.m4s").exists()  # evidence all the same
    number = write(again)
    assert number > 2
    clock[0] += 60
    assert numbers(again) == [number]
