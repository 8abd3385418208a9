import json
from dataclasses import dataclass
from datetime import timedelta

import pytest
import pytest_asyncio

from server.app import all_in_place
from server.draws.actions import Announcement
from server.draws.model import Of
from server.draws.plan import Asked, sources_of
from server.draws.pool import Member
from server.kit.ids import new_id
from server.people.model import Person, Role
from tests.fakes import FakeBeacon, FakeClock
from tests.makers import open_house

OPERATOR = Person("ac_operator", "Operator", Role.OPERATOR, "0b" * 32)
DEPUTIES = tuple(Person(f"ac_{n}", f"Deputy {n}", Role.DEPUTY, f"{n:02x}" * 32) for n in range(1, 4))
MEMBERS = [*(Member(f"ta_{n:04d}", 1 + n % 4) for n in range(20)), Member("ta_closed", 0, "closed")]


@dataclass
class Table:
    """Where lots are drawn: a house, its clock, its beacon."""

    house: object
    clock: FakeClock
    beacon: FakeBeacon

    async def announce(self, asked=None, *, episode=None, of=Of.TARGET, members=None, sources=None):
        asked, episode = asked or Asked(), episode or new_id("ep")
        pool = await self.house.draws.freeze(MEMBERS if members is None else members)
        sources = sources or sources_of(asked, self.beacon.chain, self.clock(), self.house.draws.lead)
        announcement = Announcement(of, episode, pool, asked.wanted, sources, OPERATOR.mark, asked.algorithm)
        return await self.house.database.transact(lambda tx: self.house.draws.announce(tx, announcement))

    async def advance(self, draw):
        return await self.house.sources.advance(draw.id)

    def reach(self, moment, **more):
        self.clock.at = moment + timedelta(**more)

    async def facts(self, draw):
        await all_in_place(self.house)
        return [entry.fact async for entry in self.house.ledger.about(draw.id)]

    async def kinds(self, draw):
        return [fact.kind.value.removeprefix("draw.") for fact in await self.facts(draw)]

    async def texts(self, draw):
        await all_in_place(self.house)
        return [json.loads(entry.raw) async for entry in self.house.ledger.about(draw.id)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lasting_table(lasting_database, tmp_path_factory):
    beacon, clock = FakeBeacon(), FakeClock()
    async with open_house(lasting_database, tmp_path_factory.mktemp("house"), clock, **beacon.knobs) as house:
        house.sources._fetch = beacon.fetch
        house.draws.on_drawn.clear()  # These draws are of no episode that is planned.
        house.draws.place_of = None
        yield Table(house, clock, beacon)


@pytest.fixture
def table(lasting_table):
    """One house for all tests of a file: each draws for an episode of its own, and the clock only goes on."""
    lasting_table.beacon.away = False
    return lasting_table
