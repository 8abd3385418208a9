import asyncio

from streaming.whep_client import WhepClient


async def test_leaving_frees_the_place(room, until):
    room.channels.open("kitchen")
    async with WhepClient(f"{room.base}/whep/kitchen", print):
        assert room.whep.count("kitchen") == 1
    assert room.whep.count("kitchen") == 0


async def test_a_lost_picture_is_reported_to_the_publisher(room, until):
    async with room.camera("kitchen"):
        await until(lambda: room.kinds() == ["started"])
        channel, frames = room.channels.get("kitchen"), []
        async with WhepClient(f"{room.base}/whep/kitchen", lambda *frame: frames.append(frame)) as client:
            await until(lambda: len(frames) > 10)
            before = channel._keyframe_asked_at
            await client.request_keyframe()
            await until(lambda: channel._keyframe_asked_at > before)


async def test_a_server_that_ends_the_connection_is_noticed(room, until):
    frames = []
    async with room.camera("kitchen"):
        await until(lambda: room.kinds() == ["started"])
        async with WhepClient(f"{room.base}/whep/kitchen", lambda *frame: frames.append(frame)) as client:
            await until(lambda: frames)
            await room.whep.close()
            await asyncio.wait_for(client.lost.wait(), 5)
