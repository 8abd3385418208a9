"""Rectifications that a live inspection set going, and how to bring them anywhere."""

import pytest
import pytest_asyncio

from server.rectifications.model import State
from tests.fakes import FakeClock
from tests.makers import failing, fill_registry, hire_cast, live, open_house

S = State
COURSE = (S.SUBMITTED, S.REINSPECTED, S.VERIFIED, S.OBJECTION, S.CLOSED)
WAYS = {
    S.ORDERED: (),
    **{to: COURSE[: n + 1] for n, to in enumerate(COURSE)},
    S.RETURNED: (S.SUBMITTED, S.RETURNED),
    S.EXTENDED: (S.EXTENDED,),
    S.TRANSFERRED: (S.TRANSFERRED,),
    S.REOPENED: (*COURSE[:4], S.REOPENED),
}


class Case:
    """A live inspection whose findings fail; the two inspectors turn the two keys."""

    def __init__(self, house, cast, clock):
        self.house, self.cast, self.clock = house, cast, clock
        self.rectifications = house.rectifications
        self.store = house.rectifications.store

    async def order(self, item="C06"):
        """One more failing finding; its rectification."""
        finding = await failing(self.house, self.cast, self.inspection, item)
        return await self.store.of_finding(finding.id)

    async def move(self, rectification, to, words="说明", by=None):
        by = by or (self.cast.inspectors[0] if to in COURSE[:3] or to is S.RETURNED else self.cast.operator)
        return await self.rectifications.move(by, rectification.id, to, words)

    async def bring(self, rectification, state):
        """Moves it to a state by the shortest way."""
        for to in WAYS[state]:
            if to is S.CLOSED:
                self.clock.advance(days=7)
            rectification = await self.move(rectification, to)
        return rectification

    async def conclude(self):
        await self.house.inspections.conclude(self.cast.operator, self.inspection.episode)

    async def phase(self):
        return (await self.house.episodes.get(self.inspection.episode)).phase

    async def facts(self):
        """All facts, as text, once each has its place."""
        head, ledger = self.house.ledger.head, self.house.ledger
        while await self.house.database.collection("ledger_pending").count({}):
            await ledger.wait_beyond(head.size, 1)
            head = ledger.head
        return [bytes(d["raw"]).decode() for d in await self.entries.find({}, sort=[("_id", 1)])]

    @property
    def entries(self):
        return self.house.database.collection("ledger_entries")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(lasting_database, tmp_path_factory):
    """A house for all tests of a file: rooms, people, a registry."""
    async with open_house(lasting_database, tmp_path_factory.mktemp("house"), FakeClock()) as house:
        await fill_registry(house)
        yield house, await hire_cast(house)


@pytest_asyncio.fixture(loop_scope="module")
async def case(town):
    """An inspection of this test's own, in the house of its file."""
    house, cast = town
    house.clock.at = FakeClock().at
    settled = house.rectifications.on_settled
    case = Case(house, cast, house.clock)
    case.inspection = await live(house, cast)
    yield case
    house.rectifications.on_settled = settled


@pytest.fixture
async def first_case(house, cast, clock):
    """The same in a house of its own, for what is counted over all inspections."""
    await fill_registry(house)
    case = Case(house, cast, clock)
    case.inspection = await live(house, cast)
    return case
