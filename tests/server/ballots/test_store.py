from dataclasses import replace

import pytest

from server.kit.errors import ChangedMeanwhile
from tests.server.ballots.conftest import OPTIONS


async def test_nothing_of_an_open_ballot_can_be_changed(poll):
    """Whatever a caller hands in: the store writes what became of a ballot, and nothing of its terms."""
    store, ballot = poll.ballots.store, poll.ballot
    forged = replace(
        ballot, options=OPTIONS[:2], choose=1, closes_at=poll.clock(), tie_break=OPTIONS, show_tally=False, votes=7
    )
    await store.save(forged)
    kept = await store.get(ballot.id)
    assert kept == replace(ballot, votes=7, version=1)


async def test_who_was_slower_is_told(poll):
    store = poll.ballots.store
    await store.save(poll.ballot)
    with pytest.raises(ChangedMeanwhile):
        await store.save(poll.ballot)


async def test_a_place_that_was_taken_is_no_vote(poll):
    store = poll.ballots.store
    await poll.cast()
    await poll.votes.insert({"_id": f"{poll.ballot.id}/{'f' * 64}", "of": "another", "at": poll.clock()})
    assert len([vote async for vote in store.all_votes(poll.ballot.id)]) == 1
    assert [group["many"] for group in await store.counts(poll.ballot.id)] == [1]


async def test_sweeping_forgets_one_ballot_and_no_other(poll):
    first = poll.ballot
    for _ in range(20):
        await poll.cast()
    await poll.open()
    await poll.cast()
    await poll.ballots.store.sweep(first.id)
    assert [d["_id"].partition("/")[0] for d in await poll.votes.find({})] == [poll.ballot.id]
