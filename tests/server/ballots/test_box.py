"""The box at its limits: a database that is away, that answers too late, more votes than it holds."""

import asyncio

import pytest

from server.ballots import box as box_module
from server.ballots.model import TooBusy, VotedAlready
from server.ballots.store import BallotStore
from server.kit.errors import Unavailable, Uncertain
from server.kit.mongo import Database
from tests.makers import open_house
from tests.server.ballots.conftest import OPTIONS, Poll, together

KEY = "a-key-of-the-voters-browser"


class Unsure(BallotStore):
    """Keeps votes, and loses the answer once."""

    lose = True

    async def insert_votes(self, documents):
        inserted = await super().insert_votes(documents)
        if self.lose:
            self.lose = False
            raise Uncertain("Nobody knows.", retry_after=2)
        return inserted


async def test_while_the_database_is_away_everybody_is_asked_to_come_again(poll):
    await poll.ballots.running(poll.ballot.id)
    away = Database.connect("mongodb://127.0.0.1:1/", "nowhere")
    store, poll.ballots._box._store = poll.ballots._box._store, BallotStore(away)
    answers = await together(*(poll.cast() for _ in range(20)))
    assert all(isinstance(answer, Unavailable) and answer.retry_after for answer in answers)
    poll.ballots._box._store = store
    _, new = await poll.cast()
    assert new
    assert (await poll.ballots.running(poll.ballot.id))["votes"] == 1
    await away.close()


async def test_a_batch_whose_end_is_unknown_gets_no_receipt_and_the_retry_finds_its_vote(poll, database):
    poll.ballots._box._store = Unsure(database)
    voter = poll.voter()
    with pytest.raises(Uncertain):
        await poll.cast(voter, key=KEY)
    receipt, new = await poll.cast(voter, key=KEY)
    assert not new
    assert await poll.votes.count({}) == 1
    with pytest.raises(VotedAlready):
        await poll.cast(voter)
    await poll.close()
    assert poll.board() == [f"{receipt.code} device {OPTIONS[0]}"]


async def test_more_votes_than_may_wait_are_refused_at_once(database, tmp_path, clock):
    async with open_house(database, tmp_path, clock, waiting_votes=5, vote_gather_milliseconds=50) as house:
        poll = Poll(house)
        await poll.open()
        await poll.ballots.running(poll.ballot.id)
        answers = await together(*(poll.cast() for _ in range(12)))
        busy = [answer for answer in answers if isinstance(answer, TooBusy)]
        assert len(busy) == 7
        assert all(answer.retry_after for answer in busy)
        assert await poll.votes.count({}) == 5
        _, new = await poll.cast()
        assert new


async def test_votes_are_sent_in_batches_and_few_at_once(poll, monkeypatch):
    monkeypatch.setattr(box_module, "BATCH", 10)
    sizes, under_way, most = [], 0, 0
    insert = poll.ballots.store.insert_votes

    async def counted(documents):
        nonlocal under_way, most
        sizes.append(len(documents))
        under_way += 1
        most = max(most, under_way)
        try:
            return await insert(documents)
        finally:
            under_way -= 1

    monkeypatch.setattr(poll.ballots.store, "insert_votes", counted)
    await asyncio.gather(*(poll.cast() for _ in range(55)))
    assert sum(sizes) == 55
    assert max(sizes) <= 10
    assert most <= box_module.IN_FLIGHT


async def test_a_fault_of_the_program_leaves_nobody_waiting(poll, monkeypatch, caplog):
    async def broken(_documents):
        raise ZeroDivisionError

    monkeypatch.setattr(poll.ballots.store, "insert_votes", broken)
    with pytest.raises(Unavailable):
        await poll.cast()
    await poll.ballots._box.settled()
    assert "votes failed" in caplog.text


async def test_a_voter_who_has_gone_keeps_no_other_from_hearing(poll, caplog):
    await poll.ballots.running(poll.ballot.id)
    voters = [poll.voter() for _ in range(2)]
    told = asyncio.get_running_loop().create_future()

    def gone(_said, _new):
        raise ConnectionResetError

    for voter, answer in zip(voters, (gone, lambda said, new: told.set_result(new)), strict=True):
        vote = poll.ballots.checked(voter, "", poll.ballot.id, OPTIONS[:1], KEY, poll.proof(voter))
        poll.ballots.put(vote, answer)
    assert await told
    assert "could not be told" in caplog.text
