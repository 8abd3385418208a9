import pytest

from server.kit.errors import ChangedMeanwhile, Duplicate
from server.ledger.store import LedgerStore, Tree, Waiting

ROOT = bytes(32)


@pytest.fixture
async def store(database):
    store = LedgerStore(database)
    await store.prepare()
    return store


async def append(database, store, size, waiting):
    tree = Tree(size + len(waiting), ROOT, "signer")
    nodes = {(0, size + i): ROOT for i in range(len(waiting))}
    await database.transact(lambda tx: store.append(size, waiting, nodes, tree, tx))


def waiting_of(fact, *numbers):
    return [Waiting(f"ticket {n}", fact(n).raw()) for n in numbers]


async def test_an_empty_store_has_no_tree(store):
    assert await store.tree() is None
    assert not await store.waiting(10)
    assert not await store.nodes([(0, 0)])
    assert not await store.nodes([])


async def test_appending_moves_facts_from_waiting_to_their_places(database, store, fact):
    facts = waiting_of(fact, 0, 1)
    for order, waiting in enumerate(facts):
        await database.transact(lambda tx, w=waiting, o=order: store.wait(w, o, tx))
    assert await store.waiting(10) == facts
    assert await store.index_of("ticket 1") is None
    await append(database, store, 0, facts)
    assert not await store.waiting(10)
    assert await store.index_of("ticket 1") == 1
    assert [(e.index, e.fact, e.raw) for e in await store.entries(0, 2)] == [
        (n, fact(n), fact(n).raw()) for n in range(2)
    ]
    assert await store.tree() == Tree(2, ROOT, "signer")
    assert await store.nodes([(0, 1), (5, 5)]) == {(0, 1): ROOT}


async def test_the_oldest_wait_first(database, store, fact):
    for order, waiting in zip([30, 10, 20], waiting_of(fact, 3, 1, 2), strict=True):
        await database.transact(lambda tx, w=waiting, o=order: store.wait(w, o, tx))
    assert [w.ticket for w in await store.waiting(2)] == ["ticket 1", "ticket 2"]


async def test_a_place_is_given_once(database, store, fact):
    await append(database, store, 0, waiting_of(fact, 0, 1))
    with pytest.raises(Duplicate):
        await append(database, store, 1, waiting_of(fact, 2))
    assert (await store.entries(1, 2))[0].fact == fact(1)


async def test_a_fact_gets_one_place_only(database, store, fact):
    await append(database, store, 0, waiting_of(fact, 0))
    with pytest.raises(Duplicate):
        await append(database, store, 1, waiting_of(fact, 0))


async def test_a_log_that_has_grown_meanwhile_is_not_extended(database, store, fact):
    await append(database, store, 0, waiting_of(fact, 0))
    with pytest.raises(ChangedMeanwhile):
        await append(database, store, 5, waiting_of(fact, 5))
    assert await store.tree() == Tree(1, ROOT, "signer")
    assert not await store.entries(5, 6)
