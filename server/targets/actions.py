"""Keeping the registry and the checklists, and finding targets in it."""

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.kit.clock import Clock
from server.kit.errors import Invalid
from server.kit.ids import new_id
from server.kit.mongo import Database, Tx
from server.ledger.actions import Ledger
from server.ledger.model import Fact, Kind
from server.people.model import Deed, Person, require
from server.targets.checklist_file import read_checklist
from server.targets.import_lives import read_lives
from server.targets.import_own import read_own
from server.targets.model import ROW_FIELDS, Checklist, NoSuchChecklist, NoSuchTarget, Row, Target, id_of
from server.targets.rows import Reading
from server.targets.search import Found, Index
from server.targets.store import TargetStore

FORMATS: Mapping[str, Callable[[bytes], Reading]] = {"own": read_own, "lives": read_lives}
BATCH = 500
FRESH_SECONDS = 1.0

Progress = Callable[[int, int], None]
"""Told how many rows are done, of how many."""


@dataclass
class Report:
    """What an import came to. `total` = added + changed + unchanged + same + conflicting + refused."""

    reading: Reading
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    written: int = 0
    file_sha256: str = ""

    @property
    def refused(self) -> int:
        """Rows that could not be used."""
        return len(self.reading.bad)


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

        Idempotent. When it is cancelled or fails in between, the batches written so far stay, and running it
        again goes on from there; the fact is recorded once at the end, when anything changed.
        """
        person = require(actor, Deed.IMPORT_TARGETS)
        if format not in FORMATS:
            raise Invalid("There is no format “{format}”; there are {known}.", format=format, known=", ".join(FORMATS))
        reading = await asyncio.to_thread(FORMATS[format], data)
        report = Report(reading, file_sha256=hashlib.sha256(data).hexdigest())
        changes = await self._compare(format, report)
        if not dry_run:
            await self._write(changes, report, progress or (lambda _done, _total: None))
            if changes:
                await self._record_import(person, format, report)
        return report

    async def _compare(self, register: str, report: Report) -> list[Target]:
        known, now, changes = await self.store.of_register(register), self._clock(), []
        for key, (_line, row) in report.reading.rows.items():
            old = known.get(key)
            if old is None:
                report.added += 1
                changes.append(Target(id_of(register, key), register, created_at=now, updated_at=now, **_said(row)))
            elif old.says(row):
                report.unchanged += 1
            else:
                report.changed += 1
                version = old.version + 1
                changes.append(
                    Target(old.id, register, created_at=old.created_at, updated_at=now, version=version, **_said(row))
                )
        return changes

    async def _write(self, changes: Sequence[Target], report: Report, progress: Progress) -> None:
        for start in range(0, len(changes), BATCH):
            batch = changes[start : start + BATCH]
            await self.store.write(batch)
            report.written += len(batch)
            progress(report.written, len(changes))

    async def _record_import(self, person: Person, format: str, report: Report) -> None:
        import_id, now = new_id("im"), self._clock()
        body = {
            "file_sha256": report.file_sha256,
            "format": format,
            "rows": report.reading.total,
            "added": report.added,
            "changed": report.changed,
            "unchanged": report.unchanged,
            "refused": report.refused,
        }

        async def work(tx: Tx) -> None:
            await self.store.keep_import(import_id, {**body, "at": now}, tx)
            await self._ledger.record(tx, Fact(Kind.TARGETS_IMPORTED, now, import_id, person.mark, body))

        await self._database.transact(work)

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

    async def pool(self, **filter: str) -> list[str]:
        """The ids of all targets that fit."""
        return await self.store.ids(**filter)

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
        """Reads the registry again when it changed, looking at most once a second."""
        fresh = self._freshness
        if time.monotonic() - fresh.looked_at < FRESH_SECONDS:
            return
        async with fresh.lock:
            revision = await self.store.revision()
            if revision != fresh.revision:
                rows = await self.store.rows()
                self._index = await asyncio.to_thread(Index, rows)
                fresh.revision = revision
            fresh.looked_at = time.monotonic()


def _said(row: Row) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ROW_FIELDS}
