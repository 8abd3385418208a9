"""Doors to the public record: pages, and what a stranger needs to mirror it and to check it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from server.kit.doors import Doors
from server.kit.errors import Invalid
from server.kit.forms import whole_number
from server.kit.replies import Page, json_reply
from server.ledger.actions import Ledger, NoSuchEntry
from server.ledger.model import Entry

READ = "read"
ENTRIES_A_PAGE = 50
ENTRIES_A_CALL = 1000

UrlOf = Callable[[Entry], str | None]
"""The page about what an entry is about."""


@dataclass(frozen=True)
class EntryView:
    """One entry as a page shows it; `sentence` holds no words of a language, the template has those of the kind."""

    index: int
    kind: str
    at: datetime
    subject: str
    episode: str | None
    body: Mapping[str, Any]
    sentence: str
    url: str | None
    leaf_hash: str


@dataclass(frozen=True)
class LedgerPage:
    """Facts of ledger/ledger.html: the newest entries first."""

    size: int
    root: str
    checkpoint: str
    entries: list[EntryView]
    page: int
    pages: int
    key: str


@dataclass(frozen=True)
class EntryPage:
    """Facts of ledger/entry.html: the entry and why it is believed; `proof` from the leaf up, in hex."""

    entry: EntryView
    raw: str
    proof: list[str]
    size: int
    root: str
    checkpoint: str


@dataclass(frozen=True)
class Inclusion:
    """The reply of /ledger/proof/inclusion (RFC 6962, 2.1.1); hashes in hex."""

    index: int
    size: int
    root: str
    leaf_hash: str
    proof: list[str]


@dataclass(frozen=True)
class Consistency:
    """The reply of /ledger/proof/consistency (RFC 6962, 2.1.2); hashes in hex. `old` and `new` are sizes."""

    old: int
    new: int
    old_root: str
    new_root: str
    proof: list[str]


def add_doors(doors: Doors, ledger: Ledger, url_of: UrlOf) -> None:
    """Everybody may read all of it."""
    routes = LedgerRoutes(ledger, url_of)
    doors.page("/ledger", routes.ledger, deed=READ)
    doors.get("/ledger/checkpoint", routes.checkpoint, deed=READ)
    doors.get("/ledger/key", routes.key, deed=READ)
    doors.get("/ledger/entries", routes.entries, deed=READ)
    doors.page("/ledger/entries/{index}", routes.entry, deed=READ)
    doors.get("/ledger/proof/inclusion", routes.inclusion, deed=READ)
    doors.get("/ledger/proof/consistency", routes.consistency, deed=READ)


class LedgerRoutes:
    """The handlers. Each takes the head once, so that all it says belongs to one checkpoint."""

    def __init__(self, ledger: Ledger, url_of: UrlOf) -> None:
        self._ledger = ledger
        self._url_of = url_of

    async def ledger(self, request: web.Request) -> Page:
        """A page of entries; page 1 ends with the newest."""
        head = self._ledger.head
        pages = max(1, -(-head.size // ENTRIES_A_PAGE))
        page = whole_number(request, "page", 1, least=1, most=pages)
        end = head.size - (page - 1) * ENTRIES_A_PAGE
        first = max(0, end - ENTRIES_A_PAGE)
        found = await self._ledger.entries(first, end - first) if end > first else []
        views = [self._view(entry) for entry in reversed(found)]
        key = self._ledger.verifier_key
        return Page("ledger/ledger.html", LedgerPage(head.size, head.root, head.note, views, page, pages, key))

    async def entry(self, request: web.Request) -> Page:
        """One entry with its proof in the newest tree."""
        head = self._ledger.head
        entry = await self._ledger.entry(_index(request.match_info["index"], head.size))
        proof = [h.hex() for h in await self._ledger.inclusion_proof(entry.index, head.size)]
        facts = EntryPage(self._view(entry), entry.raw.decode(), proof, head.size, head.root, head.note)
        return Page("ledger/entry.html", facts)

    async def checkpoint(self, _request: web.Request) -> web.Response:
        """The signed note (C2SP tlog-checkpoint)."""
        return web.Response(text=self._ledger.head.note, content_type="text/plain", charset="utf-8")

    async def key(self, _request: web.Request) -> web.Response:
        """The key that verifies the note (C2SP signed-note)."""
        return web.Response(text=self._ledger.verifier_key + "\n", content_type="text/plain", charset="utf-8")

    async def entries(self, request: web.Request) -> web.Response:
        """The hashed bytes of entries from `from` on, one a line; past the end of the log there are none."""
        size = self._ledger.head.size
        first = whole_number(request, "from", 0, most=size)
        limit = whole_number(request, "limit", ENTRIES_A_CALL, least=1, most=ENTRIES_A_CALL)
        found = await self._ledger.entries(first, limit)
        lines = b"".join(entry.raw + b"\n" for entry in found)
        return web.Response(body=lines, content_type="application/x-ndjson")

    async def inclusion(self, request: web.Request) -> web.Response:
        """Why the entry `index` stands in the log of `size` entries."""
        known = self._ledger.head.size
        size = _needed(request, "size", 1, known)
        index = _needed(request, "index", 0, size - 1)
        proof = await self._ledger.inclusion_proof(index, size)
        root = await self._ledger.root_at(size)
        leaf = (await self._ledger.entry(index)).leaf_hash
        return json_reply(Inclusion(index, size, root.hex(), leaf.hex(), [h.hex() for h in proof]))

    async def consistency(self, request: web.Request) -> web.Response:
        """Why the log of `from` entries is the beginning of that of `to`."""
        known = self._ledger.head.size
        new = _needed(request, "to", 1, known)
        old = _needed(request, "from", 1, new)
        proof = [h.hex() for h in await self._ledger.consistency_proof(old, new)]
        roots = [(await self._ledger.root_at(size)).hex() for size in (old, new)]
        return json_reply(Consistency(old, new, roots[0], roots[1], proof))

    def _view(self, entry: Entry) -> EntryView:
        fact = entry.fact
        return EntryView(
            index=entry.index,
            kind=fact.kind.value,
            at=fact.at,
            subject=fact.subject,
            episode=fact.episode,
            body=fact.body,
            sentence=_sentence(entry),
            url=self._url_of(entry),
            leaf_hash=entry.leaf_hash.hex(),
        )


def _sentence(entry: Entry) -> str:
    """What happened to what, without words: `ep_1: draft → nominating`."""
    body = entry.fact.body
    step = f": {body['from']} → {body['to']}" if {"from", "to"} <= body.keys() else ""
    return entry.fact.subject + step


def _index(text: str, size: int) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 16:
        raise NoSuchEntry("The ledger has no entry {index}; it has {size} so far.", index=text[:40], size=size)
    return int(text)


def _needed(request: web.Request, name: str, least: int, most: int) -> int:
    if most < least:
        raise NoSuchEntry("The ledger is empty; there is nothing to prove yet.")
    if name not in request.query:
        raise Invalid("The address lacks “{name}”. Add {name}= and a whole number.", where=name, name=name)
    return whole_number(request, name, least, least=least, most=most)
