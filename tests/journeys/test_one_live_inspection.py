"""One live inspection from the operator's desk to the rectification, in real browsers, and a stranger who checks it."""

import asyncio
import io
import statistics
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from PIL import Image
from playwright.async_api import Browser, Page, expect

from tests.journeys.conftest import Server, picture_moves, until, visiting
from tests.journeys.scene import Scene, on_air, publish, shown, snapshot
from tests.journeys.stranger import Stranger

pytestmark = pytest.mark.journey

WORDS = "后厨冷柜里有一瓶过期酱油"
ITEMS = ("C06", "C04", "C08", "C09", "C11")


async def test_a_finding_reaches_every_viewer_within_a_second(
    server: Server, chromium: Callable[..., Awaitable[Browser]], film: Path, tmp_path: Path
) -> None:
    async with on_air(server, chromium, film, tmp_path) as scene:
        public = await chromium()
        page_url = f"{server.url}/episodes/{scene.episode}"
        async with visiting(public, page_url) as one, visiting(public, page_url) as two:
            await asyncio.gather(picture_moves(one), picture_moves(two))
            await picture_moves(scene.operator)  # by WHEP, without delay
            await scene.operator.goto("about:blank")  # One browser less to draw for, on two cores.
            delays = [await delay_of(scene.inspector, (one, two), item) for item in ITEMS]
            assert statistics.median(delays) <= 1.0, delays
            await _follow(one, two, scene)


async def delay_of(inspector: Page, viewers: tuple[Page, Page], item: str) -> float:
    """Seconds from the tap until the words of a finding with a photo are on both pages."""
    words = f"{WORDS}（{item}）"
    waiting = asyncio.gather(*(shown(viewer, words) for viewer in viewers))
    tapped = await publish(inspector, words, item, snapshot())
    return max(await waiting) - tapped


async def _follow(one: Page, two: Page, scene: Scene) -> None:
    """The photo is there without its place, the rectification has a page, the record holds the finding."""
    photo = one.locator("[data-finding] img").first
    await until(lambda: photo.evaluate("image => image.naturalWidth > 0"), 5, "the photo is loaded")
    finding = await one.locator("[data-finding]").first.get_attribute("data-finding")
    assert finding == await two.locator("[data-finding]").first.get_attribute("data-finding")
    await one.locator("[data-finding] a[href^='/rectifications/']").first.click()
    await expect(one.locator("h1")).to_be_visible()
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{scene.server.url}/ledger/key") as reply:
            vkey = await reply.text()
        stranger = Stranger(http, scene.server.url, vkey)
        fact = await stranger.prove_included("finding.published", finding or "")
        async with http.get(f"{scene.server.url}/evidence/{fact['body']['photos'][0]}.jpg") as reply:
            stored = await reply.read()
    assert not Image.open(io.BytesIO(stored)).getexif()
