"""A whole streaming room on a real socket, small real media, and people who publish and watch."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from streaming.camera import Camera, Picture
from streaming.camera_scene import scene_frames
from streaming.channels import ChannelEvent, Channels
from streaming.hls import Hls
from streaming.media import MediaFrame
from streaming.tasks import Tasks
from streaming.whep import Whep
from streaming.whep_client import WhepClient
from streaming.whip import Publisher, Refused, Whip

SMALL = Picture(width=320, height=180, rate=10, bit_rate=200_000)
REFUSED = {"lost": Refused.UNKNOWN_CHANNEL, "early": Refused.NOT_LIVE, "other": Refused.WRONG_CHANNEL}


async def wait_until(condition: Callable[[], object], seconds: float = 12) -> None:
    """Poll until the condition holds; fail at the deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the awaited did not happen in time"
        await asyncio.sleep(0.02)


@pytest.fixture
def until() -> Callable[..., object]:
    return wait_until


@pytest.fixture(scope="session")
def shot() -> list[MediaFrame]:
    """Five seconds of the drawn kitchen, as the camera encodes it."""
    frames = []
    for frame in scene_frames(SMALL, lambda: False):
        if frame.seconds >= 5:
            return frames
        frames.append(frame)
    raise AssertionError


@dataclass
class Room:
    """The room as a server would wire it; `watched` and `camera` are how people come in."""

    root: Path
    base: str = ""
    events: list[ChannelEvent] = field(default_factory=list)
    http: ClientSession = field(default_factory=ClientSession)

    def __post_init__(self) -> None:
        self.hls = Hls(self.root)
        self.channels = Channels(on_event=self._note, outputs=lambda name: [self.hls.packager(name)])
        self.whip = Whip(self.channels, may_publish=self._may_publish)
        self.whep = Whep(self.channels, may_monitor=self._may_monitor, max_monitors=12)

    async def _note(self, event: ChannelEvent) -> None:
        self.events.append(event)

    async def _may_publish(self, token: str, _channel: str) -> Publisher | None:
        """Tokens are `<person>` or `<person>.<why not>`; nobody is called stranger."""
        person, _, why_not = token.partition(".")
        return None if person == "stranger" else Publisher(person, REFUSED.get(why_not))

    async def _may_monitor(self, request: web.Request, _channel: str) -> bool:
        return request.headers.get("Authorization") != "Bearer stranger"

    def kinds(self) -> list[str]:
        return [str(event.kind) for event in self.events]

    @asynccontextmanager
    async def camera(self, channel: str, token: str = "anna") -> AsyncIterator[None]:
        """A small camera publishing while inside."""
        camera = Camera.drawing(f"{self.base}/whip/{channel}", token, SMALL)
        tasks = Tasks()
        tasks.start(camera.run(), "camera")
        try:
            yield
        finally:
            await tasks.close()

    @asynccontextmanager
    async def watched(self, channel: str) -> AsyncIterator[list[tuple[str, int, bytes]]]:
        """What a monitor receives while inside."""
        frames: list[tuple[str, int, bytes]] = []
        url = f"{self.base}/whep/{channel}"
        async with WhepClient(url, lambda kind, at, data: frames.append((kind, at, data))):
            yield frames

    async def playlist(self, channel: str, name: str = "index.m3u8") -> str:
        async with self.http.get(f"{self.base}/hls/{channel}/{name}") as reply:
            return await reply.text() if reply.status == 200 else ""

    async def close(self) -> None:
        await self.whip.close()
        await self.whep.close()
        await self.channels.close()


@asynccontextmanager
async def running(root: Path) -> AsyncIterator[Room]:
    room = Room(root)
    app = web.Application()
    for part in (room.whip, room.whep, room.hls):
        app.add_routes(part.routes())
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    room.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield room
    finally:
        await room.close()
        await room.http.close()
        await runner.cleanup()


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with running(tmp_path / "hls") as room:
        yield room


@pytest.fixture
def run_room() -> Callable[[Path], AbstractAsyncContextManager[Room]]:
    """For tests that start a room again where another one stopped."""
    return running
