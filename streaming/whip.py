"""Ingest over HTTP: a browser, a phone or OBS publishes to a channel (RFC 9725)."""

import asyncio
import contextlib
import hmac
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import web

from streaming.channels import Channel, Channels, Occupied, Publication
from streaming.peer import IceServer, NoCommonCodec, Peer, UnusableOffer
from streaming.refusals import CORS, Refusal, refusing
from streaming.signalling import bad_offer, bearer, created, new_session, no_codec, options, patch, read_offer

logger = logging.getLogger(__name__)

OFFER_SECONDS = 10.0
CODECS = ("H.264 constrained baseline (packetization-mode 1)", "Opus")


class Refused(StrEnum):
    """Why a known token may not publish here now."""

    WRONG_CHANNEL = "wrong_channel"
    UNKNOWN_CHANNEL = "unknown_channel"
    NOT_LIVE = "not_live"


REFUSALS = {
    Refused.WRONG_CHANNEL: (403, "This token is not for channel {}: ask for one that is."),
    Refused.UNKNOWN_CHANNEL: (404, "There is no channel {}: check the address."),
    Refused.NOT_LIVE: (409, "Channel {} takes no picture now: publish once it is opened for broadcast."),
}


@dataclass(frozen=True)
class Publisher:
    """Whom a token belongs to: `identity` is theirs over all reconnects; `refused` when they may not."""

    identity: str
    refused: Refused | None = None


MayPublish = Callable[[str, str], Awaitable[Publisher | None]]


@dataclass(frozen=True)
class _Session:
    channel: Channel
    publication: Publication
    peer: Peer
    token: str


class Whip:
    """The handlers. `may_publish(token, channel)` answers None for a token nobody has."""

    def __init__(self, channels: Channels, *, may_publish: MayPublish, ice_servers: Sequence[IceServer] = ()) -> None:
        self._channels = channels
        self._may_publish = may_publish
        self._ice_servers = ice_servers
        self._sessions: dict[str, _Session] = {}
        self._closing = False

    def routes(self, prefix: str = "/whip") -> list[web.RouteDef]:
        """What to add to the application's router."""
        endpoint, resource = prefix + "/{channel}", prefix + "/{channel}/{session}"
        return [
            web.post(endpoint, refusing(self.publish)),
            web.delete(resource, refusing(self.leave)),
            web.patch(resource, refusing(patch)),
            web.options(endpoint, options),
            web.options(resource, options),
        ]

    async def publish(self, request: web.Request) -> web.Response:
        """Answer an offer to publish; the same identity's former connection is replaced."""
        if self._closing:
            raise Refusal(503, "stopping", "The server is stopping: try again in some seconds.")
        name, token = request.match_info["channel"], bearer(request)
        publisher = await self._permitted(token, name)
        offer = await _in_time(read_offer(request))
        channel = self._channels.open(name)
        session = new_session()
        peer = Peer(self._ice_servers, lambda reason: self._closed(session, reason))
        publication = Publication(channel, publisher.identity, peer)
        try:
            channel.check_free(publisher.identity)
            answer = await peer.answer_publisher(offer, publication.frame, publication.report)
            endings = channel.endings
            await self._permitted(token, name)  # again: the offer may have come slowly, and much may have ended
            if channel.endings != endings:
                raise Refusal(409, Refused.NOT_LIVE, REFUSALS[Refused.NOT_LIVE][1].format(name))
            self._sessions[session] = _Session(channel, publication, peer, token)
            await channel.take(publication)
        except BaseException as error:
            with contextlib.suppress(Exception):
                await peer.close("refused")
            raise _refusal(error, name) from error
        return created(request, session, answer, self._ice_servers)

    async def leave(self, request: web.Request) -> web.Response:
        """The publisher says goodbye; whether the broadcast is over is not theirs to say here."""
        session = self._sessions.get(request.match_info["session"])
        if session is None or session.channel.name != request.match_info["channel"]:
            raise Refusal(404, "no_session", f"There is no connection {request.path}: it may have ended already.")
        if not hmac.compare_digest(session.token.encode(), bearer(request).encode()):
            raise Refusal(403, "wrong_token", "The connection was opened with another token: send that one.")
        await session.peer.close("left")
        return web.Response(headers=CORS)

    async def close(self) -> None:
        """Take no more publishers and disconnect those there are."""
        self._closing = True
        for session in list(self._sessions.values()):
            await session.peer.close("the server stops")

    async def _permitted(self, token: str, channel: str) -> Publisher:
        publisher = await self._may_publish(token, channel)
        if publisher is None:
            raise Refusal(401, "unknown_token", "This token is unknown or has expired: ask for a new one.")
        if publisher.refused is not None:
            status, message = REFUSALS[publisher.refused]
            raise Refusal(status, publisher.refused, message.format(channel))
        return publisher

    def _closed(self, session: str, reason: str) -> None:
        ended = self._sessions.pop(session, None)
        if ended is not None:
            ended.channel.lost(ended.publication, reason)


def _refusal(error: BaseException, channel: str) -> BaseException:
    if isinstance(error, Occupied):
        return Refusal(409, "occupied", f"Someone else is publishing to channel {channel}: wait until they leave.")
    if isinstance(error, NoCommonCodec):
        return no_codec(CODECS)
    if isinstance(error, UnusableOffer):
        return bad_offer(error)
    if isinstance(error, Refusal) or not isinstance(error, Exception):
        return error
    logger.info("an offer for channel %s could not be used: %r", channel, error)
    return bad_offer(UnusableOffer("the session description could not be used"))


async def _in_time(reading: Awaitable[str]) -> str:
    """A body that is dripped in byte by byte holds nothing open for long."""
    try:
        async with asyncio.timeout(OFFER_SECONDS):
            return await reading
    except TimeoutError:
        raise Refusal(408, "too_slow", f"The offer did not come within {OFFER_SECONDS:.0f} s: send it again.") from None
