"""From a citizen's proposal to the team at the door: everything chosen in public, and proven by strangers."""

import contextlib
import hashlib
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, Page, expect

from server.kit.clock import now
from tests.fakes import FakeBeacon
from tests.journeys import draw_stranger
from tests.journeys.conftest import Server, accept, free_port, relay, until, visiting
from tests.journeys.draw_stranger_sources import Chain
from tests.journeys.scene import CHECKLIST, conduct
from tests.journeys.stranger import Stranger, root_of
from tests.oidc_provider import running_provider

pytestmark = pytest.mark.journey
SECONDS = 30_000
BALLOT_SECONDS = 45
NUMBERS_SECONDS = 50
REGISTER = "name,address,district,category,code,grade,key\n" + "".join(
    f"试验{kind},试验路{n}号,试验区,catering,,{grade},K{n:04d}\n"
    for n, (kind, grade) in enumerate(zip(("面馆", "小厨", "饺子馆", "粥铺"), "ABCD", strict=True), 1)
)
Launch = Callable[..., Awaitable[Browser]]


@dataclass
class Stage:
    """A server with everybody who plays, each in a browser of their own."""

    server: Server
    beacon: FakeBeacon
    browser: Browser
    stack: contextlib.AsyncExitStack
    operator: Page
    episode: str = ""

    async def visitor(self, path: str = "/") -> Page:
        """Somebody new on a phone."""
        return await self.stack.enter_async_context(visiting(self.browser, self.server.url + path))

    async def hired(self, role: str, login: str, *more: str) -> Page:
        """Somebody with an account, on a phone."""
        page = await self.visitor()
        await accept(page, await self.server.invite(role, f"Person {login}", *more), login)
        return page

    async def json(self, path: str) -> Any:
        """What anybody may read."""
        async with aiohttp.ClientSession() as http, http.get(self.server.url + path) as reply:
            assert reply.status == 200, await reply.text()
            return await reply.json() if reply.content_type == "application/json" else await reply.read()

    async def told(self, path: str, **fields: str) -> Any:
        """What the operator's page sends to a door of an episode or a draw."""
        headers = {"Accept": "application/json"}
        reply = await self.operator.request.post(self.server.url + path, form=fields, headers=headers)
        assert reply.ok, await reply.text()
        return await reply.json()

    async def facts(self, subject: str) -> list[str]:
        """The record about one thing, byte for byte."""
        async with aiohttp.ClientSession() as http:
            vkey = (await self.json("/ledger/key")).decode()
            stranger = Stranger(http, self.server.url, vkey)
            tree = await stranger.checkpoint()
            entries = await stranger.entries(tree.size)
        assert root_of(entries) == tree.root
        return [raw.decode() for raw in entries if json.loads(raw)["subject"] == subject]


@asynccontextmanager
async def opened(chromium: Launch, folder: Path) -> AsyncIterator[Stage]:
    port, beacon = free_port(), FakeBeacon(period=1)
    with running_provider(f"http://127.0.0.1:{port}") as provider:
        async with relay(beacon) as url, contextlib.AsyncExitStack() as stack:
            chain = {f"SEETHROUGH_{name.upper()}": str(value) for name, value in beacon.knobs.items()}
            settings = {"SEETHROUGH_BEACON_URL": url, "SEETHROUGH_DRAW_LEAD_SECONDS": "1", **chain}
            settings["SEETHROUGH_BALLOT_LEAST_MINUTES"] = "0"
            server = Server(folder / "data", port, {**settings, **provider.environment})
            await server.start()
            stack.push_async_callback(server.stop)
            browser = await chromium()
            operator = await stack.enter_async_context(visiting(browser, server.url))
            await accept(operator, await server.invite("operator", "Operator"), "operator")
            (folder / "register.csv").write_text(REGISTER)
            await server.run("targets", "import", str(folder / "register.csv"), "--format", "own")
            await server.run("checklists", "publish", str(CHECKLIST))
            yield Stage(server, beacon, browser, stack, operator)


async def plan(stage: Stage) -> None:
    """The operator announces an episode and opens its nominations."""
    page = stage.operator
    await page.goto(f"{stage.server.url}/operator")
    await page.fill("input[name=title]", "试验街区由你选")
    await page.select_option("select[name=method]", "shortlist")
    await page.fill("input[name=live_at]", f"{now() + timedelta(days=1):%Y-%m-%dT10:00}")
    await page.click("form[action='/episodes'] button")
    await page.wait_for_url(re.compile("/operator/episodes/"))
    stage.episode = page.url.rsplit("/", 1)[1]
    await conduct(page, "nominating")


