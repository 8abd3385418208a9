"""The pages of a draw over a whole house: what they say at every standing, and that their JSON proves the draw."""

from datetime import timedelta

import pytest
import pytest_asyncio

from server.app import all_in_place
from server.draws import shuffle
from server.draws.plan import Asked
from server.draws.verify import Verdict, check, verdict
from server.episodes.lifecycle import Method, Phase
from server.people.model import Role
from tests.fakes import FakeBeacon, FakeClock
from tests.makers import fill_registry, hire, hire_cast
from tests.server.conftest import open_site

pytestmark = pytest.mark.asyncio(loop_scope="module")
BEACON = FakeBeacon()
SECRET = "07" * 32


class Stage:
    """A site on which draws are announced, and what one does there."""

    def __init__(self, site, cast, second):
        self.site, self.house, self.cast, self.second = site, site.house, cast, second

    async def announce(self, **asked):
        """A draw of an episode of its own."""
        house, plan = self.house, {Phase.LIVE.value: self.house.clock() + timedelta(days=9)}
        episode = await house.episodes.create(
            self.cast.operator, title="测试一期", method=Method.DRAW, plan=plan, category="catering"
        )
        return await house.choosing.announce(self.cast.operator, episode.id, Asked(**asked))

    async def ceremony(self, **asked):
        return await self.announce(**{"commit_minutes": 1, "reveal_minutes": 1, "beacon": False, **asked})

    async def seal(self, draw, deputy, secret=SECRET):
        commitment = shuffle.commitment(draw.id, deputy.mark, bytes.fromhex(secret))
        await self.house.sources.witness(deputy, draw.id, commitment)

    def reach(self, moment):
        self.house.clock.at = max(self.house.clock.at, moment)

    async def advance(self, draw):
        done = await self.house.sources.advance(draw.id)
        await all_in_place(self.house)
        return done

    async def page(self, draw, **options):
        await all_in_place(self.house)
        return await self.site.json(f"/draws/{draw.id}.json", **options)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(lasting_database, tmp_path_factory):
    folder = tmp_path_factory.mktemp("stage")
    async with open_site(lasting_database, folder, FakeClock(), **BEACON.knobs) as site:
        site.house.sources._fetch = BEACON.fetch
        await fill_registry(site.house)
        yield Stage(site, await hire_cast(site.house), await hire(site.house, Role.DEPUTY, "deputy-two"))


def proven(facts, file):
    """The steps that did not pass, and the verdict."""
    steps = list(check(facts, file))
    return {step.step: step.problem for step in steps if step.problem}, verdict(steps)


async def test_the_json_of_a_finished_draw_proves_it_and_its_team(stage):
    draw = await stage.ceremony(beacon=True)
    await stage.seal(draw, stage.cast.deputy)
    stage.reach(draw.ceremony.commit_until)
    await stage.house.sources.reveal(stage.cast.deputy, draw.id, SECRET)
    stage.reach(draw.sources[-1].out_at)
    await stage.advance(draw)
    team = (await stage.house.draws.store.all_of_episode(draw.episode))[-1]
    for one in (draw, team):
        facts = await stage.page(one)
        problems, _ = proven(facts, stage.house.draws.files.file(one.pool_sha256))
        assert problems == ({"chain": "chain_foreign"} if one is draw else {})
    assert facts["place"] == {"category": "catering", "district": "测试区"}
    assert [lot["name"] for lot in facts["drawn"]]
    assert facts["other_draws"][0]["id"] == draw.id


async def test_a_page_says_what_is_waited_for(stage):
    draw = await stage.ceremony(beacon=True)
    facts = await stage.page(draw)
    assert (facts["standing"], facts["next_at"]) == ("sealing", facts["sources"][0]["commit_until"])
    assert facts["weights"] == {"2": 5}
    stage.reach(draw.ceremony.commit_until)
    assert (await stage.page(draw))["standing"] in ("opening", "awaited")
    await stage.advance(draw)
    facts = await stage.page(draw)
    assert (facts["standing"], facts["sources"][0]["fell"]) == ("awaited", True)
    stage.reach(draw.sources[-1].out_at)
    await stage.advance(draw)
    assert (await stage.page(draw))["standing"] == "drawn"


async def test_who_withholds_is_named_and_the_void_draw_leads_to_the_next(stage):
    draw = await stage.ceremony()
    for deputy in (stage.cast.deputy, stage.second):
        await stage.seal(draw, deputy)
    stage.reach(draw.ceremony.commit_until)
    await stage.house.sources.reveal(stage.cast.deputy, draw.id, SECRET)
    stage.reach(draw.ceremony.out_at + timedelta(seconds=1))
    await stage.advance(draw)
    facts = await stage.page(draw)
    assert (facts["standing"], facts["void_code"], facts["missing"]) == ("void", "no_source_left", [stage.second.name])
    assert proven(facts, stage.house.draws.files.file(draw.pool_sha256)) == ({}, Verdict.PROVEN)
    text = await stage.site.html(f"/draws/{draw.id}", language="en")
    assert stage.second.name in text
    again = await stage.house.choosing.announce(stage.cast.operator, draw.episode, Asked())
    assert (await stage.page(draw))["after"] == {"attempt": 2, "url": f"/draws/{again.id}"}
    assert (await stage.page(again))["before"]["attempt"] == 1


async def test_a_deputy_sees_their_turn_and_their_desk_lists_it(stage):
    deputy, draw = stage.cast.deputy, await stage.ceremony()

    async def step():
        page = await stage.site.json(f"/draws/{draw.id}/witness.json", deputy)
        desk = await stage.site.json("/deputy.json", deputy)
        return page["step"], {duty["id"]: duty["step"] for duty in desk["duties"]}.get(draw.id)

    assert await step() == ("seal", "seal")
    await stage.seal(draw, deputy)
    assert await step() == ("wait", "wait")
    stage.reach(draw.ceremony.commit_until)
    assert await step() == ("open", "open")
    await stage.house.sources.reveal(deputy, draw.id, SECRET)
    assert (await step())[0] == "done"


async def test_who_did_not_seal_or_did_not_open_is_told(stage):
    draw = await stage.ceremony()
    await stage.seal(draw, stage.second)
    stage.reach(draw.ceremony.commit_until)
    assert (await stage.site.json(f"/draws/{draw.id}/witness.json", stage.cast.deputy))["step"] == "late"
    stage.reach(draw.ceremony.out_at + timedelta(seconds=1))
    assert (await stage.site.json(f"/draws/{draw.id}/witness.json", stage.second))["step"] == "missed"


async def test_a_draw_without_witnesses_has_no_page_for_them(stage):
    draw = await stage.announce()
    await stage.site.json(f"/draws/{draw.id}/witness.json", stage.cast.deputy, status=404)
    await stage.site.json("/draws/nowhere.json", status=404)
