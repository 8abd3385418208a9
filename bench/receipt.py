"""A receipt checked in real Chromium against a board of 200,000 votes: `python -m bench.receipt`.

The ballot is a real one, closed and published by the server; only its votes are put into the database directly. The
figure is what the page measures from the press of “check” to its verdict: fetching, hashing, counting, every signature.
"""

import asyncio
import hashlib
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestServer
from playwright.async_api import Page, async_playwright

from bench.city import CHROMIUM, FLAGS
from server.app import HOUSE, build_app
from server.ballots.model import Ballot
from server.ballots.receipts import Kept, code_of, promised
from server.ballots.routes import receipt_facts
from server.citizens.model import Tier
from server.config import Settings
from server.episodes.lifecycle import Method, Phase
from server.house import House
from server.kit.embedded import EmbeddedMongo
from server.kit.mongo import Database
from server.people.model import SYSTEM

VOTES = 200_000
OPTIONS = 10
CHOOSE = 3
BATCH = 10_000
RUNS = 7
GOAL_SECONDS = 2.0


class Clock:
    """The real clock, which can be set forward."""

    ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@asynccontextmanager
async def city(folder: Path, clock: Clock) -> AsyncIterator[tuple[House, str]]:
    """A whole server over a database of its own."""
    (folder / "data").mkdir()
    mongod = await EmbeddedMongo.start(folder / "mongod")
    database = Database.connect(mongod.uri, "bench")
    try:
        app = build_app(Settings(data_dir=folder / "data", weekly=False), clock=clock, database=database)
        async with TestServer(app) as server:
            yield app[HOUSE], str(server.make_url("")).rstrip("/")
    finally:
        await database.close()
        await mongod.stop()


async def opened(house: House) -> Ballot:
    """A ballot of ten shops."""
    rows = "".join(f"面馆{n},测试路{n}号,测试区,catering,,B,T{n:04d}\n" for n in range(OPTIONS))
    await house.targets.import_register(
        SYSTEM, f"name,address,district,category,code,grade,key\n{rows}".encode(), "own"
    )
    plan = {Phase.LIVE.value: house.clock() + timedelta(days=2)}
    episode = await house.episodes.create(SYSTEM, title="一期", method=Method.VOTE, plan=plan)
    terms: dict[str, Any] = {
        "episode": episode.id,
        "options": [t.id for t in (await house.targets.search("面馆"))[0][:OPTIONS]],
        "choose": CHOOSE,
        "opens_at": house.clock(),
        "closes_at": house.clock() + timedelta(days=1),
        "tier": Tier.DEVICE,
        "counted_tier": Tier.PHONE,
        "show_tally": False,
        "by": "system",
    }
    return await house.database.transact(lambda tx: house.ballots.open(tx, **terms))


async def fill(house: House, ballot: Ballot) -> dict[str, Any]:
    """All votes, as the box would have kept them; the receipt of one."""
    chance, tiers = random.Random(7), list(Tier)
    kept = None
    for first in range(0, VOTES, BATCH):
        documents = []
        for n in range(first, first + BATCH):
            voter = hashlib.sha256(f"{n}".encode()).hexdigest()
            choices = ",".join(sorted(chance.sample(ballot.options, chance.randint(1, CHOOSE))))
            vote = {"code": code_of(b"bench", voter, "key"), "tier": chance.choice(tiers).value, "choices": choices}
            documents.append({"_id": f"{ballot.id}/{voter}", **vote, "at": ballot.opens_at})
            kept = Kept(ballot.id, vote["code"], vote["tier"], choices, ballot.opens_at)
        await house.ballots.store.insert_votes(documents)
    assert kept is not None
    return dict(receipt_facts(promised([kept], house.ledger.sign)[0]))


async def closed(house: House, ballot: Ballot, clock: Clock) -> float:
    """Its moment comes; seconds until the board is published and in the ledger."""
    clock.ahead = timedelta(days=1, seconds=1)
    began = time.monotonic()
    while "ballot.closed" not in [e.fact.kind async for e in house.ledger.about(ballot.id)]:
        await house.ledger.wait_beyond(house.ledger.head.size, 1)
    return time.monotonic() - began


async def checked(page: Page, url: str, receipt: dict[str, Any]) -> float:
    """One check; its seconds, as the page says them."""
    await page.goto(url)
    await page.locator("textarea[name=receipt]").fill(json.dumps(receipt))
    await page.locator("form button[type=submit]").click()
    await page.wait_for_selector("[data-outcome]", timeout=60_000)
    article = page.locator("[data-receipt-check]")
    assert await article.get_attribute("data-outcome") == "good", await article.inner_text()
    return int(await article.get_attribute("data-milliseconds") or 0) / 1000


async def main() -> int:
    """Prints each check, median and longest."""
    clock = Clock()
    with tempfile.TemporaryDirectory(prefix="seethrough-bench-") as folder:
        async with city(Path(folder), clock) as (house, url), async_playwright() as playwright:
            ballot = await opened(house)
            receipt = await fill(house, ballot)
            print(f"closed and published {await closed(house, ballot, clock):.1f} s")
            published = await house.ballots.get(ballot.id)
            size = house.ballots.board_path(published).stat().st_size
            print(f"board {published.votes:,} lines, {size / 1e6:.1f} MB")
            seconds = []
            for _ in range(RUNS):  # A browser each, so that nothing is in a cache.
                browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
                page = await browser.new_page()
                seconds.append(await checked(page, f"{url}/ballots/{ballot.id}/receipt", receipt))
                await browser.close()
            print(f"receipt checked: median {statistics.median(seconds):.2f} s, longest {max(seconds):.2f} s")
    return 0 if statistics.median(seconds) <= GOAL_SECONDS else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
