"""From the tap on publish to the words on a viewer's page, while a camera runs: `python -m bench.finding_delay`.

The finding goes over HTTP as the console sends it, with a photo; the page is real Chromium with the player running.
"""

import asyncio
import io
import secrets
import statistics
import time

import aiohttp
from PIL import Image
from playwright.async_api import Page, async_playwright

from bench.city import CHROMIUM, FLAGS, City, running, signed_in

FINDINGS = 100
ITEMS = ("C01", "C02", "C03", "C05", "C06", "C08", "C09", "C10", "C12")


def photo() -> bytes:
    """A photo as the console hands it over: 1600 × 1200."""
    out = io.BytesIO()
    Image.radial_gradient("L").resize((1600, 1200)).convert("RGB").save(out, "JPEG", quality=85)
    return out.getvalue()


async def publish(http: aiohttp.ClientSession, city: City, inspection: str, n: int, words: str, picture: bytes) -> None:
    """One finding, as the console sends it."""
    form = aiohttp.FormData()
    fields = {"item": ITEMS[n % len(ITEMS)], "result": "fail", "severity": "low", "words": words}
    for name, value in {**fields, "key": secrets.token_hex(8)}.items():
        form.add_field(name, value)
    form.add_field("photo", picture, filename="photo.jpg", content_type="image/jpeg")
    async with http.post(f"{city.url}/inspections/{inspection}/findings", data=form) as reply:
        assert reply.status == 201, await reply.text()


async def measure(http: aiohttp.ClientSession, city: City, inspection: str, page: Page) -> list[float]:
    """Seconds of each finding."""
    picture, delays = photo(), []
    for n in range(FINDINGS):
        words = f"测量 {n:03d} {secrets.token_hex(4)}"
        seen = asyncio.ensure_future(  # noqa: TID251  # awaited below
            page.wait_for_function(
                "words => document.querySelector('[data-findings]').textContent.includes(words)", arg=words
            )
        )
        await asyncio.sleep(0.2)
        tapped = time.monotonic()
        sent = asyncio.ensure_future(publish(http, city, inspection, n, words, picture))  # noqa: TID251  # the same
        await seen
        delays.append(time.monotonic() - tapped)
        await sent
    return delays


async def main() -> None:
    """Prints median, p99 and the longest."""
    async with running() as city, signed_in(city, "inspector") as http, async_playwright() as playwright:
        async with http.get(f"{city.url}/episodes/{city.episode}.json") as reply:
            inspection = (await reply.json())["inspection_id"]
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        page = await browser.new_page(bypass_csp=True)
        await page.goto(f"{city.url}/episodes/{city.episode}")
        await page.wait_for_function("document.querySelector('video')?.currentTime > 1", timeout=60_000)
        delays = sorted(await measure(http, city, inspection, page))
        await browser.close()
    p99 = delays[min(len(delays) - 1, round(0.99 * len(delays)) - 1)]
    print(
        f"finding → page, {FINDINGS} findings with a photo: median {statistics.median(delays) * 1000:.0f} ms, ", end=""
    )
    print(f"p99 {p99 * 1000:.0f} ms, longest {delays[-1] * 1000:.0f} ms (limit 1000 ms at p99)")


if __name__ == "__main__":
    asyncio.run(main())
