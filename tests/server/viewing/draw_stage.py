"""A site on which draws are announced, witnessed and decided, with a beacon of its own."""

import contextlib
from datetime import timedelta

import pytest_asyncio

from server.app import all_in_place
from server.draws import shuffle
from server.draws.plan import Asked
from server.episodes.lifecycle import Method, Phase
from server.kit.errors import Refusal
from server.people.model import Role
from tests.fakes import FakeBeacon, FakeClock
from tests.makers import fill_registry, hire, hire_cast
from tests.server.conftest import open_site

BEACON = FakeBeacon()
SECRET = "07" * 32
"""What deputies seal on this stage."""


class Stage:
    """A site on which draws are announced, and what one does there."""

    def __init__(self, site, cast, second):
        self.site, self.house, self.cast, self.second = site, site.house, cast, second

    async def episode(self):
        """An episode whose target is to be drawn."""
        plan = {Phase.LIVE.value: self.house.clock() + timedelta(days=9)}
        return await self.house.episodes.create(
            self.cast.operator, title="测试一期", method=Method.DRAW, plan=plan, category="catering"
        )

    async def announce(self, **asked):
        """A draw of an episode of its own."""
        episode = await self.episode()
        return await self.house.choosing.announce(self.cast.operator, episode.id, Asked(**asked))

    async def ceremony(self, **asked):
        return await self.announce(**{"commit_minutes": 1, "reveal_minutes": 1, "beacon": False, **asked})

    async def seal(self, draw, deputy, secret=SECRET):
        commitment = shuffle.commitment(draw.id, deputy.mark, bytes.fromhex(secret))
        await self.house.sources.witness(deputy, draw.id, commitment)

    def reach(self, moment):
        self.house.clock.at = max(self.house.clock.at, moment)

    async def advance(self, draw):
        with contextlib.suppress(Refusal):  # The site looks after its draws by itself too, and was faster.
            await self.house.sources.advance(draw.id)
        await all_in_place(self.house)
        return await self.house.draws.get(draw.id)

    async def page(self, draw, **options):
        await all_in_place(self.house)
        return await self.site.json(f"/draws/{draw.id}.json", **options)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(lasting_database, tmp_path_factory):
    folder = tmp_path_factory.mktemp("stage")
    async with open_site(lasting_database, folder, FakeClock(), **BEACON.knobs) as site:
        site.house.sources._fetch = BEACON.fetch
        await fill_registry(site.house)
        cast = await hire_cast(site.house)
        await hire(site.house, Role.INSPECTOR, "third", "T-003")
        yield Stage(site, cast, await hire(site.house, Role.DEPUTY, "deputy-two"))
