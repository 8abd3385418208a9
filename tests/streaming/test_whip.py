import asyncio

import aiohttp
import pytest

from streaming.whip import Publisher
from streaming.whip_client import PublishingRefused, WhipClient

OFFER = {"Content-Type": "application/sdp"}


@pytest.mark.parametrize(
    ("headers", "body", "status", "kind"),
    [
        ({}, b"v=0", 401, "no_token"),
        ({"Authorization": "Basic abc"}, b"v=0", 401, "no_token"),
        ({"Authorization": "Bearer stranger"}, b"v=0", 401, "unknown_token"),
        ({"Authorization": "Bearer anna.other"}, b"v=0", 403, "wrong_channel"),
        ({"Authorization": "Bearer anna.lost"}, b"v=0", 404, "unknown_channel"),
        ({"Authorization": "Bearer anna.early"}, b"v=0", 409, "not_live"),
        ({"Authorization": "Bearer anna"}, b"", 400, "bad_offer"),
        ({"Authorization": "Bearer anna"}, b"\xff\xfe", 400, "bad_offer"),
        ({"Authorization": "Bearer anna"}, b"m=video 9 UDP/TLS/RTP/SAVPF 96\r\n", 400, "bad_offer"),
        ({"Authorization": "Bearer anna", "Content-Type": "application/json"}, b"{}", 415, "not_sdp"),
        ({"Authorization": "Bearer anna"}, b"v" * 70_000, 413, "offer_too_large"),
    ],
)
async def test_what_cannot_be_published_is_refused_precisely(room, headers, body, status, kind):
    async with room.http.post(f"{room.base}/whip/kitchen", data=body, headers=OFFER | headers) as reply:
        error = (await reply.json())["error"]
        assert (reply.status, error["status"], error["kind"]) == (status, status, kind)
        assert error["message"].endswith(".")
        assert reply.headers["Access-Control-Allow-Origin"] == "*"
        assert ("WWW-Authenticate" in reply.headers) == (status == 401)
    assert room.channels.get("kitchen") is None or room.channels.get("kitchen").publisher is None


async def test_an_offer_without_h264_is_refused(room):
    connection = aiohttp.ClientSession(headers=OFFER | {"Authorization": "Bearer anna"})
    async with connection as http:
        body = (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
            "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\na=rtcp-mux\r\n"
            "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=setup:actpass\r\n"
            "a=fingerprint:sha-256 " + ":".join(["AA"] * 32) + "\r\na=rtpmap:96 VP8/90000\r\n"
        )
        async with http.post(f"{room.base}/whip/kitchen", data=body) as reply:
            assert reply.status == 415
            assert (await reply.json())["error"]["kind"] == "no_codec"


async def test_a_publisher_gets_a_resource_and_may_leave_by_it(room, until):
    client = WhipClient(f"{room.base}/whip/kitchen", "anna")
    async with client:
        assert room.channels.get("kitchen").publisher == "anna"
        resource = client._resource
        async with room.http.delete(resource, headers={"Authorization": "Bearer ben"}) as reply:
            assert reply.status == 403
        async with room.http.patch(resource) as reply:
            assert reply.status == 405
    await until(lambda: room.channels.get("kitchen").publisher is None)
    async with room.http.delete(resource, headers={"Authorization": "Bearer anna"}) as reply:
        assert reply.status == 404


async def test_a_preflight_is_answered(room):
    async with room.http.options(f"{room.base}/whip/kitchen") as reply:
        assert reply.status == 204
        assert reply.headers["Accept-Post"] == "application/sdp"
        assert "Authorization" in reply.headers["Access-Control-Allow-Headers"]


async def test_another_person_is_refused_while_one_publishes(room):
    async with WhipClient(f"{room.base}/whip/kitchen", "anna"):
        with pytest.raises(PublishingRefused, match=r"409.*occupied"):
            await WhipClient(f"{room.base}/whip/kitchen", "ben").__aenter__()
        assert room.channels.get("kitchen").publisher == "anna"


async def test_the_same_person_takes_over_silently(room, shot, until):
    first = await WhipClient(f"{room.base}/whip/kitchen", "anna").__aenter__()
    for frame in shot[:40]:
        first.put(frame)
    await until(lambda: room.kinds() == ["started"])
    async with WhipClient(f"{room.base}/whip/kitchen", "anna") as second:
        await asyncio.wait_for(first.lost.wait(), 5)
        for frame in shot[:40]:
            second.put(frame)
        await until(lambda: room.channels.get("kitchen").publication.source.heard_at is not None)
        assert room.kinds() == ["started"]
    await first.drop()
    await until(lambda: room.kinds() == ["started", "interrupted"])
    assert room.events[-1].reason == "left"
    assert room.events[-1].publisher == "anna"


async def test_what_ended_while_the_offer_came_is_not_begun_again(room, until, monkeypatch):
    """The permission is asked again when the offer is there, and an end in between is noticed."""
    asked = []

    async def may_publish(token, channel):
        asked.append(token)
        if len(asked) == 2:
            await room.channels.open("kitchen").end("concluded")
        return Publisher(token)

    monkeypatch.setattr(room.whip, "_may_publish", may_publish)
    with pytest.raises(PublishingRefused, match="409"):
        async with WhipClient(f"{room.base}/whip/kitchen", "anna"):
            pass
    assert len(asked) == 2
    assert room.channels.get("kitchen").publisher is None


async def test_an_odd_token_is_unknown(room):
    headers = OFFER | {"Authorization": "Bearer \xff"}
    async with room.http.post(f"{room.base}/whip/kitchen", data=b"v=0", headers=headers) as reply:
        assert reply.status == 401
