"""The real register is imported, an episode is drawn from it, and a stranger draws again."""

import hashlib
import re
from pathlib import Path

import aiohttp
import pytest

from tests.journeys.conftest import PASSWORD, Server

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
        plan = {"title": "真实名录抽签", "method": "draw", "live_at": "2026-03-06T10:00", "category": "catering"}
        async with http.post(f"{server.url}/episodes", json=plan) as reply:
            assert reply.status == 201, await reply.text()
            episode = (await reply.json())["id"]
        for action in ("draw", "assign", "start"):
            async with http.post(f"{server.url}/episodes/{episode}/{action}") as reply:
                assert reply.status == 201, await reply.text()
        async with http.get(f"{server.url}/episodes/{episode}.json") as reply:
            shown = await reply.json()
        assert shown["episode"]["phase"] == "live"
        draw = next(d for d in shown["draws"] if d["of"] == "target")
        await _draw_again(http, server.url, draw["url"], shown["episode"]["target_id"])


async def _draw_again(http: aiohttp.ClientSession, base: str, url: str, winner: str) -> None:
    """Recomputes the lot from what is published, with nothing but SHA-256."""
    async with http.get(f"{base}{url}.json") as reply:
        draw = await reply.json()
    async with http.get(f"{base}{draw['pool_url']}") as reply:
        pool = await reply.read()
    assert hashlib.sha256(pool).hexdigest() == draw["pool_digest"]
    assert hashlib.sha256(bytes.fromhex(draw["secret"])).hexdigest() == draw["commitment"]
    context = f"{draw['commit_index']}:{draw['commit_root']}".encode()
    seed = hashlib.sha256(bytes.fromhex(draw["secret"]) + bytes.fromhex(draw["pool_digest"]) + context).digest()
    assert seed.hex() == draw["seed"]
    members = pool.decode().split()
    assert len(members) > 5000
    assert min(members, key=lambda m: hashlib.sha256(seed + b"\0" + m.encode()).digest()) == winner
