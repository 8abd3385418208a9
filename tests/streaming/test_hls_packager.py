import asyncio
import io
from dataclasses import replace

import av
import pytest

from streaming.feed import Ending, Feed
from streaming.hls_packager import HlsPackager
from streaming.hls_store import HlsStore
from streaming.tasks import Tasks


def moved(shot, seconds, run=1):
    rates = {"video": 90_000, "audio": 48_000}
    return [
        replace(
            frame, time=frame.time + round(seconds * rates[frame.kind]), run=run, wall=1000 + frame.seconds + seconds
        )
        for frame in shot
    ]


@pytest.fixture
async def store(tmp_path):
    return HlsStore(tmp_path / "kitchen")


async def package(store, frames, ending=Ending.ENDED):
    packager = HlsPackager(store)
    feed = Feed("hls", limit=10_000)
    for frame in frames:
        feed.put(frame)
    feed.end(ending)
    await packager.run(feed)
    await packager.close()
    return packager


def read(store, segments):
    """Decode these segments strictly, as a player would in a row: (picture seconds, sound seconds)."""
    parts = [(store.folder / f"init-{segments[0].init}.mp4").read_bytes()]
    parts += [(store.folder / segment.file).read_bytes() for segment in segments]
    with av.open(io.BytesIO(b"".join(parts))) as container:
        for stream in container.streams:
            stream.codec_context.options = {"err_detect": "explode"}
        times = {"video": [], "audio": []}
        for frame in container.decode():
            times["video" if isinstance(frame, av.VideoFrame) else "audio"].append(frame.time)
    return times["video"], times["audio"]


async def test_a_broadcast_becomes_whole_segments(store, shot):
    await package(store, moved(shot, 0))
    segments = store.listed()
    assert [round(segment.duration, 2) for segment in segments] == [2.0, 2.0, 1.0]
    assert [segment.began_at for segment in segments] == pytest.approx([1000, 1002, 1004])
    assert store.ended
    pictures, sound = read(store, segments)
    assert len(pictures) == sum(frame.kind == "video" for frame in shot)
    assert pictures[0] == pytest.approx(sound[0], abs=0.03)
    assert pictures[-1] == pytest.approx(sound[-1], abs=0.15)


async def test_each_segment_can_be_played_alone(store, shot):
    await package(store, moved(shot, 0))
    for segment in store.listed():
        pictures, sound = read(store, [segment])
        assert pictures
        assert sound


async def test_pictures_without_sound_get_silence(store, shot):
    await package(store, [frame for frame in moved(shot, 0) if frame.kind == "video"])
    pictures, sound = read(store, store.listed())
    assert sound[-1] == pytest.approx(pictures[-1], abs=0.15)


async def test_another_publisher_follows_after_a_discontinuity_with_its_own_init(store, shot):
    await package(store, moved(shot, 0, run=1) + moved(shot, 30, run=2))
    segments = store.listed()
    assert [segment.discontinuity for segment in segments] == [False, False, False, True, False, False]
    assert len({segment.init for segment in segments}) == 2
    assert read(store, segments[3:])


async def test_after_a_restart_numbers_go_on_after_a_discontinuity(store, shot):
    await package(store, moved(shot, 0), Ending.CLOSED)
    assert not store.ended
    again = HlsStore(store.folder)
    await package(again, moved(shot, 0), Ending.CLOSED)
    numbers = [segment.number for segment in again.listed()]
    assert numbers == sorted(set(numbers))
    assert [segment.discontinuity for segment in again.listed()] == [False, False, False, True, False, False]


async def test_a_cut_keeps_what_grows_from_ever_being_listed(store, shot):
    await package(store, moved(shot, 0), Ending.CUT)
    assert [segment.number for segment in store.listed()] == [1, 2]  # written before the cut was read
    delayed = HlsStore(store.folder.parent / "hall", delay_seconds=60)
    await package(delayed, moved(shot, 0), Ending.CUT)
    delayed.delay_seconds = 0
    assert delayed.listed() == []


async def test_the_event_loop_is_not_held_up_by_writing(store, shot):
    packager, feed, tasks = HlsPackager(store), Feed("hls", limit=10_000), Tasks()
    longest, last = 0.0, asyncio.get_running_loop().time()

    async def tick():
        nonlocal longest, last
        while True:
            await asyncio.sleep(0.001)
            now = asyncio.get_running_loop().time()
            longest, last = max(longest, now - last), now

    tasks.start(tick(), "tick")
    for frame in moved(shot, 0):
        feed.put(frame)
    feed.end(Ending.ENDED)
    await packager.run(feed)
    await tasks.close()
    await packager.close()
    assert longest < 0.25  # generous: a shared machine may hold any thread up
