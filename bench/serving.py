"""Start, memory, first byte, weight of pages: `python -m bench.serving`."""

import asyncio
import statistics
import time

import aiohttp
import psutil
from playwright.async_api import Browser, async_playwright

from bench.city import CHROMIUM, FLAGS, City, running

ROUNDS = 40
PATHS = ("/", "/episodes", "/targets", "/targets?q=面馆", "/rectifications", "/ledger", "/sign-in")


def server_memory(pid: int) -> float:
    """MiB of the server's own process, unshared and shared, mongod and the demo's camera apart."""
    return float(psutil.Process(pid).memory_info().rss) / 2**20


async def first_bytes(city: City) -> dict[str, float]:
    """Median milliseconds until the headers of each page are there."""
    medians = {}
    async with aiohttp.ClientSession(headers={"Accept": "text/html"}) as http:
        for path in PATHS:
            spent = []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                async with http.get(city.url + path) as reply:
                    spent.append((time.perf_counter() - began) * 1000)
                    assert reply.status == 200
                    await reply.read()
            medians[path] = statistics.median(spent)
    return medians


async def weights(browser: Browser, city: City) -> dict[str, float]:
    """kB that each page brings to a browser with an empty cache: documents, styles, scripts and pictures."""
    found = {}
    for path in PATHS:
        context = await browser.new_context()
        page = await context.new_page()
        await page.goto(city.url + path, wait_until="networkidle" if path == "/sign-in" else "load")
        sizes = await page.evaluate(
            "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
            ".map(entry => entry.transferSize)"
        )
        found[path] = sum(sizes) / 1000
        await context.close()
    return found


async def picture_after(browser: Browser, city: City) -> float:
    """Seconds from the command to a page whose picture moves."""
    page = await browser.new_page(bypass_csp=True)
    await page.goto(f"{city.url}/episodes/{city.episode}")
    await page.wait_for_function("document.querySelector('video')?.currentTime > 0.5", timeout=60_000)
    return time.monotonic() - city.started_at


async def main() -> None:
    """Prints one line a figure."""
    async with running("serve") as empty:
        await asyncio.sleep(5)
        print(f"idle server: {server_memory(empty.pid):.0f} MiB (limit 250)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        async with running() as city:
            print(f"demo, command to a moving picture: {await picture_after(browser, city):.1f} s (limit 20)")
            for path, milliseconds in (await first_bytes(city)).items():
                print(f"first byte {path:<16} median {milliseconds:5.1f} ms (limit 50)")
            for path, kilobytes in (await weights(browser, city)).items():
                print(f"weight     {path:<16} {kilobytes:6.1f} kB (limit 150)")
            print(f"server with a camera and viewers: {server_memory(city.pid):.0f} MiB")
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
