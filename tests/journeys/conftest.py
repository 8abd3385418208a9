"""A whole server as its users start it, and real browsers to use it with."""

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import av
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image, ImageDraw
from playwright.async_api import Browser, Page, async_playwright

from server.kit.clock import now
from tests.fakes import FakeBeacon

START_SECONDS = 60
PASSWORD = "a long enough password"
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """One `seethrough serve` on a data directory of its own; it can be killed and started again."""

    folder: Path
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def env(self) -> dict[str, str]:
        ours = {
            "SEETHROUGH_DATA_DIR": str(self.folder),
            "SEETHROUGH_PORT": str(self.port),
            "SEETHROUGH_SAFETY_DELAY_SECONDS": "0",
            "SEETHROUGH_LEDGER_ORIGIN": "journey.example/ledger",
        }
        outside = {k: v for k, v in os.environ.items() if not k.startswith("SEETHROUGH_")}
        return {**outside, **ours, **self.environment}

    async def start(self) -> None:
        log = (self.folder.parent / f"{self.folder.name}.log").open("ab")
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server", "serve", env=self.env(), stdout=log, stderr=log
        )
        log.close()
        await until(self.healthy, START_SECONDS, "the server answers")

    async def healthy(self) -> bool:
        assert self.process is not None
        assert self.process.returncode is None, "the server ended: " + self.log()[-2000:]
        return (await self.health()).get("status") == "ok"

    async def health(self) -> dict[str, Any]:
        try:
            async with aiohttp.ClientSession() as http, http.get(f"{self.url}/healthz") as reply:
                return dict(await reply.json())
        except aiohttp.ClientError:
            return {}

    def log(self) -> str:
        return (self.folder.parent / f"{self.folder.name}.log").read_text()

    async def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(self.process.wait(), 15)

    async def run(self, *words: str) -> str:
        """A command beside the running server."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "server",
            *words,
            env=self.env(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, problem = await process.communicate()
        assert process.returncode in (0, 1), problem.decode()
        return out.decode()

    async def invite(self, role: str, name: str, *more: str) -> str:
        """A one-time link."""
        out = await self.run("account", "invite", "--role", role, "--name", name, *more)
        found = re.search(r"http\S+/invitations/\S+", out)
        assert found, out
        return found.group(0)


async def until(question: Callable[[], Awaitable[object]], seconds: float, what: str, pause: float = 0.1) -> Any:
    """Asks until the answer is truthy; fails by saying what did not come."""
    give_up_at = asyncio.get_running_loop().time() + seconds
    while True:
        answer = await question()
        if answer:
            return answer
        assert asyncio.get_running_loop().time() < give_up_at, f"waited {seconds} s in vain until {what}"
        await asyncio.sleep(pause)


@asynccontextmanager
async def relay(beacon: FakeBeacon) -> AsyncIterator[str]:
    """A relay of a beacon on this machine: it has each round from its moment on, as drand's relays do."""

    async def round_of(request: web.Request) -> web.Response:
        number = int(request.match_info["round"])
        if now() < beacon.chain.at(number):
            raise web.HTTPNotFound
        said = {"round": number, "randomness": beacon.randomness(number), "signature": beacon.signature(number)}
        return web.json_response(said)

    app = web.Application()
    app.router.add_get(f"/{beacon.chain.hash}/public/{{round:[0-9]+}}", round_of)
    async with TestServer(app) as opened:
        yield str(opened.make_url("")).rstrip("/")


@pytest.fixture
async def beacon() -> AsyncIterator[dict[str, str]]:
    """Settings that wait for a beacon of our own, whose relay runs."""
    ours = FakeBeacon(period=1)
    async with relay(ours) as url:
        chain = {f"SEETHROUGH_{name.upper()}": str(value) for name, value in ours.knobs.items()}
        yield {**chain, "SEETHROUGH_BEACON_URL": url, "SEETHROUGH_DRAW_LEAD_SECONDS": "1"}


@pytest.fixture
async def server(tmp_path: Path, beacon: dict[str, str]) -> AsyncIterator[Server]:
    """A server that runs, and is stopped as an operator would stop it."""
    running = Server(tmp_path / "data", free_port(), dict(beacon))
    await running.start()
    try:
        yield running
    finally:
        await running.stop()


Launch = Callable[..., Any]


@pytest.fixture
async def chromium() -> AsyncIterator[Callable[..., Awaitable[Browser]]]:
    """Starts browsers; `film=` gives one a video file for its camera."""
    async with async_playwright() as playwright:
        started: list[Browser] = []

        async def launch(film: Path | None = None) -> Browser:
            flags = [*FLAGS, f"--use-file-for-fake-video-capture={film}"] if film else FLAGS
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
            started.append(browser)
            return browser

        yield launch
        for browser in started:
            await browser.close()


@asynccontextmanager
async def visiting(browser: Browser, url: str, **options: Any) -> AsyncIterator[Page]:
    """A person of their own (cookies apart) on a page; errors that the page logs fail the test."""
    context = await browser.new_context(viewport={"width": 360, "height": 740}, **options)
    page = await context.new_page()
    await page.goto(url)
    try:
        yield page
    finally:
        await context.close()


async def accept(page: Page, link: str, login: str) -> None:
    """Opens an account by an invitation, as a person does."""
    await page.goto(link)
    await page.fill("input[name=login]", login)
    await page.fill("input[name=password]", PASSWORD)
    again = page.locator("input[name=password_again]")
    if await again.count():
        await again.fill(PASSWORD)
    await page.click("main form button[type=submit]")
    await page.wait_for_url(lambda url: "/invitations/" not in url)


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real video file (MJPEG, 320×240, 6 s) in which every frame differs; small, for two cores carry it all."""
    path = tmp_path_factory.mktemp("film") / "street.mjpeg"
    with av.open(str(path), "w", format="mjpeg") as container:
        stream = container.add_stream("mjpeg", rate=15)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuvj420p"
        for n in range(90):
            picture = Image.linear_gradient("L").resize((320, 240)).convert("RGB")
            drawing = ImageDraw.Draw(picture)
            drawing.rectangle((n * 7 % 300, 0, n * 7 % 300 + 20, 240), "white")
            drawing.rectangle((0, n * 5 % 220, 320, n * 5 % 220 + 20), "crimson")
            frame = av.VideoFrame.from_image(picture).reformat(format="yuvj420p")
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


PIXELS = """async (video) => {
  const canvas = document.createElement('canvas');
  canvas.width = 64; canvas.height = 48;
  const drawing = canvas.getContext('2d');
  drawing.drawImage(video, 0, 0, 64, 48);
  return Array.from(drawing.getImageData(0, 0, 64, 48).data);
}"""


async def picture_moves(page: Page, seconds: float = 30) -> None:
    """The pixels that the page shows change over time, and they are a picture, not one colour."""
    video = page.locator("video").first
    await video.wait_for(state="attached", timeout=seconds * 1000)
    last: list[int] | None = None
    changes = 0

    async def moved() -> bool:
        nonlocal last, changes
        pixels = await video.evaluate(PIXELS)
        if len(set(pixels)) > 8 and last is not None and pixels != last:
            changes += 1
        last = pixels
        return changes >= 3

    await until(moved, seconds, "the picture moves", pause=0.5)
