import secrets
from datetime import timedelta

import pytest

from server.citizens.model import Tier
from server.episodes.lifecycle import Method, Phase
from server.episodes.voting import Terms
from server.viewing.ballots import may_open, standing, suggested
from tests.makers import citizen, fill_registry, hire_cast, shortlisted, vote


class Scene:
    """An episode with a shortlist of three, and its operator."""

    async def prepare(self, site, clock):
        self.site, self.house, self.clock = site, site.house, clock
        await fill_registry(self.house)
        self.cast = await hire_cast(self.house)
        self.operator = self.cast.operator
        self.targets = [t.id for t in (await self.house.targets.search("测试面馆"))[0][:3]]
        episode = await self.house.episodes.create(
            self.operator, title="测试一期", method=Method.VOTE, plan={Phase.LIVE.value: clock() + timedelta(days=3)}
        )
        self.episode = await self.house.episodes.advance(self.operator, episode.id, Phase.NOMINATING)
        await shortlisted(self.house, self.operator, episode.id, self.targets)
        return self

    async def open(self, **changes):
        terms = {
            "choose": 2,
            "closes_at": self.clock() + timedelta(hours=1),
            "opens_at": None,
            "tier": Tier.DEVICE,
            "counted_tier": Tier.PHONE,
            "show_tally": True,
            **changes,
        }
        self.ballot = await self.house.voting.open(self.operator, self.episode.id, Terms(**terms))
        await self.settled()
        return self.ballot

    async def settled(self):
        """Every fact has its place."""
        while await self.house.ledger.store.waiting(1):
            await self.house.ledger.wait_beyond(self.house.ledger.head.size, 1)

    async def close(self):
        self.clock.at = self.ballot.closes_at
        await self.house.ballots.close_due()
        self.ballot = await self.house.ballots.get(self.ballot.id)
        await self.settled()

    async def page(self, who=None):
        return await self.site.json(f"/ballots/{self.ballot.id}.json", who)


@pytest.fixture
async def scene(site, clock):
    return await Scene().prepare(site, clock)


async def test_an_open_ballot_shows_what_is_asked_by_which_rules(scene):
    await scene.open()
    page = await scene.page()
    ballot = page["ballot"]
    assert (ballot["standing"], ballot["choose"], ballot["options"]) == ("open", 2, 3)
    assert (ballot["tier"], ballot["counted_tier"]) == ("device", "phone")
    assert [o["id"] for o in page["options"]] == list(scene.ballot.options)
    assert {o["proposed"] for o in page["options"]} == {1}
    assert page["opened_index"] is not None
    assert page["closed_index"] is page["board"] is None
    assert len(page["tie_break"]) == 3
    text = await scene.site.html(f"/ballots/{scene.ballot.id}")
    for option in page["options"]:
        assert option["name"] in text


async def test_reasons_are_shown_once_they_are_released(scene):
    await scene.open()
    assert [o["reasons"] for o in (await scene.page())["options"]] == [[], [], []]
    (first, *_) = await scene.house.nominations.store.find(scene.episode.id, target=scene.targets[0])
    await scene.house.curation.release(scene.operator, first.id)
    shown = {o["id"]: o["reasons"] for o in (await scene.page())["options"]}
    assert shown[scene.targets[0]] == ["想看看后厨"]


async def test_a_running_count_is_shown_only_where_the_ballot_says_so(scene):
    await scene.open(counted_tier=Tier.DEVICE)
    await vote(scene.house, scene.ballot, scene.targets[:2], 1)
    page = await scene.page()
    assert {o["id"]: o["votes"] for o in page["options"]} == dict(zip(scene.targets, (1, 1, 0), strict=True))
    assert page["ballot"]["votes"] == 1


async def test_a_hidden_count_stays_hidden_until_the_closing(scene):
    await scene.open(show_tally=False)
    await vote(scene.house, scene.ballot, scene.targets[:1], 1)
    page = await scene.page()
    assert page["ballot"]["votes"] is None
    assert {o["votes"] for o in page["options"]} == {None}
    await scene.close()
    assert (await scene.page())["ballot"]["votes"] == 1


async def test_the_result_comes_with_counts_per_tier_and_its_board(scene):
    await scene.open()
    second = scene.targets[1]
    await vote(scene.house, scene.ballot, [second], citizen(1, Tier.PHONE))
    await vote(scene.house, scene.ballot, [scene.targets[0]], 2)
    await scene.close()
    page = await scene.page()
    first = page["options"][0]
    assert (first["id"], first["place"], first["votes"]) == (second, 1, 1)
    assert first["by_tier"]["phone"] == 1
    assert page["raw"] == {"device": 1, "phone": 1, "verified": 0}
    assert page["board"]["sha256"] == scene.ballot.board_sha256
    async with scene.site.client.get(page["board"]["url"]) as reply:
        assert len(await reply.read()) == page["board"]["bytes"]
    entry = await scene.site.json(f"/ledger/entries/{page['closed_index']}.json")
    assert entry["entry"]["kind"] == "ballot.closed"


