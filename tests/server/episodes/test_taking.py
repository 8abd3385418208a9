"""A whole week that nobody touches, but for the citizens: nominations, ballot, draw with witnesses, live."""

from datetime import timedelta

import pytest

from server.episodes.cycle import NotYet
from server.episodes.lifecycle import Method, Phase
from server.people.model import SYSTEM
from tests.fakes import FakeBeacon
from tests.makers import fill_registry, hire_cast, open_house, shortlisted, vote

HOURS = {"nominating": 1, "voting": 49, "drawing": 73, "live": 97}


@pytest.fixture
def beacon():
    return FakeBeacon()


@pytest.fixture
async def house(database, tmp_path, clock, beacon):
    async with open_house(database, tmp_path, clock, weekly_ceremony_minutes=5, **beacon.knobs) as house:
        await fill_registry(house)
        yield house


@pytest.fixture
async def cast(house):
    return await hire_cast(house)


async def week(house, method=Method.SHORTLIST, **changes):
    plan = {step: house.clock() + timedelta(hours=hours) for step, hours in (HOURS | changes).items()}
    return await house.episodes.create(SYSTEM, title="周", method=method, plan=plan, timed=True)


async def at(house, moment):
    """The clock shows this moment, and a round is made."""
    house.clock.at = moment
    await house.cycle.take_due()


async def voted(house, cast, episode, ballots=3):
    """Nominated, shortlisted, voted on: the first target wins."""
    await at(house, episode.plan["nominating"])
    targets = [c.id for c in await house.targets.candidates(None, category="catering")]
    await shortlisted(house, cast.operator, episode.id, targets[:3])
    await at(house, episode.plan["voting"])
    ballot = await house.ballots.of_episode(episode.id)
    for voter in range(ballots):
        await vote(house, ballot, [targets[0]], voter)
    return ballot, targets


async def give_beacon(house, beacon, draw):
    """Time passes until the draw's beacon is out."""
    [number] = [n for n, source in enumerate(draw.sources) if source.kind == "beacon"]
    house.clock.at = max(house.clock(), draw.sources[number].out_at + timedelta(seconds=1))
    await house.sources.advance(draw.id)
    return await house.sources.give(SYSTEM, draw.id, number, beacon.signature(draw.sources[number].round))


async def test_the_ballot_runs_over_the_shortlist_until_the_draw(house, cast) -> None:
    episode = await week(house)
    ballot, targets = await voted(house, cast, episode)
    assert set(ballot.options) == set(targets[:3])
    assert (ballot.choose, ballot.closes_at) == (2, episode.plan["drawing"])
    assert (ballot.tier, ballot.counted_tier) == ("device", "device")
    assert (await house.episodes.get(episode.id)).phase is Phase.VOTING


async def test_a_shortlist_of_none_opens_no_ballot_and_holds_the_step(house) -> None:
    episode = await week(house)
    await at(house, episode.plan["nominating"])
    await at(house, episode.plan["voting"])
    held = await house.episodes.get(episode.id)
    assert (held.phase, held.holds["voting"].code) == (Phase.NOMINATING, "bad_ballot")
    assert await house.ballots.of_episode(episode.id) is None


async def test_the_draw_waits_until_the_ballot_is_counted(house, cast) -> None:
    episode = await week(house)
    await voted(house, cast, episode)
    await at(house, episode.plan["drawing"])
    waiting = await house.episodes.get(episode.id)
    assert (waiting.phase, waiting.holds) == (Phase.VOTING, {})
    with pytest.raises(NotYet, match="still open, or being counted"):
        await house.cycle.bring_forward(cast.operator, episode.id, Phase.DRAWING, "提前")
    await house.ballots.close_due()
    await house.cycle.take_due()
    assert (await house.episodes.get(episode.id)).phase is Phase.DRAWING


async def test_the_draw_is_announced_with_a_ceremony_before_the_beacon(house, cast) -> None:
    episode = await week(house, Method.DRAW)
    await at(house, episode.plan["drawing"])
    target, _ = await house.draws.store.all_of_episode(episode.id)
    assert [source.kind for source in target.sources] == ["ceremony", "beacon"]
    assert target.sources[0].commit_until == house.clock() + timedelta(minutes=5)


async def test_a_week_goes_live_by_itself(house, cast, beacon) -> None:
    episode = await week(house)
    await voted(house, cast, episode)
    house.clock.at = episode.plan["drawing"]
    await house.ballots.close_due()
    await house.cycle.take_due()
    draw = (await house.draws.store.all_of_episode(episode.id))[0]
    await give_beacon(house, beacon, draw)
    await house.cycle.take_due()
    ready = await house.episodes.get(episode.id)
    assert ready.phase is Phase.READY
    await at(house, episode.plan["live"])
    live = await house.episodes.get(episode.id)
    assert (live.phase, live.changes) == (Phase.LIVE, ())


async def test_a_vote_alone_decides_the_target_and_the_lots_the_team(house, cast, beacon) -> None:
    episode = await week(house, Method.VOTE)
    _, targets = await voted(house, cast, episode)
    house.clock.at = episode.plan["drawing"]
    await house.ballots.close_due()
    await house.cycle.take_due()
    await house.cycle.take_due()
    [draw] = await house.draws.store.all_of_episode(episode.id)
    await give_beacon(house, beacon, draw)
    await house.cycle.take_due()
    ready = await house.episodes.get(episode.id)
    assert (ready.phase, ready.target, ready.holds) == (Phase.READY, targets[0], {})
