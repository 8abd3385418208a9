"""One house for all tests of a file: each takes an inspection of its own and leaves people and registry as they are."""

import pytest
import pytest_asyncio

from server.app import all_in_place
from server.people.model import Person, Role
from tests.fakes import FakeClock
from tests.makers import fill_registry, hire_cast, live, open_house


@pytest.fixture(scope="module")
def clock():
    return FakeClock()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(lasting_database, tmp_path_factory, clock):
    async with open_house(lasting_database, tmp_path_factory.mktemp("house"), clock) as house:
        yield house


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ready(house):
    """People and a registry; returns the cast."""
    cast = await hire_cast(house)
    await fill_registry(house)
    return cast


@pytest_asyncio.fixture(loop_scope="module")
async def inspection(house, ready):
    """An inspection that is live."""
    return await live(house, ready)


@pytest.fixture
async def alone(database, tmp_path):
    """A house for one test, which changes who works there (`loop_scope="function"`)."""
    async with open_house(database, tmp_path, FakeClock()) as house:
        yield house


@pytest.fixture
def stranger():
    """An inspector who is on no team."""
    return Person("ac_stranger", "Stranger", Role.INSPECTOR, "mark")


@pytest.fixture
def facts():
    """What an inspection's episode has on record, of one kind or of all."""

    async def facts(house, inspection, kind=None):
        await all_in_place(house)
        found = await house.ledger.store.entries(0, 10_000, matching={"fact.episode": inspection.episode})
        return [entry.fact for entry in found if kind is None or entry.fact.kind == kind]

    return facts