async def test_a_ballot_in_which_nothing_counted_decides_nothing_and_may_be_repeated(scene):
    await scene.open()
    await vote(scene.house, scene.ballot, [scene.targets[0]], 1)
    await scene.close()
    assert (await scene.page())["ballot"]["first"] is None
    episode = await scene.house.episodes.get(scene.episode.id)
    assert may_open(episode, scene.ballot)


async def test_a_voided_ballot_shows_its_reason_and_no_count(scene):
    await scene.open()
    await vote(scene.house, scene.ballot, [scene.targets[0]], 1)
    await scene.house.ballots.void(scene.operator, scene.ballot.id, "名单有误")
    page = await scene.page()
    assert (page["ballot"]["standing"], page["ballot"]["void_reason"]) == ("voided", "名单有误")
    assert page["ballot"]["votes"] is None
    assert "名单有误" in await scene.site.html(f"/ballots/{scene.ballot.id}")


async def test_only_who_holds_ballots_sees_the_way_to_void_one(scene):
    await scene.open()
    assert not (await scene.page())["may_void"]
    assert not (await scene.page(scene.cast.deputy))["may_void"]
    assert (await scene.page(scene.operator))["may_void"]
    await scene.close()
    assert not (await scene.page(scene.operator))["may_void"]


async def test_the_receipts_page_names_what_a_browser_needs(scene):
    await scene.open()
    early = await scene.site.json(f"/ballots/{scene.ballot.id}/receipt.json")
    assert early["board"] is early["closed_index"] is None
    await scene.close()
    facts = await scene.site.json(f"/ballots/{scene.ballot.id}/receipt.json")
    assert facts["board"]["root"] == scene.ballot.root
    assert set(facts["options"]) == set(scene.targets)
    assert facts["closed_index"] > facts["opened_index"]


async def test_the_episode_shows_its_newest_ballot(scene):
    path = f"/episodes/{scene.episode.id}"
    assert (await scene.site.json(f"{path}.json"))["ballot"] is None
    await scene.open()
    assert f"/ballots/{scene.ballot.id}" in await scene.site.html(path)
    await scene.house.ballots.void(scene.operator, scene.ballot.id, "名单有误")
    old = scene.ballot.id
    scene.clock.advance(seconds=1)
    await scene.open()
    assert (await scene.site.json(f"{path}.json"))["ballot"]["id"] == scene.ballot.id != old


async def test_an_operator_opens_the_ballot_over_the_shortlist_from_the_desk(scene):
    path = f"/operator/episodes/{scene.episode.id}"
    desk = (await scene.site.json(f"{path}.json", scene.operator))["ballot"]
    assert [t["id"] for t in desk["shortlist"]] == await scene.house.nominations.shortlisted(scene.episode.id)
    assert desk["may_open"]
    assert 'name="choose"' in await scene.site.html(path, scene.operator)
    made = await scene.site.post(
        desk["url"], scene.operator, choose="2", closes_at="2026-03-07T10:00", tier="device", show_tally="1"
    )
    desk = (await scene.site.json(f"{path}.json", scene.operator))["ballot"]
    assert desk["ballot"]["id"] == made["ballot"]
    assert (desk["may_open"], desk["may_void"]) == (False, True)
    assert "/void" in await scene.site.html(path, scene.operator)


async def test_moments_are_suggested_from_the_plan_in_so_far_as_they_lie_ahead(scene):
    now = scene.clock()
    later, live = now + timedelta(hours=5), now + timedelta(days=2)
    plan = {Phase.NOMINATING.value: now - timedelta(days=1), Phase.VOTING.value: later, Phase.LIVE.value: live}

    class Planned:
        pass

    planned = Planned()
    planned.plan = plan
    assert suggested(planned, now) == (later, live)
    assert suggested(planned, later + timedelta(hours=1)) == (later + timedelta(hours=1), live)
    planned.plan = {}
    assert suggested(planned, now) == (now, now + timedelta(days=1))


async def test_a_ballot_stands_as_its_moments_say(scene):
    ballot = await scene.open(opens_at=scene.clock() + timedelta(minutes=10))
    moments = [(0, "coming"), (10, "open"), (59, "open"), (60, "counting")]
    now = scene.clock()
    assert [(m, standing(ballot, now + timedelta(minutes=m))) for m, _ in moments] == moments


async def test_who_is_not_known_well_enough_is_shown_the_way_before_voting(scene):
    await scene.open(tier=Tier.PHONE)
    path, way = f"/ballots/{scene.ballot.id}", f"/citizen?next=/ballots/{scene.ballot.id}"
    assert (await scene.site.html(path)).count(way) == 2
    cookie = scene.house.citizens.cookie_of(citizen(1, Tier.PHONE))
    async with scene.site.client.get(path, headers={"Cookie": f"citizen={cookie}", "Accept": "text/html"}) as reply:
        assert (await reply.text()).count(way) == 1


async def test_nobody_is_shown_a_ballot_that_does_not_exist(scene):
    await scene.site.json(f"/ballots/ba_{secrets.token_hex(8)}.json", status=404)
