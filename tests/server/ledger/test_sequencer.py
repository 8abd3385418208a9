import asyncio
import logging
import random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.kit.errors import Unavailable
from server.kit.mongo import Database
from server.ledger.actions import Ledger
from server.ledger.mark import Mark
from server.ledger.sequencer import ForeignLedger, LedgerLost

LEDGER = ("ledger_pending", "ledger_entries", "ledger_nodes", "ledger_head")


class Away:
    """The database as a server sees it whose way to it is cut now and then."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.away = False
        self.refusals = 0
        self.refused = asyncio.Event()

    def collection(self, name):
        return self.database.collection(name)

    async def transact(self, work):
        if self.away:
            self.refusals += 1
            if self.refusals >= 5:
                self.refused.set()
            raise Unavailable("The database does not answer.", retry_after=2)
        return await self.database.transact(work)


async def wipe(database):
    for name in LEDGER:
        await database.collection(name).delete_all({})


async def stop(ledger):
    ledger.task.cancel()
    await asyncio.wait([ledger.task])


async def test_two_sequencers_neither_fork_nor_lose_nor_repeat(world, prover, fact, all_once):
    servers = [await world.server(), await world.server()]
    chance = random.Random(9162)

    async def write(numbers):
        for number in numbers:
            await world.record(chance.choice(servers), fact(number))
            if number % 10 == 0:
                await prover(*servers)

    await asyncio.gather(*(write(range(start, 200, 4)) for start in range(4)))
    for server in servers:
        assert await server.wait_beyond(199, 10)
        all_once(await prover.prove(server), 200)
    assert servers[0].head == servers[1].head


async def test_facts_recorded_without_a_sequencer_wait_for_one(world, prover, fact, all_once):
    first = await world.server(running=False)
    await world.record(first, *(fact(n) for n in range(3)))
    assert first.head.size == 0
    second = await world.server()
    assert await second.wait_beyond(2, 10)
    all_once(await prover.prove(second), 3)


async def test_more_than_a_batch_goes_in_at_once(world, prover, fact, all_once, monkeypatch):
    monkeypatch.setattr("server.ledger.sequencer.BATCH", 7)
    monkeypatch.setattr("server.ledger.sequencer.POLL_SECONDS", 60)
    ledger = await world.server(running=False)
    await world.record(ledger, *(fact(n) for n in range(20)))
    world.tasks.keep("sequencer", ledger.sequence_forever)
    assert await ledger.wait_beyond(19, 10)
    all_once(await prover.prove(ledger), 20)


async def test_a_restart_goes_on_where_it_stopped(world, prover, fact, all_once, tmp_path):
    mark = Mark(tmp_path / "ledger.mark")
    for start in range(0, 15, 5):
        ledger = await world.server(mark=mark)
        assert ledger.head.size == start
        await prover(ledger)
        await world.settle(ledger, *(fact(start + n) for n in range(5)))
        await prover(ledger)
        await stop(ledger)
    all_once(await prover.prove(await world.server(mark=mark)), 15)


async def test_a_sequencer_that_is_stopped_anywhere_harms_nothing(world, prover, fact, all_once):
    chance = random.Random(1)
    ledger = await world.server(running=False)
    for number in range(40):
        await world.record(ledger, fact(number))
        ledger = Ledger(world.database, world.key, ledger.origin)
        await ledger.open()
        await prover(ledger)
        task = world.tasks.start("sequencer", ledger.sequence_forever())
        await asyncio.wait([task], timeout=chance.uniform(0, 0.02))
        task.cancel()
        await asyncio.wait([task])
        await prover(ledger)
    last = await world.server()
    assert await last.wait_beyond(39, 10)
    all_once(await prover.prove(last), 40)


async def test_an_outage_is_waited_out_and_logged_once(world, prover, fact, all_once, caplog, monkeypatch):
    monkeypatch.setattr("server.ledger.sequencer.PAUSE_SECONDS", 0.01)
    database = Away(world.database)
    ledger = await world.server(database=database)
    await world.settle(ledger, fact(0))
    database.away = True
    await world.record(ledger, fact(1))
    await asyncio.wait_for(database.refused.wait(), 10)
    database.away = False
    assert await ledger.wait_beyond(1, 10)
    all_once(await prover.prove(ledger), 2)
    lines = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert lines == [
        "Facts get no places in the ledger for now: The database does not answer.",
        "Facts get their places in the ledger again.",
    ]
    assert not ledger.task.done()


async def test_an_empty_database_is_refused_where_something_was_signed(world, fact, tmp_path):
    mark = Mark(tmp_path / "ledger.mark")
    ledger = await world.server(mark=mark)
    await world.settle(ledger, fact(0), fact(1))
    await stop(ledger)
    await wipe(world.database)
    with pytest.raises(LedgerLost) as refusal:
        await world.server(mark=mark, running=False)
    assert str(refusal.value) == (
        f"This server has signed a ledger of 2 entries ({mark.path} says so), but the database holds no ledger at all. "
        "Restore the database from its newest backup. Only if the entries are lost for good: say so in public, then "
        "move that file and the ledger's key away and start with an empty database; the new key begins a new ledger."
    )


async def test_an_older_database_is_refused(world, fact, tmp_path):
    mark = Mark(tmp_path / "ledger.mark")
    ledger = await world.server(mark=mark)
    await world.settle(ledger, fact(0), fact(1))
    older = await world.database.collection("ledger_head").find_one({})
    await world.settle(ledger, fact(2))
    await stop(ledger)
    await world.database.collection("ledger_head").replace({"_id": "head"}, older)
    with pytest.raises(LedgerLost, match=r"a ledger of 3 entries .* but the database holds only 2"):
        await world.server(mark=mark, running=False)


async def test_another_history_of_the_same_length_is_refused(world, fact, tmp_path):
    mark = Mark(tmp_path / "ledger.mark")
    ledger = await world.server(mark=mark)
    await world.settle(ledger, fact(0), fact(1))
    await stop(ledger)
    await wipe(world.database)
    other = await world.server()
    await world.settle(other, *(fact(n) for n in range(5, 8)))
    await stop(other)
    with pytest.raises(LedgerLost, match="holds other entries in their place"):
        await world.server(mark=mark, running=False)


async def test_a_database_that_lost_its_nodes_is_refused(world, fact, tmp_path):
    mark = Mark(tmp_path / "ledger.mark")
    ledger = await world.server(mark=mark)
    await world.settle(ledger, fact(0))
    await stop(ledger)
    newer = await world.server()
    await world.settle(newer, fact(1), fact(2))
    await stop(newer)
    await world.database.collection("ledger_nodes").delete_all({})
    with pytest.raises(LedgerLost, match="lacks the hash of the subtree"):
        await world.server(mark=mark, running=False)


async def test_a_running_server_writes_nothing_onto_a_database_that_went_back(world, prover, fact, caplog, monkeypatch):
    monkeypatch.setattr("server.ledger.sequencer.PAUSE_SECONDS", 0.01)
    ledger = await world.server()
    await world.settle(ledger, fact(0), fact(1))
    await stop(ledger)
    head = ledger.head
    await wipe(world.database)
    await world.record(ledger, fact(2))
    task = world.tasks.start("sequencer", ledger.sequence_forever())
    assert not await ledger.wait_beyond(2, 0.2)
    assert ledger.head == head
    assert not await world.database.collection("ledger_entries").find({})
    assert "holds no ledger at all" in caplog.text
    assert not task.done()


async def test_another_servers_key_is_refused(world, fact):
    await world.settle(await world.server(), fact(0))
    with pytest.raises(ForeignLedger, match="Put back the key file and the setting ledger_origin"):
        await world.server(key=Ed25519PrivateKey.generate(), running=False)


async def test_another_origin_is_refused(world, fact, tmp_path):
    mark = Mark(tmp_path / "ledger.mark")
    ledger = await world.server(mark=mark)
    await world.settle(ledger, fact(0))
    renamed = Ledger(world.database, world.key, "other.example/ledger", mark.path)
    with pytest.raises(ForeignLedger, match=r"kept as inspect\.example/ledger, .* other\.example/ledger\+"):
        await renamed.open()


async def test_the_mark_is_never_behind_what_is_served(world, fact, tmp_path):
    mark = Mark(tmp_path / "ledger.mark")
    ledger = await world.server(mark=mark)
    for number in range(5):
        await world.settle(ledger, fact(number))
        head = ledger.head
        assert mark.read().size >= head.size
    assert mark.read().root.hex() == ledger.head.root
