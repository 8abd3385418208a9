"""How targets, checklists and imports are kept."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from server.kit.documents import document, maybe, noun
from server.kit.mongo import Database, Tx
from server.targets.model import Checklist, Import, Target

REVISION = "targets"
RUNNING = {"ended_at": None}


class TargetStore:
    """Four collections; the revision counts the changes, so that every server knows when to read again."""

    def __init__(self, database: Database) -> None:
        self._targets = database.collection("targets")
        self._checklists = database.collection("checklists")
        self._imports = database.collection("imports")
        self._revisions = database.collection("revisions")

    async def prepare(self) -> None:
        """Indexes."""
        await self._targets.ensure_index([("register", 1), ("key", 1)], unique=True)
        await self._targets.ensure_index([("category", 1), ("district", 1)])
        await self._imports.ensure_index([("ended_at", 1)], unique=True, partial=RUNNING)
        await self._checklists.ensure_index([("code", 1), ("version", -1)], unique=True)

    async def get(self, target_id: str) -> Target | None:
        """The target with this id."""
        return maybe(Target, await self._targets.find_one({"_id": target_id}))

    async def get_many(self, ids: Sequence[str]) -> dict[str, Target]:
        """Targets by their ids."""
        found = await self._targets.find({"_id": {"$in": list(set(ids))}}) if ids else []
        return {d["_id"]: noun(Target, d) for d in found}

    async def of_register(self, register: str) -> dict[str, Target]:
        """All targets of a register, by its own keys."""
        found = self._targets.iterate({"register": register})
        return {d["key"]: noun(Target, d) async for d in found}

    async def graded(self, ids: Sequence[str] | None = None, **filter: str) -> list[dict[str, Any]]:
        """Id, grade and attributes of all targets that fit, in no order; of these ids only, where they are given."""
        wanted: dict[str, Any] = dict(filter)
        if ids is not None:
            wanted["_id"] = {"$in": list(ids)}
        shown = {"_id": 1, "grade": 1, "attributes.status": 1}
        return [d async for d in self._targets.iterate(wanted, projection=shown)]

    async def rows(self) -> list[dict[str, Any]]:
        """What the search index is made of."""
        wanted = {"name": 1, "address": 1, "district": 1, "category": 1}
        return [d async for d in self._targets.iterate({}, projection=wanted)]

    async def count(self) -> int:
        """How many there are."""
        return await self._targets.count({})

    async def distinct(self, name: str) -> list[str]:
        """All values of a field, in order."""
        return sorted(str(value) for value in await self._targets.distinct(name) if value)

    async def write(self, targets: Iterable[Target], tx: Tx) -> None:
        """Keeps a batch, new or changed, and counts the change."""
        await self._targets.bulk_upsert([({"_id": t.id}, document(t)) for t in targets], tx=tx)
        await self._revisions.update({"_id": REVISION}, {"$inc": {"value": 1}}, upsert=True, tx=tx)

    async def running_import(self) -> Import | None:
        """The import that has not ended, if there is one."""
        return maybe(Import, await self._imports.find_one(RUNNING))

    async def begin_import(self, running: Import) -> None:
        """Keeps the import that begins now; Duplicate when another has not ended."""
        await self._imports.insert(document(running))

    async def count_written(self, import_id: str, added: int, changed: int, now: datetime, tx: Tx) -> bool:
        """Counts a batch; False when the import has been ended."""
        counts = {"$inc": {"added": added, "changed": changed}, "$set": {"written_at": now}}
        return bool(await self._imports.update({"_id": import_id, **RUNNING}, counts, tx=tx))

    async def end_import(self, import_id: str, now: datetime, tx: Tx) -> Import | None:
        """The import as it ended; None when it had ended before."""
        ended = {"$set": {"ended_at": now}}
        return maybe(Import, await self._imports.find_one_and_update({"_id": import_id, **RUNNING}, ended, tx=tx))

    async def revision(self) -> int:
        """How many changes there were."""
        found = await self._revisions.find_one({"_id": REVISION})
        return int(found["value"]) if found else 0

    async def checklist(self, code: str, version: int | None = None, tx: Tx | None = None) -> Checklist | None:
        """A checklist in a version, or in its newest one."""
        wanted: dict[str, Any] = {"code": code} if version is None else {"code": code, "version": version}
        return maybe(Checklist, await self._checklists.find_one(wanted, sort=[("version", -1)], tx=tx))

    async def insert_checklist(self, checklist: Checklist, tx: Tx) -> None:
        """Keeps a new version; Duplicate when somebody published it at once."""
        await self._checklists.insert(document(checklist), tx=tx)
