"""Server and database are killed while votes pour in: whoever holds a receipt is on the board, and once."""

import asyncio
import json
import os
import secrets
import signal
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from server.demo_choosing import solved
from server.kit.clock import now
from tests.journeys.conftest import PASSWORD, Server, until
from tests.journeys.scene import REGISTER

pytestmark = pytest.mark.journey
VOTERS = 24
OPEN_SECONDS = 45
JSON = {"Accept": "application/json"}


@dataclass
class Crowd:
    """Voters who try until they hold a receipt; `counts` is how often each status was seen."""

    url: str
    ballot: str
    options: list[str]
    receipts: dict[str, str] = field(default_factory=dict)
    counts: Counter[int] = field(default_factory=Counter)
    over: bool = False

    async def vote(self) -> None:
        """One citizen after another, each in a browser of their own."""
        while not self.over:
            async with aiohttp.ClientSession(headers=JSON, cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
                key = secrets.token_hex(16)
                while not (self.over or await self._try(http, key)):
                    await self._pause()

    async def _pause(self) -> None:
        await asyncio.sleep(0.2)

    async def _try(self, http: aiohttp.ClientSession, key: str) -> bool:
        """Asks for the work, does it, votes; the same key each time, so that a retry is no second vote."""
        try:
            asked = await http.post(f"{self.url}/citizen/challenge", data={"scope": f"ballot:{self.ballot}"})
            if asked.status not in (200, 201):
                return False
            proof = solved(await asked.json())
            choice = secrets.choice(self.options)
            form = {"choices": choice, "key": key, "proof": proof}
            reply = await http.post(f"{self.url}/ballots/{self.ballot}/votes", json=form)
            self.counts[reply.status] += 1
            if reply.status not in (200, 201):
                self.over = self.over or reply.status == 409
                return False
            receipt = await reply.json()
            assert receipt["code"] not in self.receipts, "two voters hold one receipt"
            self.receipts[receipt["code"]] = ",".join(receipt["choices"])
            return True
        except (aiohttp.ClientError, TimeoutError, ConnectionError):
            self.counts[0] += 1
            return False


async def sent(http: aiohttp.ClientSession, address: str, **form: str) -> Any:
    async with http.post(address, data=form, headers=JSON) as reply:
        assert reply.status in (200, 201), await reply.text()
        return await reply.json()


async def opened(server: Server, tmp_path: Path) -> Crowd:
    """A ballot over three shops, open for a while."""
    (tmp_path / "register.csv").write_text(REGISTER)
    await server.run("targets", "import", str(tmp_path / "register.csv"), "--format", "own")
    link = await server.invite("operator", "Operator")
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        await sent(http, link.replace("http://127.0.0.1:8080", server.url), login="operator", password=PASSWORD)
        live_at = (now() + timedelta(days=1)).isoformat()
        planned = await sent(http, f"{server.url}/episodes", title="试验票决", method="vote", live_at=live_at)
        episode = f"{server.url}/episodes/{planned['id']}"
        await sent(http, f"{episode}/nominating")
        async with http.get(f"{server.url}/targets.json") as reply:
            options = [target["id"] for target in (await reply.json())["results"]]
        for target in options:
            challenge = await sent(http, f"{server.url}/citizen/challenge", scope=f"nominate:{planned['id']}")
            words = {"target": target, "reason": "想看看后厨", "proof": solved(challenge)}
            made = await sent(http, f"{episode}/nominations", **words)
            await sent(http, f"{server.url}/nominations/{made['id']}/shortlist")
        closes_at = (now() + timedelta(seconds=OPEN_SECONDS)).isoformat()
        ballot = await sent(http, f"{episode}/ballot", choose="1", closes_at=closes_at)
    return Crowd(server.url, ballot["ballot"], options)


async def grown(crowd: Crowd, more: int) -> None:
    """The crowd holds so many more receipts."""
    wanted = len(crowd.receipts) + more

    async def enough() -> bool:
        return len(crowd.receipts) >= wanted

    await until(enough, 30, f"{more} more votes are acknowledged")


def kill_database(server: Server) -> None:
    assert server.process is not None
    for child in psutil.Process(server.process.pid).children(recursive=True):
        if "mongod" in child.name():
            os.kill(child.pid, signal.SIGKILL)


async def test_every_acknowledged_vote_is_on_the_board_once(server: Server, tmp_path: Path) -> None:
    await server.stop()
    server.environment |= {
        "SEETHROUGH_CHALLENGE_NUMBERS": "10",
        "SEETHROUGH_VOTES_PER_NETWORK": "0",
        "SEETHROUGH_BALLOT_LEAST_MINUTES": "0",
    }
    await server.start()
    crowd = await opened(server, tmp_path)
    voting = asyncio.gather(*(crowd.vote() for _ in range(VOTERS)))
    try:
        await grown(crowd, 50)
        await server.kill()
        await server.start()
        await grown(crowd, 50)
        kill_database(server)
        await grown(crowd, 50)
        async with aiohttp.ClientSession(headers=JSON) as http:
            board = await until(lambda: published(http, crowd), OPEN_SECONDS + 60, "the board is published")
    finally:
        crowd.over = True
        await voting
    lines = dict(line.split(" ", 1) for line in board.splitlines())
    assert len(lines) == len(board.splitlines()), "a receipt stands twice"
    assert set(crowd.receipts) <= set(lines), "somebody holds a receipt that is not on the board"
    assert all(lines[code] == f"device {choice}" for code, choice in crowd.receipts.items())
    # Whoever was cut off between the vote and its receipt may be on the board too: at most one for each voter.
    assert len(lines) - len(crowd.receipts) <= VOTERS
    assert crowd.counts[0], "nobody noticed that the server was killed"


async def published(http: aiohttp.ClientSession, crowd: Crowd) -> str | None:
    """The board, once it is there and says what the record says."""
    async with http.get(f"{crowd.url}/ballots/{crowd.ballot}/board.txt") as reply:
        if reply.status != 200:
            return None
        board = await reply.text()
    async with http.get(f"{crowd.url}/ledger/entries") as reply:
        facts = [json.loads(line) for line in (await reply.read()).splitlines()]
    closed = [fact["body"] for fact in facts if fact["kind"] == "ballot.closed"]
    if not closed:
        return None
    assert closed[0]["votes"] == len(board.splitlines())
    return board