async def propose(stage: Stage, page: Page, name: str, reason: str) -> None:
    """A citizen finds a shop and says why."""
    await page.goto(f"{stage.server.url}/episodes/{stage.episode}/nominate")
    await page.locator("input[name=q]").press_sequentially(name)
    await page.locator("[data-results] a", has_text=name).click()
    await page.fill("textarea[name=reason]", reason)
    await page.locator("form[data-proven] button[type=submit]").click()
    await page.wait_for_url(re.compile("/nominations/no_"), timeout=SECONDS)


async def shortlist(stage: Stage) -> None:
    """The operator releases the words and puts everything on the shortlist."""
    page = stage.operator
    await page.goto(f"{stage.server.url}/operator/episodes/{stage.episode}/nominations")
    for verb in ("release", "shortlist"):
        buttons = page.locator(f".desk-line form[action$='/{verb}'] button")
        while count := await buttons.count():
            await buttons.first.click()
            await expect(buttons).to_have_count(count - 1, timeout=SECONDS)


async def vote(stage: Stage, page: Page, ballot: str, *names: str) -> dict[str, Any]:
    """Chooses, confirms, and keeps the receipt."""
    await page.goto(f"{stage.server.url}/ballots/{ballot}")
    for name in names:
        await page.locator(".option label", has_text=name).click()
    await page.locator("form[data-vote] button[type=submit]").click()
    await page.locator("[data-cast]").click()
    await expect(page.locator("[data-receipt]")).to_be_visible(timeout=SECONDS)
    kept = await page.evaluate("name => localStorage.getItem(name)", f"receipt:{ballot}")
    return dict(json.loads(kept))


async def verified(stage: Stage, login: str) -> Page:
    """A citizen whom the provider knows."""
    page = await stage.visitor("/citizen")
    await page.click("a[href^='/citizen/verify']")
    await page.fill("input[name=login]", login)
    await page.click("button[value=enter]")
    await page.wait_for_url(re.compile(re.escape(stage.server.url) + "/citizen"), timeout=SECONDS)
    return page


async def recount(stage: Stage, ballot: str) -> tuple[list[str], Counter[str]]:
    """The board, counted by code that shares no line with the server; the record says the same."""
    board: bytes = await stage.json(f"/ballots/{ballot}/board.txt")
    (closed,) = [json.loads(raw)["body"] for raw in await stage.facts(ballot) if '"ballot.closed"' in raw]
    lines = board.decode().splitlines()
    assert lines == sorted(lines)
    assert len({line.split()[0] for line in lines}) == len(lines) == closed["votes"]
    assert hashlib.sha256(board).hexdigest() == closed["board_sha256"]
    assert root_of([line.encode() for line in lines]).hex() == closed["root"]
    counted = Counter(option for line in lines for option in line.split()[2].split(","))
    assert {option: counted[option] for option in closed["counted"]} == closed["counted"]
    assert Counter(line.split()[1] for line in lines) == Counter(closed["raw"])
    return list(closed["result"]), counted


async def check_receipt(stage: Stage, page: Page, ballot: str) -> None:
    """The voter's own browser finds the vote on the board."""
    await page.goto(f"{stage.server.url}/ballots/{ballot}/receipt")
    form = page.locator("form", has=page.locator("textarea[name=receipt]"))
    kept = await page.evaluate("name => localStorage.getItem(name)", f"receipt:{ballot}")
    await form.locator("textarea").fill(kept)
    await form.locator("button[type=submit]").click()
    await page.wait_for_selector("[data-outcome]", timeout=SECONDS)
    states = await page.eval_on_selector_all("[data-step]", "all => all.map(s => s.dataset.state)")
    assert states
    assert set(states) <= {"good", "first", "continued"}, states


async def witnessed(stage: Stage, draw: str, phones: list[Page], viewer: Page) -> None:
    """Two deputies seal and open on their phones while a viewer looks on."""
    await viewer.goto(f"{stage.server.url}/draws/{draw}")
    for phone in phones:
        await phone.goto(f"{stage.server.url}/draws/{draw}/witness")
        await phone.click('[data-do="seal"]', timeout=SECONDS)
        await expect(phone.locator('[data-shown="wait"]')).to_be_visible(timeout=SECONDS)
    for phone in phones:
        await phone.click('[data-do="open"]', timeout=SECONDS)
        await expect(phone.locator('[data-shown="done"]')).to_be_visible(timeout=SECONDS)


async def reached(moment: datetime) -> bool:
    return now() >= moment


async def performed(viewer: Page) -> None:
    """The name fell on the viewer’s screen, and their own browser proved the draw."""
    await expect(viewer.locator("[data-lot]:visible")).to_have_count(1, timeout=SECONDS)
    await expect(viewer.locator('[data-verdict="proven"]')).to_be_visible(timeout=SECONDS)


