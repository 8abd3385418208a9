import asyncio
import logging

import pytest

from streaming.feed import Ending, Feed, FeedEnded
from streaming.media import MediaFrame


def picture(time, *, keyframe=False):
    return MediaFrame("video", b"", [], time, 0.0, 1, keyframe)


def sound(time):
    return MediaFrame("audio", b"", [], time, 0.0, 1, keyframe=False)


async def drain(feed):
    return [(await feed.next()).time for _ in range(len(feed._frames))]


async def test_a_reader_begins_at_a_keyframe():
    feed = Feed("reader")
    for frame in (picture(1), sound(2), picture(3, keyframe=True), picture(4)):
        feed.put(frame)
    assert await drain(feed) == [2, 3, 4]


async def test_a_reader_gets_only_the_kinds_it_wants():
    feed = Feed("reader", kinds=("audio",))
    for frame in (picture(1, keyframe=True), sound(2)):
        feed.put(frame)
    assert await drain(feed) == [2]


async def test_a_slow_reader_loses_frames_up_to_the_next_keyframe(caplog):
    asked = []
    feed = Feed("reader", limit=3, request_keyframe=lambda: asked.append(True))
    with caplog.at_level(logging.WARNING):
        for time in range(10):
            feed.put(picture(time, keyframe=time in (0, 7)))
    assert await drain(feed) == [7, 8, 9]
    assert feed.lost == 3
    assert asked == [True]
    assert "reader is too slow: 3 frames dropped" in caplog.text


async def test_losses_are_logged_once_a_second_as_a_count(caplog):
    feed = Feed("reader", limit=2)
    with caplog.at_level(logging.WARNING):
        for time in range(100):
            feed.put(picture(time, keyframe=True))
    assert len(caplog.records) == 1


async def test_what_waits_is_read_before_the_end():
    feed = Feed("reader")
    feed.put(sound(1))
    feed.end(Ending.ENDED)
    feed.put(sound(2))
    assert await drain(feed) == [1]
    with pytest.raises(FeedEnded) as ended:
        await feed.next()
    assert ended.value.ending is Ending.ENDED


async def test_a_cut_drops_what_waits():
    feed = Feed("reader")
    feed.put(sound(1))
    feed.end(Ending.CUT, drop=True)
    with pytest.raises(FeedEnded):
        await feed.next()


async def test_a_pause_is_read_once_and_the_picture_resumes_at_a_keyframe():
    feed = Feed("reader")
    feed.put(picture(1, keyframe=True))
    feed.pause()
    feed.put(picture(2))
    feed.put(picture(3, keyframe=True))
    assert (await feed.next()).time == 1
    assert await feed.next() is None
    assert (await feed.next()).time == 3


async def test_a_waiting_reader_wakes_for_a_frame():
    feed = Feed("reader")
    asyncio.get_running_loop().call_soon(feed.put, sound(7))
    assert (await asyncio.wait_for(feed.next(), 1)).time == 7
