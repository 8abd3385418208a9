import pytest

from server.citizens.model import Tier
from server.demo_choosing import VOTES, announce_ceremony, open_ballot, open_nominations, solved, somebody, witness
from server.episodes.lifecycle import Phase
from server.people.model import Role
from tests.fakes import FakeClock
from tests.makers import fill_registry, hire, hire_cast, open_house


@pytest.fixture
async def city(database, tmp_path):
    async with open_house(database, tmp_path, FakeClock()) as house:
        cast = await hire_cast(house)
        await fill_registry(house, 12)
        yield house, cast


def test_citizens_are_made_up_and_differ() -> None:
    assert len({somebody().identity for _ in range(20)}) == 20
    known = somebody(Tier.PHONE)
    assert (known.tier, known.identity == known.device) == (Tier.PHONE, False)


def test_a_challenge_without_solution_is_said_to_be_one() -> None:
    asked = {"salt": "00", "nonce": "00", "keyPrefix": "zz", "expiresAt": 1, "data": {"bound": "", "most": 3}}
    with pytest.raises(ValueError, match="no solution"):
        solved({"parameters": asked, "signature": ""})


async def test_an_episode_takes_proposals_of_which_some_wait_to_be_read(city) -> None:
    house, cast = city
    episode = await open_nominations(house, cast.operator)
    proposals = await house.nominations.store.find(episode.id)
    assert (episode.phase, len(proposals)) == (Phase.NOMINATING, 5)
    assert {bool(proposal.released_at) for proposal in proposals} == {True, False}


async def test_a_ballot_is_open_with_votes_of_two_tiers(city) -> None:
    house, cast = city
    ballot = await open_ballot(house, cast.operator)
    house.clock.at = ballot.closes_at
    await house.ballots.close_due()
    closed = await house.ballots.get(ballot.id)
    assert (closed.votes, len(closed.options)) == (VOTES, 6)
    assert closed.raw[Tier.DEVICE] > closed.raw[Tier.PHONE] > 0


async def test_the_ceremony_has_time_to_be_watched_and_is_decided_by_its_witnesses(city) -> None:
    house, cast = city
    deputies = [cast.deputy, await hire(house, Role.DEPUTY, "member")]
    draw = await announce_ceremony(house, cast.operator)
    house.tasks.start("witnesses", witness(house, draw, deputies))
    size = house.ledger.head.size
    while len((await house.draws.get(draw.id)).witnesses) < 2:
        await house.ledger.wait_beyond(size, 1)
    assert (draw.ceremony.commit_until - draw.announced_at).total_seconds() == 90
