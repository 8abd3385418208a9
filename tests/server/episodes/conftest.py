"""One house for all tests of a file: each takes an episode of its own and leaves people and registry as they are."""

import pytest_asyncio

from tests.fakes import FakeClock
from tests.makers import fill_registry, hire_cast, open_house


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(lasting_database, tmp_path_factory):
    async with open_house(lasting_database, tmp_path_factory.mktemp("house"), FakeClock()) as house:
        yield house


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cast(house):
    """People; the registry is filled."""
    cast = await hire_cast(house)
    await fill_registry(house)
    return cast
