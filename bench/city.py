"""The demo city as a process of its own, for benches that measure what people see."""

import asyncio
import contextlib
import os
import re
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

START_SECONDS = 60
CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)


@dataclass(frozen=True)
class City:
    """A demo that runs: address, live episode, people's passwords, process, the moment it was started."""

    url: str
    episode: str
    passwords: dict[str, str]
    pid: int
    started_at: float


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def running(command: str = "demo") -> AsyncIterator[City]:
    """`seethrough demo` (or `serve`) on a directory of its own, ended with the bench."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="seethrough-bench-") as folder:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SEETHROUGH_")}
        environment |= {"SEETHROUGH_PORT": str(port), "SEETHROUGH_DATA_DIR": str(Path(folder) / "data")}
        started_at = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "server",
            command,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            said = await asyncio.wait_for(_said(process, command), START_SECONDS)
            yield _city(f"http://127.0.0.1:{port}", said, process.pid, started_at)
        finally:
            with contextlib.suppress(ProcessLookupError):  # It ended by itself; whoever waited has said so.
                process.terminate()
            await process.wait()


async def _said(process: asyncio.subprocess.Process, command: str) -> str:
    """What it prints until it is ready."""
    assert process.stdout is not None
    said = ""
    last = "Ctrl-C" if command == "demo" else "listens on"
    while last not in said:
        line = await process.stdout.readline()
        assert line, "the server ended"
        said += line.decode()
    return said


def _city(url: str, said: str, pid: int, started_at: float) -> City:
    episode = re.search(r"/episodes/(\S+)", said)
    people = re.findall(r"^\s+(?:operator|inspector|deputy)\s+(\S+)\s+(\S+)$", said, re.MULTILINE)
    return City(url, episode.group(1) if episode else "", dict(people), pid, started_at)


@asynccontextmanager
async def signed_in(city: City, login: str) -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client of somebody."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(headers={"Accept": "application/json"}, cookie_jar=jar) as http:
        body = {"login": login, "password": city.passwords[login]}
        async with http.post(f"{city.url}/sign-in", json=body) as reply:
            assert reply.status == 200, await reply.text()
        yield http
