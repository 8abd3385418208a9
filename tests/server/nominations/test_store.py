from dataclasses import replace

import pytest

from server.citizens.model import Tier
from server.kit.errors import ChangedMeanwhile, Duplicate
from server.nominations.model import State


async def test_a_nomination_is_kept_whole(square):
    made = await square.propose(square.citizen(Tier.PHONE))
    assert await square.store.get(made.id) == made
    assert await square.store.get_many([made.id, "no_nobody"]) == {made.id: made}
    assert await square.store.get("no_nobody") is None
    assert await square.store.get_many([]) == {}


async def test_the_most_supported_come_first_then_the_oldest(square):
    old = await square.propose()
    square.clock.advance(minutes=1)
    young, liked = await square.propose(), await square.propose()
    await square.follow(liked)
    assert [n.id for n in await square.store.find(square.episode)] == [liked.id, old.id, young.id]
    assert [n.id for n in await square.store.find(square.episode, skip=1, limit=1)] == [old.id]
    assert await square.store.count(square.episode) == 3
    assert await square.store.count(square.episode, state=State.MERGED.value) == 0


async def test_tallies_add_up_the_support_of_each_target(square):
    one, other = square.targets[:2]
    first = await square.propose(target=one)
    await square.propose(target=one)
    await square.propose()
    gone = await square.propose(target=other)
    await square.follow(first)
    assert await square.store.tallies(square.episode) == {one: 3, other: 1}
    await square.house.database.transact(
        lambda tx: square.store.save(replace(gone, state=State.EXCLUDED), tx),
    )
    assert await square.store.tallies(square.episode) == {one: 3}


async def test_only_one_of_two_that_read_the_same_version_is_saved(square):
    made, transact = await square.propose(), square.house.database.transact
    await transact(lambda tx: square.store.save(made, tx))
    with pytest.raises(ChangedMeanwhile):
        await transact(lambda tx: square.store.save(made, tx))


async def test_a_supporter_is_kept_once_and_found_by_every_name(square):
    citizen = square.citizen()
    made = await square.propose(citizen)
    (kept,) = await square.store.followers(made.id)
    assert kept.proposed
    with pytest.raises(Duplicate):
        await square.house.database.transact(lambda tx: square.store.add_followers([replace(kept, id="fo_2")], tx))
    assert await square.store.follower(replace(kept, by="other")) == kept
    assert await square.store.follower(replace(kept, by="other", device="other")) is None
    assert await square.store.follower(replace(kept, by="other", tier=Tier.PHONE)) == kept
    assert await square.store.inboxes(made.id) == [square.notifications.inbox(citizen)]
    assert await square.store.follows([kept.inbox], 10) == [kept]
    assert await square.store.follows(["nobody"], 10) == []
