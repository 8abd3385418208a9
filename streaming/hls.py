"""Serves HLS: playlists fresh each second, everything else immutable; nothing before its delay, nothing cut."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import hdrs, web

from streaming.hls_packager import HlsPackager
from streaming.hls_playlist import Rendition, Segment, media_playlist, multivariant_playlist
from streaming.hls_store import HlsStore, StoredSegment
from streaming.refusals import CORS, Refusal, refusing

CHANNEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
FRESH = "public, max-age=1"
IMMUTABLE = "public, max-age=31536000, immutable"
WINDOW_SECONDS = 300.0


class Hls:
    """All channels' HLS under one folder.

    `index.m3u8` is the live media playlist of the latest `window_seconds`; `replay.m3u8` lists everything since
    the beginning; `multivariant.m3u8` names codecs and size for players that want to know first.
    """

    def __init__(
        self,
        root: Path,
        *,
        delay_seconds: float = 0,
        window_seconds: float = WINDOW_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._root = root
        self._delay_seconds = delay_seconds
        self._window_seconds = window_seconds
        self._clock = clock
        self._stores: dict[str, HlsStore] = {}
        # The latest text of each playlist, with what it was rendered from.
        self._rendered: dict[tuple[str, float | None], tuple[tuple[int, int, bool], str]] = {}

    def routes(self, prefix: str = "/hls") -> list[web.RouteDef]:
        """What to add to the application's router."""
        channel = prefix + "/{channel}"
        return [
            web.get(channel + "/index.m3u8", refusing(self.live)),
            web.get(channel + "/replay.m3u8", refusing(self.replay)),
            web.get(channel + "/multivariant.m3u8", refusing(self.multivariant)),
            web.get(channel + "/{file}", refusing(self.file)),
        ]

    def packager(self, channel: str) -> HlsPackager:
        """The output that fills this channel's folder."""
        return HlsPackager(self._open(channel))

    def store(self, channel: str) -> HlsStore | None:
        """What there is of this channel, from this server's life or an earlier one."""
        if channel in self._stores:
            return self._stores[channel]
        if CHANNEL_NAME.fullmatch(channel) and (self._root / channel).is_dir():
            return self._open(channel)
        return None

    async def live(self, request: web.Request) -> web.Response:
        """The playlist to watch with."""
        return _playlist(self._render(request, self._window_seconds))

    async def replay(self, request: web.Request) -> web.Response:
        """The playlist of everything shown so far, to go back in."""
        return _playlist(self._render(request, None))

    async def multivariant(self, request: web.Request) -> web.Response:
        """The playlist that tells codecs and size."""
        store, listed = self._listed(request)
        init = store.inits[listed[-1].init]
        peak = max(segment.size * 8 / segment.duration for segment in listed[-60:])
        rendition = Rendition("index.m3u8", init.codecs, int(peak), init.width, init.height)
        return _playlist(multivariant_playlist(rendition))

    async def file(self, request: web.Request) -> web.StreamResponse:
        """A segment that is listed, or an init segment that a listed one needs."""
        store = self.store(request.match_info["channel"])
        name = request.match_info["file"]
        if store is None or not store.is_listed(name):
            raise Refusal(404, "no_file", f"There is no {request.path}: take addresses from the playlist.")
        headers = CORS | {hdrs.CACHE_CONTROL: IMMUTABLE, hdrs.CONTENT_TYPE: "video/mp4"}
        return web.FileResponse(store.folder / name, headers=headers)

    def _open(self, channel: str) -> HlsStore:
        if not CHANNEL_NAME.fullmatch(channel):
            raise ValueError(f"channel {channel!r} cannot be a folder: use letters, digits, - and _")
        if channel not in self._stores:
            self._stores[channel] = HlsStore(self._root / channel, delay_seconds=self._delay_seconds, clock=self._clock)
        return self._stores[channel]

    def _listed(self, request: web.Request) -> tuple[HlsStore, list[StoredSegment]]:
        name = request.match_info["channel"]
        store = self.store(name)
        listed = store.listed() if store is not None else []
        if store is None or not listed:
            raise Refusal(404, "no_picture", f"Channel {name} has shown nothing yet: try again once it is live.")
        return store, listed

    def _render(self, request: web.Request, window_seconds: float | None) -> str:
        store, listed = self._listed(request)
        ended = store.ended and len(listed) == len(store.segments)
        key = (store.folder.name, window_seconds)
        version = (len(listed), listed[-1].number, ended)
        rendered = self._rendered.get(key)
        if rendered is None or rendered[0] != version:
            rendered = self._rendered[key] = (version, _render(listed, window_seconds, ended=ended))
        return rendered[1]


def _render(listed: list[StoredSegment], window_seconds: float | None, *, ended: bool) -> str:
    segments = [
        Segment(
            uri=segment.file,
            init_uri=f"init-{segment.init}.mp4",
            duration=segment.duration,
            began_at=datetime.fromtimestamp(segment.began_at, UTC),
            discontinuity=segment.discontinuity,
        )
        for segment in listed
    ]
    return media_playlist(segments, window_seconds=window_seconds, ended=ended)


def _playlist(text: str) -> web.Response:
    headers = CORS | {hdrs.CACHE_CONTROL: FRESH}
    return web.Response(text=text, content_type=PLAYLIST_TYPE, headers=headers)
