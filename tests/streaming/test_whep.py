import pytest

from streaming.h264 import is_keyframe, split_nals
from streaming.whep_client import WatchingRefused, WhepClient


def pictures(frames):
    return [(at, data) for kind, at, data in frames if kind == "video"]


async def test_a_monitor_sees_picture_and_sound_from_a_keyframe_on(room, until):
    async with room.camera("kitchen"):
        await until(lambda: room.kinds() == ["started"])
        async with room.watched("kitchen") as frames:
            await until(lambda: len(pictures(frames)) >= 10 and any(kind == "audio" for kind, *_ in frames))
            assert is_keyframe(split_nals(pictures(frames)[0][1]))
            assert room.whep.count("kitchen") == 1
        await until(lambda: room.whep.count("kitchen") == 0)


async def test_a_monitor_survives_a_change_of_publisher(room, until):
    async with room.camera("kitchen", "anna"):
        await until(lambda: room.kinds() == ["started"])
        async with room.watched("kitchen") as frames:
            await until(lambda: len(pictures(frames)) >= 5)
            async with room.camera("kitchen", "anna"):
                await until(lambda: room.channels.get("kitchen").publication.run >= 2)
                seen = len(pictures(frames))
                await until(lambda: len(pictures(frames)) >= seen + 10)
            stamps = [at for at, _ in pictures(frames)]
            assert stamps == sorted(stamps)
            assert stamps[-1] - stamps[0] < 90_000 * 30  # continuous: no jump to another clock
            assert "interrupted" not in room.kinds()[:1]


async def test_who_may_not_monitor_is_refused(room):
    with pytest.raises(WatchingRefused, match="403"):
        await WhepClient(f"{room.base}/whep/kitchen", print, headers={"Authorization": "Bearer stranger"}).__aenter__()
    with pytest.raises(WatchingRefused, match=r"404.*unknown_channel"):
        await WhepClient(f"{room.base}/whep/kitchen", print).__aenter__()


async def test_a_full_house_is_said_so(room):
    room.channels.open("kitchen")
    room.whep._max_monitors = 0
    with pytest.raises(WatchingRefused, match=r"503.*full"):
        await WhepClient(f"{room.base}/whep/kitchen", print).__aenter__()
