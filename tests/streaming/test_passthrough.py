from itertools import pairwise

import pytest
from aiortc import RTCPeerConnection

from streaming.feed import Feed
from streaming.media import MediaFrame
from streaming.passthrough import DECODER_QUEUE, EncodedReceiver, FeedTrack, send_encoded
from streaming.whip_client import WhipClient


async def test_what_is_sent_is_what_is_received_unit_for_unit(room, shot, until):
    async with WhipClient(f"{room.base}/whip/kitchen", "anna") as client:
        feed = room.channels.get("kitchen").open_feed("test")
        for frame in shot:
            client.put(frame)
        sent = [frame for frame in shot if frame.kind == "video"]
        await until(lambda: len([f for f in feed._frames if f and f.kind == "video"]) >= len(sent) - 1)
        came = [frame for frame in feed._frames if frame and frame.kind == "video"]
        assert [frame.nals for frame in came] == [frame.nals for frame in sent[: len(came)]]
        assert [frame.keyframe for frame in came] == [frame.keyframe for frame in sent[: len(came)]]
        steps = [later.time - earlier.time for earlier, later in pairwise(came)]
        assert set(steps) == {9_000}
        sounds = [frame.data for frame in feed._frames if frame and frame.kind == "audio"]
        assert sounds[:50] == [frame.data for frame in shot if frame.kind == "audio"][: len(sounds)][:50]


async def test_a_keyframe_wish_reaches_the_publisher(room, shot, until):
    wishes = []
    client = WhipClient(f"{room.base}/whip/kitchen", "anna", on_keyframe_request=lambda: wishes.append(1))
    async with client:
        for frame in shot[:20]:
            client.put(frame)
        await until(lambda: room.kinds() == ["started"])
        room.channels.get("kitchen")._keyframe_came_at = 0.0
        before = len(wishes)
        room.channels.get("kitchen").request_keyframe()
        await until(lambda: len(wishes) > before)


async def test_a_frame_that_cannot_be_delivered_does_not_end_the_connection(caplog):
    connection = RTCPeerConnection()
    receiver = connection.addTransceiver("video", direction="recvonly").receiver

    def fails(*_):
        raise ValueError("broken reader")

    EncodedReceiver(receiver, "video", fails, fails)

    class Frame:
        timestamp, data = 0, b""

    getattr(receiver, DECODER_QUEUE).put((None, Frame))
    assert "broken reader" in caplog.text
    await connection.close()


async def test_another_aiortc_is_noticed_at_once():
    class Changed:
        pass

    with pytest.raises(RuntimeError, match="use aiortc"):
        send_encoded(Changed(), lambda: None)


async def test_payloads_are_cut_once_for_all_viewers():
    connections = [RTCPeerConnection(), RTCPeerConnection()]
    frame = MediaFrame("video", b"", [b"\x65" + bytes(3000)], 0, 0.0, 1, keyframe=True)
    for connection in connections:
        feed = Feed("viewer")
        feed.put(frame)
        sender = connection.addTransceiver(FeedTrack("video", feed), direction="sendonly").sender
        send_encoded(sender, lambda: None)
        encoded = await sender._next_encoded_frame(None)
        assert encoded.payloads is frame.payloads
        await connection.close()
    assert len(frame.payloads) == 3
