import pytest

from streaming.media import RATES
from streaming.peer import NoCommonCodec, Peer, UnusableOffer, codec_preferences, new_connection


@pytest.fixture
async def peer():
    reasons = []
    peer = Peer((), reasons.append)
    peer.reasons = reasons
    yield peer
    await peer.close("test over")


async def offer_of(*kinds, codec=None):
    connection = new_connection(())
    for kind in kinds:
        transceiver = connection.addTransceiver(kind, direction="sendonly")
        chosen = [c for c in codec_preferences(kind) if codec is None]
        if codec is not None:
            capabilities = transceiver.sender.getCapabilities(kind).codecs
            chosen = [c for c in capabilities if c.mimeType == codec]
        transceiver.setCodecPreferences(chosen)
    await connection.setLocalDescription(await connection.createOffer())
    sdp = connection.localDescription.sdp
    await connection.close()
    return sdp


@pytest.mark.parametrize("kinds", [("video",), ("audio",), ("audio", "video"), ("video", "audio")])
async def test_what_is_offered_is_answered_in_its_order_with_candidates(peer, kinds):
    answer = await peer.answer_publisher(await offer_of(*kinds), print, print)
    assert [line.split()[0][2:] for line in answer.splitlines() if line.startswith("m=")] == list(kinds)
    assert "a=candidate" in answer
    assert answer.count("a=recvonly") == len(kinds)
    assert ("H264/90000" in answer, "opus/48000" in answer) == ("video" in kinds, "audio" in kinds)


async def test_an_offer_without_our_codec_is_told_apart(peer):
    with pytest.raises(NoCommonCodec):
        await peer.answer_publisher(await offer_of("video", codec="video/VP8"), print, print)


@pytest.mark.parametrize(
    "offer", ["", "hello", "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n", "m=video 1 a 2\r\nm=video 1 a 2\r\n", "m=text 9 x 1"]
)
async def test_nonsense_is_an_unusable_offer(peer, offer):
    with pytest.raises(UnusableOffer):
        await peer.answer_publisher(offer, print, print)


async def test_a_peer_that_is_never_answered_is_not_connected(peer):
    await peer.answer_publisher(await offer_of(*RATES), print, print)
    assert not await peer.connected(0.05)


async def test_the_first_reason_of_closing_stays_and_is_told_once(peer):
    await peer.close("replaced")
    await peer.close("left")
    assert peer.closed == "replaced"
    assert peer.reasons == ["replaced"]
    assert not await peer.connected(1)
