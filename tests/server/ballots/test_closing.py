import asyncio
import hashlib
from dataclasses import replace

import pytest

from server.ballots.boards import BoardLost
from server.ledger.model import Kind
from tests.makers import open_house
from tests.server.ballots.conftest import OPTIONS


class PowerCut(Exception):
    """The process is gone."""


async def finish(ballots):
    """Both background tasks, once."""
    await ballots.close_due()
    await ballots.sweep()


async def crash_at(monkeypatch, thing, name, poll):
    """Closes a ballot in a server that ends at this step."""

    def cut(*_arguments, **_options):
        raise PowerCut

    with monkeypatch.context() as patch:
        patch.setattr(thing, name, cut)
        poll.clock.at = max(poll.clock(), poll.ballot.closes_at)
        with pytest.raises(PowerCut):
            await finish(poll.ballots)


@pytest.mark.parametrize("step", ["reading", "publishing", "recording", "sweeping"])
async def test_a_server_that_ends_at_any_step_of_closing_loses_no_vote(poll, tmp_path, monkeypatch, step):
    codes = {(await poll.cast())[0].code for _ in range(9)}
    closing = poll.ballots._closing
    thing, name = {
        "reading": (closing, "_publish"),
        "publishing": (closing._boards, "write"),
        "recording": (closing, "_record"),
        "sweeping": (closing._store, "sweep"),
    }[step]
    await crash_at(monkeypatch, thing, name, poll)
    async with open_house(poll.house.database, tmp_path, poll.clock) as again:
        again.ballots.on_closed.clear()
        await again.ballots.look()
        await again.ballots.close_due()
        await again.ballots.sweep()
        poll.ballot = await again.ballots.get(poll.ballot.id)
    assert poll.ballot.swept_at
    assert {line.split(" ")[0] for line in poll.board()} == codes
    assert [f.kind for f in await poll.facts()].count(Kind.BALLOT_CLOSED) == 1
    assert await poll.votes.count({}) == 0


async def test_a_straggler_of_a_dead_server_is_on_the_board_or_nowhere(poll):
    """Its batch arrives when the ballot is counted already: nobody was told, and the board stays what it is."""
    await poll.cast()
    ballot = await poll.close()
    before = poll.board()
    late = f"{ballot.id}/{'a' * 64}"
    await poll.votes.insert(
        {"_id": late, "code": "7" * 26, "tier": "device", "choices": OPTIONS[0], "at": poll.clock()}
    )
    await poll.ballots.close_due()
    await poll.ballots.sweep()
    assert poll.board() == before
    assert (await poll.ballots.get(ballot.id)).votes == 1


async def test_the_votes_are_kept_until_the_board_is_whole(poll, monkeypatch):
    await poll.cast()
    closing = poll.ballots._closing

    def lost(_ballot):
        raise BoardLost("somebody altered it")

    with monkeypatch.context() as patch:
        patch.setattr(closing._boards, "check", lost)
        poll.clock.at = poll.ballot.closes_at
        await poll.ballots.close_due()
        await poll.ballots.sweep()
    assert await poll.votes.count({}) == 1
    await poll.ballots.sweep()
    assert await poll.votes.count({}) == 0


async def test_two_servers_close_one_ballot_once(poll, tmp_path):
    for _ in range(30):
        await poll.cast()
    async with open_house(poll.house.database, tmp_path, poll.clock) as other:
        other.ballots.on_closed.clear()
        await other.ballots.look()
        poll.clock.at = poll.ballot.closes_at
        await asyncio.gather(poll.ballots.close_due(), other.ballots.close_due())
    poll.ballot = await poll.ballots.get(poll.ballot.id)
    assert len(poll.board()) == poll.ballot.votes == 30
    assert [f.kind for f in await poll.facts()].count(Kind.BALLOT_CLOSED) == 1


async def test_two_servers_vote_and_close_and_every_receipt_is_on_the_board(poll, tmp_path):
    async with open_house(poll.house.database, tmp_path, poll.clock) as other:
        other.ballots.on_closed.clear()
        await other.ballots.look()
        voters = [poll.voter() for _ in range(200)]
        proofs = [poll.proof(voter) for voter in voters]
        poll.clock.at = poll.ballot.closes_at - (poll.ballot.closes_at - poll.ballot.opens_at) / 1000
        casting = asyncio.gather(
            *(
                (other if n % 2 else poll.house).ballots.cast(
                    voter, "", poll.ballot.id, OPTIONS[:1], hashlib.sha256(bytes([n])).hexdigest(), proofs[n]
                )
                for n, voter in enumerate(voters)
            ),
            return_exceptions=True,
        )
        await asyncio.sleep(0)
        await other.ballots.store.save(replace(await poll.ballots.get(poll.ballot.id), counting_at=poll.clock()))
        poll.clock.at = poll.ballot.closes_at
        await other.ballots.close_due()
        answers = await casting
        await poll.ballots.close_due()
    poll.ballot = await poll.ballots.get(poll.ballot.id)
    codes = {line.split(" ")[0] for line in poll.board()}
    assert {a[0].code for a in answers if isinstance(a, tuple)} <= codes
