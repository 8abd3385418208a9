"""An episode that takes nominations, citizens who come to it, and an operator who sorts."""

import asyncio
import hashlib

import pytest

from server.citizens.model import Tier
from server.episodes.lifecycle import Method, Phase
from tests.makers import fill_registry

ADDRESS = "192.0.2.7"


def solved(challenge):
    """The proof that a browser makes of a challenge."""
    asked = challenge["parameters"]
    start = bytes.fromhex(asked["salt"]) + bytes.fromhex(asked["nonce"])
    for counter in range(asked["data"]["most"] + 1):
        found = hashlib.sha256(start + counter.to_bytes(4, "big")).hexdigest()
        if found.startswith(asked["keyPrefix"]):
            return f"{asked['data']['bound']}.{asked['expiresAt']}.{found}.{challenge['signature']}"
    raise AssertionError("no number solves it")


class Square:
    """A house whose episode takes nominations."""

    def __init__(self, house, cast, clock):
        self.house, self.cast, self.clock = house, cast, clock
        self.nominations, self.curation = house.nominations, house.curation
        self.store, self.notifications = house.nominations.store, house.notifications

    async def open(self, title="测试一期"):
        """One more episode that takes nominations; its id."""
        plan = {Phase.LIVE.value: self.clock()}
        operator = self.cast.operator
        made = await self.house.episodes.create(operator, title=title, method=Method.SHORTLIST, plan=plan)
        await self.house.episodes.advance(operator, made.id, Phase.NOMINATING)
        return made.id

    async def end_nominating(self):
        """The episode goes on to its vote."""
        episodes = self.house.episodes

        async def work(tx):
            await episodes.move(tx, await episodes.get(self.episode, tx), Phase.VOTING, "test")

        await self.house.database.transact(work)

    def citizen(self, tier=Tier.DEVICE, device=None, known_by=None):
        """Somebody new; with `device` and `tier` the same browser, better known."""
        found = self.house.citizens.new_device()[0]
        if tier is Tier.DEVICE:
            return device or found
        identity = self.house.citizens.identity(tier, known_by or found.device)
        return type(found)((device or found).device, tier, identity)

    def proof(self, citizen, episode=None):
        return solved(self.house.citizens.challenge(citizen, f"nominate:{episode or self.episode}"))

    async def propose(self, citizen=None, target=None, **words):
        """A nomination; of a described target unless one is named."""
        citizen, episode = citizen or self.citizen(), words.pop("episode", self.episode)
        words = {"reason": "后厨卫生堪忧", "look_at": "冰箱", **words}
        if target is None:
            words = {"name": "巷口的无名面馆", "place": "测试路尽头", **words}
        proof = words.pop("proof", None) or self.proof(citizen, episode)
        address = words.pop("address", ADDRESS)
        return await self.nominations.propose(citizen, address, episode, target=target, proof=proof, **words)

    async def follow(self, nomination, citizen=None):
        citizen = citizen or self.citizen()
        proof = self.proof(citizen, nomination.episode)
        return await self.nominations.follow(citizen, ADDRESS, nomination.id, proof)

    async def get(self, nomination):
        return await self.nominations.get(nomination.id)

    async def facts(self):
        """All facts, as text, once each has its place."""
        head, ledger = self.house.ledger.head, self.house.ledger
        while await self.house.database.collection("ledger_pending").count({}):
            await ledger.wait_beyond(head.size, 1)
            head = ledger.head
        found = await self.house.database.collection("ledger_entries").find({}, sort=[("_id", 1)])
        return [bytes(d["raw"]).decode() for d in found]

    async def news(self, citizen):
        return [m.code for m in await self.notifications.news(citizen)]


@pytest.fixture
async def square(house, cast, clock):
    await fill_registry(house)
    square = Square(house, cast, clock)
    square.episode = await square.open()
    square.targets = [t.id for t in (await house.targets.search("测试面馆"))[0]]
    return square


def together(*calls):
    """Runs calls at once; refusals are returned, not raised."""
    return asyncio.gather(*calls, return_exceptions=True)