async def prove(stage: Stage, target_draw: str) -> list[str]:
    """A stranger draws again, target and inspectors, from the record and the pools alone; the standing team."""
    chain = stage.beacon.chain
    chains = [Chain(chain.hash, chain.key, chain.genesis, chain.period)]
    facts, pool = await stage.facts(target_draw), await stage.json(f"/draws/{target_draw}/pool.txt")
    (target,) = draw_stranger.verify(facts, pool, chains=chains).drawn
    place = (await stage.json(f"/targets/{target}.json"))["target"]
    draws = (await stage.json(f"/episodes/{stage.episode}.json"))["draws"]
    team = next(d["id"] for d in draws if d["of"] == "inspectors")
    said = draw_stranger.verify(
        await stage.facts(team),
        await stage.json(f"/draws/{team}/pool.txt"),
        chains=chains,
        draws={target_draw: facts},
        category=place["category"],
        district=place["district"],
    )
    return said.standing


async def test_citizens_choose_lots_decide_and_strangers_prove_it(chromium: Launch, tmp_path: Path) -> None:
    async with opened(chromium, tmp_path) as stage:
        await plan(stage)

        first = await stage.visitor()
        for name in ("试验面馆", "试验小厨"):
            await propose(stage, first, name, f"常去{name}，想看看后厨")
        second = await verified(stage, "citizen-two")
        await propose(stage, second, "试验饺子馆", "味道不错，想看看卫生")
        await shortlist(stage)

        closes_at = now() + timedelta(seconds=BALLOT_SECONDS)
        terms = {"choose": "2", "closes_at": closes_at.isoformat(), "show_tally": "1"}
        ballot = (await stage.told(f"/episodes/{stage.episode}/ballot", **terms))["ballot"]
        receipts = [
            await vote(stage, first, ballot, "试验面馆", "试验饺子馆"),
            await vote(stage, second, ballot, "试验饺子馆"),
        ]
        assert now() < closes_at, "the voters were in time"
        assert [receipt["tier"] for receipt in receipts] == ["device", "verified"]
        inspectors = [await stage.hired("inspector", f"inspector{n}", "--certificate", f"T-{n}") for n in range(3)]
        deputies = [await stage.hired("deputy", f"deputy{n}") for n in range(2)]

        async def closed() -> bool:
            return any('"ballot.closed"' in raw for raw in await stage.facts(ballot))

        await until(closed, BALLOT_SECONDS + 30, "the ballot is closed", pause=1)

        numbers_due = now() + timedelta(seconds=NUMBERS_SECONDS)
        asked = {"ceremony": "on", "commit_minutes": "0.35", "reveal_minutes": "0.4"}
        numbers = {"numbers_name": "试验彩 001 期", "numbers_due": numbers_due.isoformat()}
        draw = (await stage.told(f"/episodes/{stage.episode}/draw", **asked, **numbers))["draw"]
        viewer = await stage.visitor()
        await witnessed(stage, draw, deputies, viewer)
        for page in (first, second):
            await check_receipt(stage, page, ballot)
        result, counted = await recount(stage, ballot)
        assert counted[result[0]] == 2
        await until(lambda: reached(numbers_due), NUMBERS_SECONDS, "the public numbers are out")
        await stage.told(f"/draws/{draw}/sources", source="1", value="9 18 26 34 41 45")
        await performed(viewer)
        marks = await prove(stage, draw)
        assert len(marks) == 2

        await stage.operator.goto(f"{stage.server.url}/operator/episodes/{stage.episode}")
        await conduct(stage.operator, "assign")
        inspection = (await stage.json(f"/episodes/{stage.episode}.json"))["inspection_id"]
        await recuse(stage, inspectors, inspection)
        after = await prove(stage, draw)
        assert (after[0] in marks, len(after), after == marks) == (True, 2, False)

        await viewer.goto(f"{stage.server.url}/episodes/{stage.episode}/why")
        await expect(viewer.locator("main")).to_contain_text("试验")


async def recuse(stage: Stage, inspectors: list[Page], inspection: str) -> None:
    """The first of the team steps back on their own phone."""
    for page in inspectors:
        await page.goto(f"{stage.server.url}/console")
        if await page.locator(f"main a[href='/console/{inspection}']").count():
            form = {"reason": "店主是我的亲戚"}
            headers = {"Accept": "application/json"}
            path = f"{stage.server.url}/inspections/{inspection}/recuse"
            reply = await page.request.post(path, form=form, headers=headers)
            assert reply.ok, await reply.text()
            return
    raise AssertionError("nobody is on the team")
