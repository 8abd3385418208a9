"""Bringing a register's file into the registry: compare, write in batches, put on record what was written."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from server.kit.clock import Clock
from server.kit.errors import Invalid, TooLate
from server.kit.ids import new_id
from server.kit.mongo import ChangedMeanwhile, Database, Duplicate
from server.kit.transactions import Tx, settled
from server.ledger.actions import Ledger
from server.ledger.model import Fact, Kind
from server.people.model import Person
from server.targets.import_lives import read_lives
from server.targets.import_own import read_own
from server.targets.model import ROW_FIELDS, Import, Row, Target, id_of
from server.targets.rows import Reading
from server.targets.store import TargetStore

FORMATS: Mapping[str, Callable[[bytes], Reading]] = {"own": read_own, "lives": read_lives}
BATCH = 500
ABANDONED_AFTER = timedelta(seconds=60)

Progress = Callable[[int, int], None]
"""Told how many of the targets that are new or changed are written, of how many."""


class ImportRunning(TooLate):
    """Another import is writing: two at once could not be told apart in the record."""


@dataclass(frozen=True)
class SharedCode:
    """A row whose credit code another target has too; `other` says where that one is."""

    line: int
    code: str
    other: str

    def __str__(self) -> str:
        return f"line {self.line} has the code of {self.other} ({self.code})"


@dataclass
class Report:
    """What an import came to. Rows = added + changed + unchanged + same + conflicts + refused."""

    reading: Reading
    file_sha256: str
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    written: int = 0
    shared_codes: list[SharedCode] = field(default_factory=list)

    @property
    def refused(self) -> int:
        """Rows that could not be used."""
        return len(self.reading.refused)


class Imports:
    """Runs one import at a time.

    Each batch and its count commit together. The fact is recorded when the import ends, also when it is stopped;
    one whose process died is put on record by the next. So nothing is ever written that the ledger does not tell.
    """

    def __init__(self, database: Database, ledger: Ledger, clock: Clock, store: TargetStore) -> None:
        self._database = database
        self._ledger = ledger
        self._clock = clock
        self._store = store

    async def run(
        self, person: Person, data: bytes, format: str, *, dry_run: bool, progress: Progress | None
    ) -> Report:
        """Idempotent: what the registry holds already is not written, and an import of nothing leaves no fact."""
        if format not in FORMATS:
            raise Invalid("There is no format “{format}”; there are {known}.", format=format, known=", ".join(FORMATS))
        reading = await asyncio.to_thread(FORMATS[format], data)
        report = Report(reading, hashlib.sha256(data).hexdigest())
        if not dry_run:
            await self._close_abandoned()
        revision = await self._store.revision()
        changes = await self._compare(format, report)
        if changes and not dry_run:
            running = await self._begin(person, format, report)
            try:
                await self._check_still(revision)
                await self._write(running.id, changes, report, progress or (lambda _done, _total: None))
            finally:
                await self._end(running.id)
        return report

    async def _compare(self, register: str, report: Report) -> list[Target]:
        known, now, changes = await self._store.of_register(register), self._clock(), []
        report.shared_codes = shared_codes(report.reading, known)
        for key, (_line, row) in report.reading.rows.items():
            old = known.get(key)
            if old is None:
                report.added += 1
                said = _said(row)
                changes.append(Target(id_of(register, key), register, created_at=now, updated_at=now, **said))
            elif old.says(row):
                report.unchanged += 1
            else:
                report.changed += 1
                changes.append(replace(old, version=old.version + 1, updated_at=now, **_said(row)))
        return changes

    async def _begin(self, person: Person, format: str, report: Report) -> Import:
        now = self._clock()
        running = Import(
            id=new_id("im"),
            format=format,
            file_sha256=report.file_sha256,
            rows=report.reading.total,
            unchanged=report.unchanged,
            refused=report.refused,
            by=person.mark,
            began_at=now,
            written_at=now,
        )
        try:
            await self._store.begin_import(running)
        except Duplicate:
            raise _running() from None
        return running

    async def _close_abandoned(self) -> None:
        """Puts an import on record whose process died, also when there is nothing new to write."""
        left = await self._store.running_import()
        if left and self._clock() - left.written_at >= ABANDONED_AFTER:
            await self._end(left.id)

    async def _check_still(self, revision: int) -> None:
        """Only while we hold the running import does the registry stand still: what we compared must be what is."""
        if await self._store.revision() != revision:
            raise ImportRunning("Another import changed the registry while this file was being compared. Import again.")

    async def _write(self, import_id: str, changes: Sequence[Target], report: Report, progress: Progress) -> None:
        """Whoever cancels this waits for the batch that is being written, so that `written` is what is kept."""

        def count(more: int) -> None:
            report.written += more
            progress(report.written, len(changes))

        count(0)
        for start in range(0, len(changes), BATCH):
            batch = changes[start : start + BATCH]

            async def work(tx: Tx, batch: Sequence[Target] = batch) -> None:
                await self._batch(import_id, batch, tx)
                tx.after_commit(lambda: count(len(batch)))

            await settled(self._database.transact(work))

    async def _batch(self, import_id: str, batch: Sequence[Target], tx: Tx) -> None:
        added = sum(target.version == 0 for target in batch)
        if not await self._store.count_written(import_id, added, len(batch) - added, self._clock(), tx):
            raise ChangedMeanwhile  # We paused for so long that another import has ended ours.
        await self._store.write(batch, tx)

    async def _end(self, import_id: str) -> None:
        async def work(tx: Tx) -> None:
            done = await self._store.end_import(import_id, self._clock(), tx)
            if done and done.added + done.changed:
                now, subject = self._clock(), done.id
                await self._ledger.record(tx, Fact(Kind.TARGETS_IMPORTED, now, subject, done.by, done.body))

        await self._database.transact(work)


def shared_codes(reading: Reading, known: Mapping[str, Target]) -> list[SharedCode]:
    """Rows with a code that an earlier row has, or a target of this register (by key) that is not in the file.

    One licence may cover several premises, so this is allowed; but it may be a slip, or a key that was changed,
    and then the same place would stand in a draw twice.
    """
    holders = {t.code: f"target {key}" for key, t in known.items() if t.code and key not in reading.rows}
    shared = []
    for line, row in sorted(reading.rows.values(), key=lambda place: place[0]):
        if row.code in holders:
            shared.append(SharedCode(line, row.code or "", holders[row.code]))
        elif row.code:
            holders[row.code] = f"line {line}"
    return shared


def _running() -> ImportRunning:
    return ImportRunning(
        "Another import is running. Wait until it has ended; one that broke off is closed after {seconds} seconds.",
        seconds=int(ABANDONED_AFTER.total_seconds()),
    )


def _said(row: Row) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ROW_FIELDS}
