import hashlib
import json

import pytest
from aiohttp import web

from server.kit import guard
from server.kit.doors import PERMIT, Doors
from server.kit.replies import RENDER, TRANSLATE
from server.ledger.checkpoint import verify
from server.ledger.merkle import leaf_hash, verify_consistency, verify_inclusion
from server.ledger.routes import ENTRIES_A_PAGE, add_doors


class Visitor:
    """A stranger with nothing but HTTP."""

    def __init__(self, client, ledger):
        self.client = client
        self.ledger = ledger

    async def json(self, path, status=200):
        async with self.client.get(path, headers={"Accept": "application/json"}) as reply:
            assert reply.status == status, await reply.text()
            return json.loads(await reply.text())

    async def error(self, path, status):
        return (await self.json(path, status))["error"]

    async def body(self, path):
        async with self.client.get(path) as reply:
            assert reply.status == 200
            return reply.headers["Content-Type"], await reply.read()


def app_of(ledger):
    app = web.Application(middlewares=[guard.errors])
    app[PERMIT] = lambda who, deed: None
    app[RENDER] = lambda request, template, facts: f"{template} {facts}"
    app[TRANSLATE] = lambda request, refusal: refusal.sentence()
    add_doors(Doors(app), ledger, lambda entry: f"/about/{entry.fact.subject}")
    return app


@pytest.fixture
async def visit(world, fact, aiohttp_client):
    """A stranger before a ledger of so many entries."""

    async def open_ledger(size):
        ledger = await world.server()
        if size:
            await world.settle(ledger, *(fact(n) for n in range(size)))
            assert await ledger.wait_beyond(size - 1, 10)
        return Visitor(await aiohttp_client(app_of(ledger)), ledger)

    return open_ledger


async def test_a_stranger_mirrors_the_log_and_proves_it(visit, prover):
    visitor = await visit(25)
    kind, key = await visitor.body("/ledger/key")
    assert kind == "text/plain; charset=utf-8"
    kind, note = await visitor.body("/ledger/checkpoint")
    assert kind == "text/plain; charset=utf-8"
    shown = verify(note.decode(), key.decode().strip())
    mirror = []
    while len(mirror) < shown.size:
        kind, text = await visitor.body(f"/ledger/entries?from={len(mirror)}&limit=10")
        assert kind == "application/x-ndjson"
        mirror += text.removesuffix(b"\n").split(b"\n")
    entries = await prover.prove(visitor.ledger)
    assert mirror == [entry.raw for entry in entries]
    for index in (0, 11, 24):
        proof = await visitor.json(f"/ledger/proof/inclusion?index={index}&size={shown.size}")
        hashes = [bytes.fromhex(h) for h in proof["proof"]]
        assert proof["root"] == shown.root.hex()
        assert proof["leaf_hash"] == leaf_hash(mirror[index]).hex()
        assert verify_inclusion(index, shown.size, leaf_hash(mirror[index]), shown.root, hashes)
    for old in (1, 8, 13, 25):
        proof = await visitor.json(f"/ledger/proof/consistency?from={old}&to=25")
        hashes = [bytes.fromhex(h) for h in proof["proof"]]
        old_root, new_root = bytes.fromhex(proof["old_root"]), bytes.fromhex(proof["new_root"])
        assert verify_consistency(old, 25, old_root, new_root, hashes)


async def test_proofs_of_older_sizes_are_given_too(visit):
    visitor = await visit(9)
    proof = await visitor.json("/ledger/proof/inclusion?index=2&size=5")
    assert (proof["index"], proof["size"]) == (2, 5)
    assert proof["root"] == (await visitor.ledger.root_at(5)).hex()


async def test_an_empty_ledger_has_a_page_and_a_signed_note(visit):
    visitor = await visit(0)
    facts = await visitor.json("/ledger.json")
    assert (facts["size"], facts["entries"], facts["page"], facts["pages"]) == (0, [], 1, 1)
    assert facts["root"] == hashlib.sha256(b"").hexdigest()
    assert verify(facts["checkpoint"], facts["key"]).size == 0
    assert await visitor.body("/ledger/entries") == ("application/x-ndjson", b"")
    error = await visitor.error("/ledger/proof/inclusion?index=0&size=1", 404)
    assert error["message"] == "The ledger is empty; there is nothing to prove yet."


