import asyncio

import pytest

from server.ledger.actions import NoSuchEntry
from server.ledger.model import Kind


class Regret(Exception):
    pass


async def test_a_new_ledger_is_empty_and_says_so_signed(world, prover):
    ledger = await world.server()
    await prover(ledger)
    assert ledger.head.size == 0
    assert not await ledger.entries(0, 10)


async def test_a_recorded_fact_gets_its_place_and_its_proof(world, prover, fact):
    ledger = await world.server()
    assert await world.settle(ledger, fact(0)) == [0]
    await prover(ledger)
    assert (await ledger.entry(0)).fact == fact(0)
    assert ledger.head.size == 1


async def test_every_step_keeps_every_checkpoint_true(world, prover, fact, all_once):
    ledger = await world.server()
    await prover(ledger)
    recorded = 0
    for batch in (1, 1, 2, 1, 3, 8, 1, 16, 5):
        facts = [fact(recorded + n) for n in range(batch)]
        assert await world.settle(ledger, *facts) == list(range(recorded, recorded + batch))
        recorded += batch
        await prover(ledger)
    all_once(await prover.prove(ledger), recorded)


async def test_facts_keep_the_order_in_which_they_were_recorded(world, prover, fact):
    ledger = await world.server(running=False)
    tickets = []
    for start in range(0, 60, 20):
        tickets += await world.record(ledger, *(fact(start + n) for n in range(20)))
    world.tasks.keep("sequencer", ledger.sequence_forever)
    assert [await ledger.settled(ticket) for ticket in tickets] == list(range(60))
    assert [e.fact.subject for e in await prover.prove(ledger)] == [f"subject {n}" for n in range(60)]


async def test_the_order_survives_a_clock_that_goes_back(world, fact, monkeypatch):
    ledger = await world.server(running=False)
    clock = iter([3_000_000, 2_000_000, 2_000_000, 1_000_000])
    monkeypatch.setattr("server.ledger.actions.time.time_ns", lambda: next(clock))
    await world.record(ledger, *(fact(n) for n in range(4)))
    monkeypatch.undo()
    world.tasks.keep("sequencer", ledger.sequence_forever)
    assert await ledger.wait_beyond(3, 5)
    assert [e.fact.subject for e in await ledger.entries(0, 10)] == [f"subject {n}" for n in range(4)]


async def test_an_aborted_transaction_leaves_no_fact(world, prover, fact):
    ledger = await world.server()
    nouns = world.database.collection("nouns")

    async def regret(tx):
        await nouns.insert({"_id": 1}, tx=tx)
        await ledger.record(tx, fact(666))
        raise Regret

    with pytest.raises(Regret):
        await world.database.transact(regret)
    await world.settle(ledger, fact(0))
    assert [e.fact.subject for e in await prover.prove(ledger)] == ["subject 0"]
    assert not await nouns.find({})


async def test_a_fact_and_its_noun_are_there_together(world, fact):
    ledger = await world.server()
    nouns = world.database.collection("nouns")

    async def both(tx):
        await nouns.insert({"_id": 1}, tx=tx)
        return await ledger.record(tx, fact(0))

    assert await ledger.settled(await world.database.transact(both)) == 0
    assert await nouns.count({}) == 1


async def test_an_unknown_ticket_is_not_settled(world):
    ledger = await world.server()
    assert await ledger.settled("fact_unknown", 0.05) is None


async def test_a_settled_fact_can_be_read_at_once_on_the_server_that_was_asked(world, fact):
    first, second = await world.server(), await world.server()
    [ticket] = await world.record(first, fact(0))
    index = await second.settled(ticket, 10)
    assert (await second.entry(index)).fact == fact(0)


async def test_waiting_ends_with_growth_or_with_its_time(world, fact):
    ledger = await world.server()
    assert not await ledger.wait_beyond(0, 0.01)
    waiting = asyncio.gather(*(ledger.wait_beyond(0, 10) for _ in range(20)))
    await world.settle(ledger, fact(0))
    assert await waiting == [True] * 20
    assert await ledger.wait_beyond(0, 0)
    assert not await ledger.wait_beyond(1, 0)


async def test_entries_are_read_by_page_and_by_episode(world, fact):
    ledger = await world.server()
    await world.settle(ledger, *(fact(n, episode=f"ep_{n % 2}") for n in range(10)))
    assert [e.index for e in await ledger.entries(3, 4)] == [3, 4, 5, 6]
    assert [e.index for e in await ledger.entries(3, 4, **{"fact.episode": "ep_1"})] == [3, 5, 7, 9]
    assert not await ledger.entries(10, 4)


async def test_all_entries_about_some_nouns_come_in_order(world, fact):
    ledger = await world.server()
    await world.settle(ledger, *(fact(n % 3) for n in range(9)))
    found = [e.index async for e in ledger.about("subject 0", "subject 2")]
    assert found == [0, 2, 3, 5, 6, 8]
    assert not [e async for e in ledger.about("subject 0", kinds=[Kind.DRAW_DRAWN])]
    assert len([e async for e in ledger.about("subject 0", kinds=[Kind.EPISODE_MOVED])]) == 3


async def test_what_is_shown_is_what_was_hashed(world, prover, fact):
    ledger = await world.server()
    await world.settle(ledger, fact(0))
    entries = world.database.collection("ledger_entries")
    await entries.update({"_id": 0}, {"$set": {"fact.body.reason": "forged"}})
    assert (await ledger.entry(0)).fact == fact(0)
    await prover(ledger)


@pytest.mark.parametrize("index", [-1, 3, 2**40])
async def test_there_is_no_entry_outside_the_log(world, fact, index):
    ledger = await world.server()
    await world.settle(ledger, *(fact(n) for n in range(3)))
    with pytest.raises(NoSuchEntry, match=f"no entry {index}; it has 3 so far"):
        await ledger.entry(index)


async def test_no_proof_leads_outside_the_log(world, fact):
    ledger = await world.server()
    await world.settle(ledger, *(fact(n) for n in range(3)))
    with pytest.raises(NoSuchEntry, match="has 3 entries so far; a size of 4 is still to come"):
        await ledger.inclusion_proof(0, 4)
    with pytest.raises(NoSuchEntry, match="no entry 2 in a ledger of 2"):
        await ledger.inclusion_proof(2, 2)
    with pytest.raises(NoSuchEntry, match="a size of 4 is still to come"):
        await ledger.consistency_proof(1, 4)
    with pytest.raises(NoSuchEntry, match="No proof leads from a ledger of 0 entries to one of 3"):
        await ledger.consistency_proof(0, 3)
    with pytest.raises(NoSuchEntry, match="still to come"):
        await ledger.root_at(4)
