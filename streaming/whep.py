"""Egress over HTTP: monitors see the undelayed picture, passed through as it came (draft-ietf-wish-whep)."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from streaming.channels import Channel, Channels
from streaming.feed import Feed
from streaming.media import Kind
from streaming.passthrough import FeedTrack
from streaming.peer import IceServer, NoCommonCodec, Peer, UnusableOffer
from streaming.refusals import CORS, Refusal, refusing
from streaming.signalling import bad_offer, created, new_session, no_codec, options, patch, read_offer
from streaming.tasks import Tasks

logger = logging.getLogger(__name__)

KINDS: tuple[Kind, ...] = ("video", "audio")
MayMonitor = Callable[[web.Request, str], Awaitable[bool]]


@dataclass(frozen=True)
class _Monitor:
    channel: Channel
    peer: Peer
    feeds: list[Feed]


class Whep:
    """The handlers. `may_monitor(request, channel)` decides; monitors stay when the publisher changes."""

    def __init__(
        self,
        channels: Channels,
        *,
        may_monitor: MayMonitor,
        ice_servers: Sequence[IceServer] = (),
        max_monitors: int = 50,
    ) -> None:
        self._channels = channels
        self._may_monitor = may_monitor
        self._ice_servers = ice_servers
        self._max_monitors = max_monitors
        self._monitors: dict[str, _Monitor] = {}
        self._tasks = Tasks()
        self._closing = False

    def routes(self, prefix: str = "/whep") -> list[web.RouteDef]:
        """What to add to the application's router."""
        endpoint, resource = prefix + "/{channel}", prefix + "/{channel}/{session}"
        return [
            web.post(endpoint, refusing(self.watch)),
            web.delete(resource, refusing(self.leave)),
            web.patch(resource, refusing(patch)),
            web.options(endpoint, options),
            web.options(resource, options),
        ]

    def count(self, channel: str) -> int:
        """How many monitors a channel has now."""
        return sum(monitor.channel.name == channel for monitor in self._monitors.values())

    async def watch(self, request: web.Request) -> web.Response:
        """Answer an offer to receive; the picture begins with the next keyframe."""
        channel = await self._permitted(request)
        offer = await read_offer(request)
        session = new_session()
        feeds = [channel.open_feed(f"monitor {kind}", (kind,)) for kind in KINDS]
        tracks = [FeedTrack(kind, feed) for kind, feed in zip(KINDS, feeds, strict=True)]
        peer = Peer(self._ice_servers, lambda reason: self._closed(session, reason))
        self._monitors[session] = _Monitor(channel, peer, feeds)
        try:
            answer = await peer.answer_viewer(offer, tracks, channel.request_keyframe)
        except BaseException as error:
            await peer.close("refused")
            raise _refusal(error) from error
        self._tasks.start(self._connect(channel, peer), f"{channel.name} monitor")
        return created(request, session, answer, self._ice_servers)

    async def leave(self, request: web.Request) -> web.Response:
        """The monitor goes; the name of its connection, which nobody can guess, is its right to."""
        monitor = self._monitors.get(request.match_info["session"])
        if monitor is None or monitor.channel.name != request.match_info["channel"]:
            raise Refusal(404, "no_session", f"There is no connection {request.path}: it may have ended already.")
        await monitor.peer.close("left")
        return web.Response(headers=CORS)

    async def close(self) -> None:
        """Take no more monitors and disconnect those there are."""
        self._closing = True
        for monitor in list(self._monitors.values()):
            await monitor.peer.close("the server stops")
        await self._tasks.close()

    async def _permitted(self, request: web.Request) -> Channel:
        name = request.match_info["channel"]
        if not await self._may_monitor(request, name):
            raise Refusal(403, "not_allowed", f"You may not monitor channel {name}: sign in as someone who may.")
        if self._closing:
            raise Refusal(503, "stopping", "The server is stopping: try again in some seconds.")
        if len(self._monitors) >= self._max_monitors:
            raise Refusal(503, "full", f"All {self._max_monitors} places are taken: watch the public picture.")
        channel = self._channels.get(name)
        if channel is None:
            raise Refusal(404, "unknown_channel", f"Channel {name} has no picture yet: try again once it is live.")
        return channel

    async def _connect(self, channel: Channel, peer: Peer) -> None:
        if await peer.connected():
            channel.request_keyframe()
        elif peer.closed is None:
            await peer.close("the connection was not established")

    def _closed(self, session: str, reason: str) -> None:
        monitor = self._monitors.pop(session, None)
        if monitor is None:
            return
        logger.info("%s: a monitor went: %s", monitor.channel.name, reason)
        for feed in monitor.feeds:
            monitor.channel.close_feed(feed)
        self._tasks.start(monitor.peer.close(reason), f"{monitor.channel.name} monitor close")


def _refusal(error: BaseException) -> BaseException:
    if isinstance(error, NoCommonCodec):
        return no_codec(("H.264 constrained baseline (packetization-mode 1)",))
    return bad_offer(error) if isinstance(error, UnusableOffer) else error
