"""How long a browser takes to verify a draw of 50 from 1,000,000: `python -m bench.draw_browser [MEMBERS]`.

Real Chromium, the page's own worker; the pool goes over loopback. Two witnesses and a genuine drand round decide.
"""

import asyncio
import hashlib
import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from playwright.async_api import async_playwright

from bench.city import CHROMIUM, FLAGS
from server.draws import shuffle
from server.draws.pool import Member, Pool, freeze, salt, tickets_of
from server.draws.proof import QUICKNET
from server.kit.clock import iso

MEMBERS = 1_000_000
WANTED = 50
GOAL_SECONDS = 20.0
ROUND = 1000
SIGNATURE = "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39"
DRAW = "dr_bench"
VERIFY = """(url) => new Promise((resolve, reject) => {
  const began = performance.now();
  const said = { steps: [], progress: 0 };
  const worker = new Worker("/static/modules/draw_worker.js", { type: "module" });
  worker.onerror = (event) => reject(event.message);
  worker.onmessage = ({ data }) => {
    if (data.progress) said.progress += 1;
    if (data.step) said.steps.push([data.step.step, data.step.state, performance.now() - began]);
    if (data.verdict || data.trouble) resolve({ ...said, ...data, seconds: (performance.now() - began) / 1000 });
  };
  worker.postMessage({ url });
})"""


def made(count: int) -> Pool:
    """A pool with weights as a city's risk grades give them."""
    return freeze((Member(f"ta_{n:016d}", (1, 2, 2, 2, 4, 8)[n % 6]) for n in range(count)), bytes(32))


def proof_of(pool: Pool) -> dict[str, Any]:
    """What `/draws/{id}.json` says of it."""
    value = hashlib.sha256(bytes.fromhex(SIGNATURE)).hexdigest()
    key = shuffle.key(DRAW, pool.sha256, [value])
    lots = shuffle.lots(key, tickets_of(pool.file), WANTED)
    drawn = [[pool.ids[at], salt(pool.secret, pool.ids[at]).hex()] for at in lots]
    announced = {
        "of": "target", "attempt": 1, "pool_sha256": pool.sha256, "members": pool.members, "tickets": pool.tickets,
        "excluded": {}, "wanted": WANTED, "algorithm": "sha256", "filter": {},
        "sources": [{"kind": "beacon", "chain": QUICKNET.hash, "round": ROUND}],
    }  # fmt: skip
    sourced = {"source": 0, "value": value, "proof": SIGNATURE, "missing": []}
    facts = [
        fact("draw.announced", ROUND - 100, announced),
        fact("draw.sourced", ROUND, sourced),
        fact("draw.drawn", ROUND, {"key": key.hex(), "drawn": drawn}),
    ]
    return {"id": DRAW, "announcement": facts[0], "facts": facts, "pool_url": f"/draws/{DRAW}/pool.txt"}


def fact(kind: str, round: int, body: dict[str, Any]) -> str:
    at: datetime = QUICKNET.at(round).astimezone(UTC)
    return json.dumps({"kind": kind, "at": iso(at), "subject": DRAW, "by": "operator", "body": body})


async def serve(pool: Pool) -> tuple[web.AppRunner, str]:
    proof = proof_of(pool)
    app = web.Application()

    async def page(_request: web.Request) -> web.StreamResponse:
        return web.Response(text="<!doctype html>", content_type="text/html")

    async def twin(_request: web.Request) -> web.StreamResponse:
        return web.json_response(proof)

    async def file(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=pool.file, content_type="text/plain")

    app.router.add_get("/", page)
    app.router.add_get(f"/draws/{DRAW}.json", twin)
    app.router.add_get(f"/draws/{DRAW}/pool.txt", file)
    app.router.add_static("/static", "web/static")
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


async def verified(url: str) -> dict[str, Any]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page()
        await page.goto(url)
        said: dict[str, Any] = await page.evaluate(VERIFY, f"/draws/{DRAW}.json")
        await browser.close()
    return said


async def main(count: int) -> int:
    began = time.perf_counter()
    pool = made(count)
    print(f"{pool.members:,} members, {len(pool.file) / 1e6:.0f} MB, frozen in {time.perf_counter() - began:.1f} s")
    runner, url = await serve(pool)
    said = await verified(url)
    await runner.cleanup()
    for step, state, at in said["steps"]:
        print(f"{at / 1000:8.2f} s  {step}: {state}")
    print(f"verified in the browser: {said['verdict']} in {said['seconds']:.1f} s, goal {GOAL_SECONDS:.0f} s,", end=" ")
    print(f"progress told {said['progress']} times")
    return 0 if said["verdict"] == "proven" and said["seconds"] <= GOAL_SECONDS else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else MEMBERS)))
