from dataclasses import replace
from datetime import timedelta

import pytest

from server.ballots.model import BadBallot
from server.citizens.model import Citizen, Tier
from server.draws.model import Of
from server.draws.plan import Asked
from server.episodes.lifecycle import Method, Phase
from server.episodes.model import WrongPhase
from server.episodes.voting import Terms
from server.kit.errors import NotAllowed
from server.nominations.model import State
from tests.makers import drawn, shortlisted, vote

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def nominating(house, operator, method=Method.VOTE):
    """An episode with three targets on its shortlist."""
    plan = {"live": house.clock() + timedelta(days=5)}
    episode = await house.episodes.create(operator, title="由你选", method=method, plan=plan, category="catering")
    await house.episodes.advance(operator, episode.id, Phase.NOMINATING)
    targets = sorted(c.id for c in await house.targets.candidates(category="catering"))[:3]
    await shortlisted(house, operator, episode.id, targets)
    return await house.episodes.get(episode.id)


def terms(house, **changes):
    return replace(Terms(choose=2, closes_at=house.clock() + timedelta(hours=1)), **changes)


async def close(house, ballot):
    house.clock.at = ballot.closes_at
    await house.ballots.close_due()
    return await house.ballots.get(ballot.id)


async def test_a_ballot_is_opened_over_the_shortlist_and_the_episode_votes(house, cast) -> None:
    episode = await nominating(house, cast.operator)
    ballot = await house.voting.open(cast.operator, episode.id, terms(house))
    assert sorted(ballot.options) == sorted(await house.nominations.shortlisted(episode.id))
    assert (await house.episodes.get(episode.id)).phase is Phase.VOTING


async def test_the_winner_of_a_vote_is_the_target_and_its_inspectors_are_drawn(house, cast) -> None:
    episode = await nominating(house, cast.operator)
    ballot = await house.voting.open(cast.operator, episode.id, terms(house))
    favourite = ballot.options[1]
    for n in range(3):
        await vote(house, ballot, [favourite], n)
    await vote(house, ballot, [ballot.options[0]], 9)
    assert (await close(house, ballot)).result[0] == favourite
    episode = await house.episodes.get(episode.id)
    assert (episode.phase, episode.target) == (Phase.VOTING, favourite)
    (fate,) = {n.state for n in await house.nominations.store.find(episode.id, target=favourite)}
    assert fate is State.DRAWN
    team = await drawn(house, cast.operator, episode.id)
    assert team.of is Of.INSPECTORS
    inspection = await house.teams.assign(cast.operator, episode.id)
    assert inspection.target == favourite
    await house.inspections.start(cast.operator, episode.id)
    (fate,) = {n.state for n in await house.nominations.store.find(episode.id, target=favourite)}
    assert fate is State.INSPECTED


async def test_lots_decide_among_the_first_of_a_shortlist(house, cast) -> None:
    house.voting._shortlist_size = 2
    episode = await nominating(house, cast.operator, Method.SHORTLIST)
    ballot = await house.voting.open(cast.operator, episode.id, terms(house))
    with pytest.raises(WrongPhase, match="no result yet"):
        await house.choosing.announce(cast.operator, episode.id, Asked())
    for n, option in enumerate((0, 0, 2)):
        await vote(house, ballot, [ballot.options[option]], n)
    closed = await close(house, ballot)
    done = await drawn(house, cast.operator, episode.id)
    ids = house.draws.files.ids(done.pool_sha256)
    assert sorted(ids) == sorted(closed.result[:2])
    assert done.tickets == 2
    assert (await house.episodes.get(episode.id)).target in closed.result[:2]


async def test_a_ballot_in_which_nobody_voted_decides_nothing_and_is_held_again(house, cast) -> None:
    episode = await nominating(house, cast.operator)
    ballot = await house.voting.open(cast.operator, episode.id, terms(house))
    with pytest.raises(WrongPhase):
        await house.voting.open(cast.operator, episode.id, terms(house))
    await close(house, ballot)
    assert (await house.episodes.get(episode.id)).target is None
    again = await house.voting.open(cast.operator, episode.id, terms(house))
    await house.ballots.void(cast.operator, again.id, "选项有误")
    third = await house.voting.open(cast.operator, episode.id, terms(house))
    assert len({ballot.id, again.id, third.id}) == 3


async def test_a_ballot_that_decided_is_not_held_again(house, cast) -> None:
    episode = await nominating(house, cast.operator)
    ballot = await house.voting.open(cast.operator, episode.id, terms(house))
    await vote(house, ballot, [ballot.options[0]], 1)
    await close(house, ballot)
    with pytest.raises(WrongPhase):
        await house.voting.open(cast.operator, episode.id, terms(house))


async def test_a_ballot_needs_a_shortlist_and_leaves_the_episode_as_it_was(house, cast) -> None:
    plan = {"live": house.clock()}
    episode = await house.episodes.create(cast.operator, title="由你选", method=Method.VOTE, plan=plan)
    await house.episodes.advance(cast.operator, episode.id, Phase.NOMINATING)
    with pytest.raises(BadBallot):
        await house.voting.open(cast.operator, episode.id, terms(house))
    assert (await house.episodes.get(episode.id)).phase is Phase.NOMINATING


async def test_only_operators_open_ballots(house, cast) -> None:
    episode = await nominating(house, cast.operator)
    for who in (cast.deputy, cast.inspectors[0], None):
        with pytest.raises(NotAllowed):
            await house.voting.open(who, episode.id, terms(house))


async def test_votes_below_the_counted_tier_choose_nothing(house, cast) -> None:
    episode = await nominating(house, cast.operator)
    ballot = await house.voting.open(cast.operator, episode.id, terms(house, counted_tier=Tier.PHONE))
    for n in range(3):
        await vote(house, ballot, [ballot.options[0]], n)
    await vote(house, ballot, [ballot.options[2]], Citizen("ab" * 16, Tier.PHONE, "cd" * 32))
    closed = await close(house, ballot)
    assert closed.result[0] == ballot.options[2]
    assert (closed.raw[Tier.DEVICE], closed.counted[ballot.options[0]]) == (3, 0)
