import pytest_asyncio

from tests.fakes import FakeClock
from tests.makers import open_house


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(lasting_database, tmp_path_factory):
    """One house for all tests of a file: each draws for an episode of its own."""
    async with open_house(lasting_database, tmp_path_factory.mktemp("house"), FakeClock()) as house:
        yield house
