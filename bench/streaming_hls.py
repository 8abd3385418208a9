"""CPU of one 720p30 1.5 Mbit/s camera, received and packaged as HLS with AAC: `python -m bench.streaming_hls`.

The camera runs in another process and only copies a file; what is measured is the server's process alone.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from aiohttp import web

from streaming.channels import ChannelEvent, Channels
from streaming.hls import Hls
from streaming.whep import Whep
from streaming.whip import Publisher, Whip

SECONDS = 15


@dataclass
class Server:
    """A streaming room in this process, on a port of its own."""

    base: str
    hls: Hls
    channels: Channels
    started: asyncio.Event


def make_film(folder: Path) -> Path:
    """Ten seconds of noisy 720p30 at 1.5 Mbit/s with Opus, as a phone would send it."""
    film = folder / "film.mkv"
    picture = ["-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30", "-f", "lavfi", "-i", "sine=r=48000"]
    h264 = ["-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "baseline", "-g", "60", "-pix_fmt", "yuv420p"]
    rate = ["-b:v", "1500k", "-minrate", "1500k", "-maxrate", "1500k", "-bufsize", "1500k", "-nal-hrd", "cbr"]
    sound = ["-c:a", "libopus", "-b:a", "48k", "-ac", "2"]
    subprocess.run(["ffmpeg", "-v", "error", *picture, "-t", "10", *h264, *rate, *sound, str(film)], check=True)
    return film


@asynccontextmanager
async def serving(root: Path, *, packaging: bool) -> AsyncIterator[Server]:
    """The room, with or without HLS."""
    started = asyncio.Event()

    async def note(_event: ChannelEvent) -> None:
        started.set()

    async def anyone(token: str, _channel: str) -> Publisher:
        return Publisher(token)

    async def everyone(_request: web.Request, _channel: str) -> bool:
        return True

    hls = Hls(root)
    channels = Channels(on_event=note, outputs=lambda name: [hls.packager(name)] if packaging else [])
    whip, whep = Whip(channels, may_publish=anyone), Whep(channels, may_monitor=everyone)
    app = web.Application()
    app.add_routes([*whip.routes(), *whep.routes(), *hls.routes()])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield Server(f"http://127.0.0.1:{runner.addresses[0][1]}", hls, channels, started)
    finally:
        await whep.close()
        await whip.close()
        await channels.close()
        await runner.cleanup()


@asynccontextmanager
async def publishing(server: Server, film: Path) -> AsyncIterator[None]:
    """A camera in another process, playing the film; its picture has arrived inside."""
    camera = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "streaming.camera", f"{server.base}/whip/bench"],
        *["--token", "anna", "--file", str(film)],
        stderr=subprocess.DEVNULL,
    )
    try:
        await asyncio.wait_for(server.started.wait(), 20)
        await asyncio.sleep(1)
        yield
    finally:
        camera.terminate()
        await camera.wait()


async def cpu_percent(seconds: float) -> float:
    """This process's CPU while it serves, in per cent of one core."""
    process = psutil.Process()
    before, began = sum(process.cpu_times()[:2]), time.monotonic()
    await asyncio.sleep(seconds)
    return (sum(process.cpu_times()[:2]) - before) / (time.monotonic() - began) * 100


async def measure(film: Path, root: Path, *, packaging: bool) -> tuple[float, Server]:
    async with serving(root, packaging=packaging) as server, publishing(server, film):
        return await cpu_percent(SECONDS), server


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        film = make_film(Path(folder))
        received, _ = await measure(film, Path(folder) / "none", packaging=False)
        packaged, server = await measure(film, Path(folder) / "hls", packaging=True)
        store = server.hls.store("bench")
        segments = store.listed() if store else []
        rate = sum(s.size for s in segments) * 8 / sum(s.duration for s in segments) / 1e6
        print("| one 720p30 1.5 Mbit/s camera        | of one core |")
        print("|-------------------------------------|-------------|")
        print(f"| received, encoded frames only       | {received:9.1f} % |")
        print(f"| received and packaged (H.264 + AAC) | {packaged:9.1f} % |")
        print(f"{len(segments)} segments, {rate:.2f} Mbit/s, longest {max(s.duration for s in segments):.2f} s")


if __name__ == "__main__":
    asyncio.run(main())
