"""Keeping the registry and the checklists, and finding targets in it."""

import asyncio
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from server.kit.clock import Clock
from server.kit.mongo import Database, Tx
from server.ledger.actions import Ledger
from server.ledger.model import Fact, Kind
from server.people.model import Deed, Person, require
from server.targets.checklist_file import read_checklist
from server.targets.imports import Imports, Progress, Report
from server.targets.model import CLOSED_WORDS, Candidate, Checklist, Grade, NoSuchChecklist, NoSuchTarget, Target
from server.targets.search import Found, Index
from server.targets.store import TargetStore

FRESH_SECONDS = 1.0


@dataclass
class Freshness:
    """When the search index was last compared with the registry, and which revision it holds."""

    looked_at: float = float("-inf")
    revision: int = -1
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Targets:
    """The verbs of the registry."""

    def __init__(self, database: Database, ledger: Ledger, clock: Clock) -> None:
        self._database = database
        self._ledger = ledger
        self._clock = clock
        self._index = Index([])
        self._freshness = Freshness()
        self._checklists: dict[tuple[str, int], Checklist] = {}
        self.store = TargetStore(database)
        self._imports = Imports(database, ledger, clock, self.store)

    async def prepare(self) -> None:
        """Indexes."""
        await self.store.prepare()

    # Importing

    async def import_register(
        self,
        actor: Person | None,
        data: bytes,
        format: str,
        *,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> Report:
        """Adds and updates targets from a register's file; what is in the registry alone stays.

        Idempotent. When it is cancelled or fails in between, the batches written so far stay, the record tells how
        many they were, and running it again goes on from there.
        """
        person = require(actor, Deed.IMPORT_TARGETS)
        return await self._imports.run(person, data, format, dry_run=dry_run, progress=progress)

    # Checklists

    async def publish_checklist(self, actor: Person | None, data: bytes) -> Checklist:
        """Publishes a checklist as the next version; the same file twice is the same version."""
        person = require(actor, Deed.IMPORT_TARGETS)
        code, title_zh, title_en, items = read_checklist(data)
        digest = hashlib.sha256(data).hexdigest()

        async def work(tx: Tx) -> Checklist:
            newest = await self.store.checklist(code, tx=tx)
            if newest and newest.sha256 == digest:
                return newest
            version, now = (newest.version if newest else 0) + 1, self._clock()
            checklist = Checklist(f"{code}/{version}", code, version, title_zh, title_en, items, now, digest)
            await self.store.insert_checklist(checklist, tx)
            body = {"version": version, "items": len(items), "sha256": digest}
            await self._ledger.record(tx, Fact(Kind.CHECKLIST_PUBLISHED, now, code, person.mark, body))
            return checklist

        return await self._database.transact(work)

    async def checklist(self, code: str, version: int) -> Checklist:
        """A checklist in a version; versions never change, so they are kept in memory."""
        key = (code, version)
        if key not in self._checklists:
            found = await self.store.checklist(code, version)
            if found is None:
                raise NoSuchChecklist(
                    "There is no version {version} of the checklist {code}.", code=code, version=version
                )
            self._checklists[key] = found
        return self._checklists[key]

    async def current_checklist(self, code: str) -> Checklist:
        """The newest version."""
        found = await self.store.checklist(code)
        if found is None:
            raise NoSuchChecklist(
                "No checklist is published for “{code}”. Publish one with: seethrough checklists publish FILE",
                code=code,
            )
        return found

    # Finding

    async def get(self, target_id: str) -> Target:
        """The target with this id."""
        target = await self.store.get(target_id)
        if target is None:
            raise NoSuchTarget("There is no such target.")
        return target

    async def get_many(self, ids: Sequence[str]) -> dict[str, Target]:
        """Targets by their ids; what is gone is left out."""
        return await self.store.get_many(ids)

    async def candidates(self, ids: Sequence[str] | None = None, **filter: str) -> list[Candidate]:
        """All targets that fit (of these ids only, where they are given), with what decides their weight."""
        return [
            Candidate(d["_id"], Grade(d["grade"]) if d.get("grade") else None, _is_closed(d.get("attributes") or {}))
            for d in await self.store.graded(ids, **filter)
        ]

    async def count(self) -> int:
        """How many targets there are."""
        return await self.store.count()

    async def districts(self) -> list[str]:
        """All districts."""
        return await self.store.distinct("district")

    async def categories(self) -> list[str]:
        """All categories."""
        return await self.store.distinct("category")

    async def search(
        self, words: str, *, district: str = "", category: str = "", page: int = 1
    ) -> tuple[list[Target], int]:
        """One page of targets, best first, and how many fit in all."""
        await self._freshen()
        found: Found = self._index.search(words, district=district, category=category, page=page)
        targets = await self.store.get_many(found.ids)
        return [targets[i] for i in found.ids if i in targets], found.total

    async def _freshen(self) -> None:
        """Reads the registry again when it changed, looking at most once a second.

        Whoever comes while it is being read again is served what was known before.
        """
        fresh = self._freshness
        just_looked = time.monotonic() - fresh.looked_at < FRESH_SECONDS
        if just_looked or (fresh.lock.locked() and fresh.revision >= 0):
            return
        async with fresh.lock:
            if time.monotonic() - fresh.looked_at < FRESH_SECONDS:
                return  # Somebody read it while we waited.
            revision = await self.store.revision()
            if revision != fresh.revision:
                rows = await self.store.rows()
                self._index = await asyncio.to_thread(Index, rows)
                fresh.revision = revision
            fresh.looked_at = time.monotonic()


def _is_closed(attributes: Mapping[str, str]) -> bool:
    return attributes.get("status", "").strip().lower() in CLOSED_WORDS
