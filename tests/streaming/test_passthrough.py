import time
from dataclasses import dataclass
from itertools import pairwise

import pytest
from aiortc import RTCPeerConnection

from streaming.feed import Feed
from streaming.media import MediaFrame
from streaming.passthrough import DECODER_QUEUE, RTX_SSRC, EncodedReceiver, FeedTrack, send_encoded
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


@dataclass
class Link:
    """A publisher's way in that loses packets; `lost` and `asked` count what happened."""

    lost: int = 0
    asked: int = 0
    keyframes: int = 0


@pytest.fixture
def lossy(room):
    """Make the way in of whoever publishes now lose the packets that `loses(sequence, again)` names."""

    def make(loses):
        link = Link()
        tap = next(r for r in room.channels.get("kitchen").publication.source._receivers if r.kind == "video")
        receiver = tap._receiver
        handle, ask, picture = receiver._handle_rtp_packet, receiver._send_rtcp_nack, receiver._send_rtcp_pli
        rtx = getattr(receiver, RTX_SSRC)

        async def rtp(packet, arrival_time_ms):
            again = packet.ssrc in rtx
            sequence = int.from_bytes(packet.payload[:2], "big") if again else packet.sequence_number
            if loses(sequence, again):
                link.lost += 1
            else:
                await handle(packet, arrival_time_ms)

        async def nack(ssrc, lost):
            link.asked += 1
            await ask(ssrc, lost)

        async def pli(ssrc):
            link.keyframes += 1
            await picture(ssrc)

        receiver._handle_rtp_packet, receiver._send_rtcp_nack, receiver._send_rtcp_pli = rtp, nack, pli
        return link

    return make


def pictures(feed):
    return [frame for frame in feed._frames if frame and frame.kind == "video"]


async def test_a_packet_lost_twice_is_asked_for_again(room, until, lossy):
    async with room.camera("kitchen"):
        await until(lambda: room.kinds() == ["started"])
        feed = room.channels.get("kitchen").open_feed("test")
        await until(lambda: pictures(feed))
        seen = {}

        def every_seventh_twice(sequence, again):
            if sequence % 7:
                return False
            seen[sequence] = seen.get(sequence, 0) + 1
            return seen[sequence] <= 2

        link = lossy(every_seventh_twice)
        begin = len(pictures(feed))
        await until(lambda: len(pictures(feed)) > begin + 20)
        steps = {later.time - earlier.time for earlier, later in pairwise(pictures(feed)[begin:])}
        assert steps == {9_000}  # not one picture is missing
        assert link.lost >= 4
        assert link.asked >= 2


async def test_a_packet_lost_for_good_holds_the_picture_up_for_less_than_a_second(room, until, lossy):
    async with room.camera("kitchen"):
        await until(lambda: room.kinds() == ["started"])
        feed = room.channels.get("kitchen").open_feed("test")
        await until(lambda: pictures(feed))
        gone = set()

        def the_first_for_good(sequence, again):
            if not gone and not again:
                gone.add(sequence)
            return sequence in gone

        link = lossy(the_first_for_good)
        await until(lambda: link.keyframes)
        began = time.monotonic()
        begin = len(pictures(feed))
        await until(lambda: any(frame.keyframe for frame in pictures(feed)[begin:]))
        assert time.monotonic() - began < 1
