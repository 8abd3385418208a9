import pytest

from tests.makers import fill_registry, hire_cast, live


@pytest.fixture
async def ready(house):
    """People and a registry; returns the cast."""
    cast = await hire_cast(house)
    await fill_registry(house)
    return cast


@pytest.fixture
async def inspection(house, ready):
    """An inspection that is live."""
    return await live(house, ready)
