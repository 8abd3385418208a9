import asyncio

import pytest

from streaming.whip_client import PublishingRefused, WhipClient


async def test_a_refusal_is_raised_with_the_servers_words(room):
    with pytest.raises(PublishingRefused, match=r"403.*wrong_channel"):
        await WhipClient(f"{room.base}/whip/kitchen", "anna.other").__aenter__()


async def test_leaving_tells_the_server(room, until):
    async with WhipClient(f"{room.base}/whip/kitchen", "anna"):
        assert room.channels.get("kitchen").publisher == "anna"
    assert room.channels.get("kitchen").publisher is None


async def test_a_server_that_ends_the_connection_is_noticed(room, shot, until):
    async with WhipClient(f"{room.base}/whip/kitchen", "anna") as client:
        for frame in shot[:20]:
            client.put(frame)
        await until(lambda: room.kinds() == ["started"])
        await room.channels.get("kitchen").end("concluded")
        await asyncio.wait_for(client.lost.wait(), 5)
