"""The real register is imported, an episode is drawn from it, and a stranger draws again."""

import json
import re
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from server.kit.clock import now
from tests.journeys import draw_stranger
from tests.journeys.conftest import PASSWORD, Server, until
from tests.journeys.draw_stranger_sources import Chain
from tests.journeys.stranger import Stranger

pytestmark = pytest.mark.journey

REGISTER = Path(__file__).parents[3] / "shared/data/lives-sf/businesses.csv"
CHECKLIST = Path(__file__).parents[2] / "server/targets/checklists/catering.json"
ROWS = 7744
JSON = {"Accept": "application/json"}


@pytest.mark.skipif(not REGISTER.exists(), reason="the real register is not on this machine (../shared/data/lives-sf)")
async def test_an_episode_is_drawn_from_the_real_register_and_goes_live(server: Server) -> None:
    out = await server.run("targets", "import", str(REGISTER), "--format", "lives")
    assert re.search(rf"\b{ROWS:,}\b|\b{ROWS}\b", out), out
    await server.run("checklists", "publish", str(CHECKLIST))
    links = [await server.invite("inspector", f"Inspector {n}", "--certificate", f"T-{n}") for n in range(2)]
    links.append(await server.invite("operator", "Operator"))
    jar = aiohttp.CookieJar(unsafe=True)  # for an address without a name
    async with aiohttp.ClientSession(headers=JSON, cookie_jar=jar) as http:
        for n, link in enumerate(links):
            async with http.post(link, json={"login": f"person{n}", "password": PASSWORD}) as reply:
                assert reply.status == 201, await reply.text()
        live_at = (now() + timedelta(days=1)).isoformat()
        plan = {"title": "真实名录抽签", "method": "draw", "live_at": live_at, "category": "catering"}
        async with http.post(f"{server.url}/episodes", json=plan) as reply:
            assert reply.status == 201, await reply.text()
            episode = (await reply.json())["id"]
        await _post(http, f"{server.url}/episodes/{episode}/draw")

        async def drawn() -> bool:
            async with http.get(f"{server.url}/episodes/{episode}.json") as reply:
                return (await reply.json())["episode"]["target_id"] is not None

        await until(drawn, 30, "the beacon's round is out and the lot has fallen")
        for action in ("assign", "start"):
            await _post(http, f"{server.url}/episodes/{episode}/{action}")
        async with http.get(f"{server.url}/episodes/{episode}.json") as reply:
            shown = await reply.json()
        assert shown["episode"]["phase"] == "live"
        draw = next(d for d in shown["draws"] if d["of"] == "target")
        await _draw_again(http, server, draw["id"], shown["episode"]["target_id"])


async def _post(http: aiohttp.ClientSession, address: str) -> None:
    async with http.post(address) as reply:
        assert reply.status == 201, await reply.text()


async def _draw_again(http: aiohttp.ClientSession, server: Server, draw: str, winner: str) -> None:
    """Recomputes the lot from the record and the pool, as somebody does who has the text alone."""
    async with http.get(f"{server.url}/ledger/key") as reply:
        stranger = Stranger(http, server.url, await reply.text())
    entries = await stranger.entries((await stranger.checkpoint()).size)
    facts = [raw.decode() for raw in entries if json.loads(raw)["subject"] == draw]
    async with http.get(f"{server.url}/draws/{draw}/pool.txt") as reply:
        pool = await reply.read()
    told = {name: server.environment[f"SEETHROUGH_BEACON_{name}"] for name in ("HASH", "KEY", "GENESIS", "PERIOD")}
    chain = Chain(told["HASH"], told["KEY"], int(told["GENESIS"]), int(told["PERIOD"]))
    assert draw_stranger.verify(facts, pool, chains=[chain]).drawn == [winner]
    assert len(pool.splitlines()) > 5000
