"""What is killed while it works comes back by itself, and nothing that was acknowledged is lost."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import psutil
import pytest
from playwright.async_api import Browser, expect

from tests.journeys.conftest import Server, picture_moves, until, visiting
from tests.journeys.scene import on_air, publish, shown
from tests.journeys.stranger import Stranger

pytestmark = pytest.mark.journey

Launch = Callable[..., Awaitable[Browser]]


async def test_a_killed_server_comes_back_and_nobody_touches_anything(
    server: Server, chromium: Launch, film: Path, tmp_path: Path
) -> None:
    async with on_air(server, chromium, film, tmp_path) as scene, aiohttp.ClientSession() as http:
        public = await chromium()
        async with visiting(public, f"{server.url}/episodes/{scene.episode}") as viewer:
            await picture_moves(viewer)
            await publish(scene.inspector, "第一条：砧板没有标识", "C04")
            await shown(viewer, "第一条：砧板没有标识")
            box = scene.inspector.locator("[data-item=C04]")
            await expect(box.locator("[data-state=published]")).to_be_visible()
            async with http.get(f"{server.url}/ledger/key") as reply:
                stranger = Stranger(http, server.url, await reply.text())
            before = await stranger.checkpoint()

            await server.kill()
            await publish(scene.inspector, "第二条：断线时写下", "C06")  # kept on the phone until the server is back
            await server.start()

            after = await stranger.prove_prefix(before)
            assert after.size >= before.size
            await stranger.prove_included("finding.published", await first_finding(viewer, "第一条"))
            await expect(scene.inspector.locator("[data-on-air] [data-state=live]")).to_be_visible(timeout=30_000)
            await picture_moves(viewer, 40)
            await shown(viewer, "第二条：断线时写下")
            assert await viewer.locator("[data-finding]", has_text="第一条").count() == 1
            assert await viewer.locator("[data-finding]", has_text="第二条").count() == 1


async def first_finding(page: object, words: str) -> str:
    found = page.locator("[data-finding]", has_text=words).first  # type: ignore[attr-defined]  # a Page
    return str(await found.get_attribute("data-finding"))


async def test_a_killed_database_is_said_and_comes_back(server: Server) -> None:
    def kill_database() -> None:
        for child in psutil.Process(server.process.pid).children(recursive=True):
            if "mongod" in child.name():
                os.kill(child.pid, signal.SIGKILL)

    async def down() -> bool:
        kill_database()  # again and again: the watcher brings it back within a second
        return (await server.health()).get("status") == "database unavailable"

    await until(down, 30, "/healthz says that the database is away", pause=0.05)
    async with aiohttp.ClientSession(headers={"Accept": "application/json"}) as http:
        body = {"login": "somebody", "password": "does not matter"}
        async with http.post(f"{server.url}/sign-in", json=body) as reply:
            if reply.status != 503:  # The watcher may have been faster than we are.
                assert reply.status == 401
            else:
                error = (await reply.json())["error"]
                assert "database" in error["message"].lower() or "数据库" in error["message"]
                assert int(reply.headers["Retry-After"]) >= 1
    await until(server.healthy, 30, "the database is back")


async def test_sigterm_stops_within_ten_seconds_while_people_watch(server: Server) -> None:
    async with aiohttp.ClientSession() as http, http.get(f"{server.url}/events") as events:
        assert events.status == 200
        await asyncio.wait_for(server.stop(), 10)
    assert server.process is not None
    assert server.process.returncode == 0