async def test_the_page_shows_the_newest_first(visit):
    size = ENTRIES_A_PAGE + 3
    visitor = await visit(size)
    first, second = await visitor.json("/ledger.json"), await visitor.json("/ledger.json?page=2")
    assert first["pages"] == 2
    assert [e["index"] for e in first["entries"] + second["entries"]] == list(reversed(range(size)))
    error = await visitor.error("/ledger.json?page=3", 400)
    assert (error["where"], error["message"]) == ("page", "“3” is not a whole number from 1 to 2.")


async def test_an_entry_comes_with_what_proves_it(visit):
    visitor = await visit(6)
    facts = await visitor.json("/ledger/entries/3.json")
    raw = facts["raw"].encode()
    entry = facts["entry"]
    assert json.loads(raw)["subject"] == entry["subject"] == "subject 3"
    assert entry == {
        "index": 3,
        "kind": "episode.moved",
        "at": "2026-03-06T02:00:00.000Z",
        "subject": "subject 3",
        "episode": "ep_1",
        "body": {"from": "draft", "to": "nominating", "reason": "3"},
        "sentence": "subject 3: draft → nominating",
        "url": "/about/subject 3",
        "leaf_hash": leaf_hash(raw).hex(),
    }
    shown = verify(facts["checkpoint"], visitor.ledger.verifier_key)
    assert (shown.size, shown.root.hex()) == (facts["size"], facts["root"])
    proof = [bytes.fromhex(h) for h in facts["proof"]]
    assert verify_inclusion(3, shown.size, leaf_hash(raw), shown.root, proof)


@pytest.mark.parametrize("page", ["/ledger", "/ledger/entries/0"])
async def test_pages_are_drawn(visit, page):
    visitor = await visit(1)
    kind, text = await visitor.body(page)
    assert kind == "text/html; charset=utf-8"
    assert text.startswith(b"ledger/")


@pytest.mark.parametrize("index", ["3", "-1", "x", "٣", "9" * 30])
async def test_an_entry_that_is_not_there_is_not_found(visit, index):
    visitor = await visit(3)
    error = await visitor.error(f"/ledger/entries/{index}", 404)
    assert error["kind"] == "NoSuchEntry"
    assert error["message"] == f"The ledger has no entry {index}; it has 3 so far."


@pytest.mark.parametrize(
    ("path", "where", "message"),
    [
        ("proof/inclusion?index=0", "size", "The address lacks “size”. Add size= and a whole number."),
        ("proof/inclusion?size=3", "index", "The address lacks “index”. Add index= and a whole number."),
        ("proof/inclusion?index=0&size=4", "size", "“4” is not a whole number from 1 to 3."),
        ("proof/inclusion?index=0&size=0", "size", "“0” is not a whole number from 1 to 3."),
        ("proof/inclusion?index=2&size=2", "index", "“2” is not a whole number from 0 to 1."),
        ("proof/inclusion?index=x&size=2", "index", "“x” is not a whole number from 0 to 1."),
        ("proof/consistency?from=1", "to", "The address lacks “to”. Add to= and a whole number."),
        ("proof/consistency?from=0&to=3", "from", "“0” is not a whole number from 1 to 3."),
        ("proof/consistency?from=3&to=2", "from", "“3” is not a whole number from 1 to 2."),
        ("proof/consistency?from=1&to=4", "to", "“4” is not a whole number from 1 to 3."),
        ("entries?from=4", "from", "“4” is not a whole number from 0 to 3."),
        ("entries?limit=0", "limit", "“0” is not a whole number from 1 to 1000."),
        ("entries?limit=1001", "limit", "“1001” is not a whole number from 1 to 1000."),
    ],
)
async def test_a_question_that_cannot_be_is_refused(visit, path, where, message):
    visitor = await visit(3)
    error = await visitor.error(f"/ledger/{path}", 400)
    assert (error["where"], error["message"]) == (where, message)


async def test_a_mirror_at_the_end_is_told_nothing_new(visit):
    visitor = await visit(3)
    assert await visitor.body("/ledger/entries?from=3") == ("application/x-ndjson", b"")
