"""The only file that knows the database driver: a small, typed surface over Motor.

Every call takes an optional transaction, and every driver failure is translated in one place (`_translated`).
It knows nothing of what is stored.
"""

import asyncio
import contextlib
import functools
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any, Self, TypedDict, TypeVar, Unpack, cast

# Motor reads this when it is imported. Its few threads would otherwise queue behind calls that wait for a lost primary.
os.environ.setdefault("MOTOR_MAX_WORKERS", "50")

import pymongo
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection
from pymongo import ReplaceOne, ReturnDocument, WriteConcern
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference

from server.kit.errors import AccessDenied, Refusal, Unavailable, Uncertain
from server.kit.errors import ChangedMeanwhile as ChangedMeanwhile  # what a caller of this file catches
from server.kit.errors import Duplicate as Duplicate
from server.kit.transactions import Tx as Tx
from server.kit.transactions import retried, settled

Document = dict[str, Any]
Filter = Mapping[str, Any]
Change = Mapping[str, Any] | Sequence[Mapping[str, Any]]
Keys = str | Sequence[tuple[str, int]]
T = TypeVar("T")

SELECTION_SECONDS = 2.0  # how long a call looks for a primary before it gives up
ANSWER_SECONDS = 5.0  # how long the server may take to answer; the driver asks a second time
INDEX_SECONDS = 600.0  # building an index over a full collection takes its time
BATCH = 500  # documents fetched at once while iterating

MAJORITY = WriteConcern("majority", j=True)

_CONNECTION: dict[str, Any] = {
    "w": "majority",
    "journal": True,
    "readConcernLevel": "majority",
    "retryWrites": True,
    "retryReads": True,
    "tz_aware": True,
    "tzinfo": UTC,
    "serverSelectionTimeoutMS": int(SELECTION_SECONDS * 1000),
    "connectTimeoutMS": int(SELECTION_SECONDS * 1000),
    # Not `timeoutMS`: it would also stretch the search for a primary to the whole of its time.
    "socketTimeoutMS": int(ANSWER_SECONDS * 1000),
    "waitQueueTimeoutMS": int(ANSWER_SECONDS * 1000),
}

# Server codes that mean "not now" for any call: unreachable hosts, changes of primary, shutdown, time limits.
_PASSING = {6, 7, 24, 50, 64, 89, 91, 133, 189, 225, 262, 9001, 10107, 11600, 11602, 13388, 13435, 13436}
_NO_ACCESS = {13, 18}
_DISK_FULL = 14031
_DUPLICATE = 11000
_TRANSIENT = "TransientTransactionError"
_INDEX_DIFFERS = {85, 86}  # the same keys or name, with other options

_SILENT = "The database does not answer; nothing was saved. Try again in a few seconds."
_BUSY = "Too many changes meet at the same place; nothing was saved. Try again in a few seconds."
_UNKNOWN = "The database did not confirm in time whether this was saved. Look before you try again."
_DENIED = "The database does not accept our user name and password. Correct them in its address."
_FULL = "The disk of the database is full; nothing was saved. Free some space on it, then try again."


@dataclass(frozen=True)
class Inserted:
    """What `insert_many` did: how many went in, and the positions of those that were there already."""

    count: int
    duplicates: tuple[int, ...] = ()


class Finding(TypedDict, total=False):
    """What may be asked of `find_one`, `find` and `iterate` besides the filter."""

    sort: Keys | None
    limit: int
    skip: int
    projection: Sequence[str] | Mapping[str, Any] | None
    tx: Tx | None


def _meaning(error: PyMongoError) -> Refusal | None:
    """Say in our words what a driver's error means; None where it is a fault of the program."""
    if isinstance(error, BulkWriteError):
        faults = [*error.details.get("writeErrors", []), *error.details.get("writeConcernErrors", [])]
        first = faults[0] if faults else {}
        return _meaning(OperationFailure(str(first.get("errmsg", error)), first.get("code"), first))
    code = error.code if isinstance(error, OperationFailure) else None
    if isinstance(error, OperationFailure) and code == _DUPLICATE:
        return Duplicate(tuple((error.details or {}).get("keyPattern", ())))
    if code in _NO_ACCESS:
        return AccessDenied(_DENIED, retry_after=60)
    if code == _DISK_FULL or "No space left on device" in str(error):
        return Unavailable(_FULL, retry_after=60)
    if isinstance(error, ConnectionFailure) or error.timeout or code in _PASSING:
        return Unavailable(_SILENT, retry_after=2)
    return Unavailable(_BUSY, retry_after=2) if error.has_error_label(_TRANSIENT) else None


def _may_have_been_done(error: PyMongoError) -> bool:
    """Say whether the server may have done what it was asked, though we have no answer."""
    return not isinstance(error, ServerSelectionTimeoutError | NotPrimaryError | OperationFailure)


@contextlib.contextmanager
def _translated(tx: Tx | None = None, *, writing: bool = False) -> Iterator[None]:
    """The one place where the driver's errors become ours."""
    try:
        yield
    except PyMongoError as error:
        if tx is not None:
            tx.failed = True
        meaning = _meaning(error)
        if meaning is None:
            raise
        if writing and tx is None and isinstance(meaning, Unavailable) and _may_have_been_done(error):
            meaning = Uncertain(_UNKNOWN, retry_after=2)
        raise meaning from error


async def _read(call: Callable[..., Any], *arguments: Any, tx: Tx | None = None, **options: Any) -> Any:
    session = tx.session if tx else None
    with _translated(tx):
        return await settled(call(*arguments, session=session, **options))


async def _write(call: Callable[..., Any], *arguments: Any, tx: Tx | None, **options: Any) -> Any:
    session = tx.session if tx else None
    with _translated(tx, writing=True):
        return await settled(call(*arguments, session=session, **options))


async def _fetch(cursor: Any, count: int | None, tx: Tx | None) -> list[Document]:
    with _translated(tx):
        return cast(list[Document], await settled(cursor.to_list(count)))


def _sorting(keys: Keys) -> list[tuple[str, int]]:
    return [(keys, 1)] if isinstance(keys, str) else list(keys)


class Collection:
    """One collection; documents are dicts, moments are aware and UTC."""

    def __init__(self, collection: "AsyncIOMotorCollection[Document]") -> None:
        self._motor = collection

    async def find_one(self, filter: Filter, **options: Unpack[Finding]) -> Document | None:
        options["limit"] = 1
        found = await self.find(filter, **options)
        return found[0] if found else None

    async def find(self, filter: Filter, **options: Unpack[Finding]) -> list[Document]:
        return await _fetch(self._cursor(filter, options), None, options.get("tx"))

    async def iterate(self, filter: Filter, **options: Unpack[Finding]) -> AsyncIterator[Document]:
        """Yield what `find` would return, without holding it all in memory."""
        cursor = self._cursor(filter, options)
        try:
            while batch := await _fetch(cursor, BATCH, options.get("tx")):
                for document in batch:
                    yield document
        finally:
            await cursor.close()

    def _cursor(self, filter: Filter, options: Finding) -> Any:
        tx, sort = options.get("tx"), options.get("sort")
        asked = {key: value for key, value in options.items() if key not in ("tx", "sort")}
        cursor: Any = self._motor.find(filter, session=tx.session if tx else None, **asked)
        return cursor.sort(_sorting(sort)) if sort else cursor

    async def insert(self, document: Document, *, tx: Tx | None = None) -> None:
        """Insert one document, or raise `Duplicate`."""
        await _write(self._motor.insert_one, document, tx=tx)

    async def insert_many(
        self, documents: Iterable[Document], *, ordered: bool = False, tx: Tx | None = None
    ) -> Inserted:
        """Insert many; those that are there already are reported by position.

        Inside a transaction the first duplicate raises `Duplicate`: the server has then ended the transaction.
        """
        batch = list(documents)
        if not batch:
            return Inserted(0)
        with _translated(tx, writing=True):
            try:
                await _write(self._motor.insert_many, batch, ordered=ordered, tx=tx)
            except Duplicate as refusal:
                error = refusal.__cause__
                if tx is not None or not isinstance(error, BulkWriteError):
                    raise
                faults = error.details["writeErrors"]
                if any(fault["code"] != _DUPLICATE for fault in faults) or error.details.get("writeConcernErrors"):
                    raise error from None
                return Inserted(int(error.details["nInserted"]), tuple(fault["index"] for fault in faults))
        return Inserted(len(batch))

    async def replace(self, filter: Filter, document: Document, *, upsert: bool = False, tx: Tx | None = None) -> int:
        """Replace the first that matches; returns how many matched or were made, 0 or 1."""
        return _touched(await _write(self._motor.replace_one, filter, document, upsert=upsert, tx=tx))

    async def save(self, document: Document, version: int, *, tx: Tx | None = None) -> Document:
        """Replace the document by its `_id` if it is still at `version`; returns it as kept, one version on.

        Raises `ChangedMeanwhile` if somebody was faster, or if the document is gone.
        """
        kept = {**document, "version": version + 1}
        if not await self.replace({"_id": document["_id"], "version": version}, kept, tx=tx):
            raise ChangedMeanwhile
        return kept

    async def update(self, filter: Filter, change: Change, *, upsert: bool = False, tx: Tx | None = None) -> int:
        """Change the first that matches; returns how many matched or were made, 0 or 1."""
        return _touched(await _write(self._motor.update_one, filter, change, upsert=upsert, tx=tx))

    async def update_all(self, filter: Filter, change: Change, *, tx: Tx | None = None) -> int:
        """Change all that match; returns how many matched."""
        return _touched(await _write(self._motor.update_many, filter, change, tx=tx))

    async def find_one_and_update(
        self,
        filter: Filter,
        change: Change,
        *,
        sort: Keys | None = None,
        upsert: bool = False,
        after: bool = True,
        tx: Tx | None = None,
    ) -> Document | None:
        """Change the first that matches; returns it as it is after (or was before), None if none did."""
        order = None if sort is None else _sorting(sort)
        when = ReturnDocument.AFTER if after else ReturnDocument.BEFORE
        call = self._motor.find_one_and_update
        found = await _write(call, filter, change, sort=order, upsert=upsert, return_document=when, tx=tx)
        return cast(Document | None, found)

    async def delete(self, filter: Filter, *, tx: Tx | None = None) -> int:
        """Delete the first that matches; returns 0 or 1."""
        return int((await _write(self._motor.delete_one, filter, tx=tx)).deleted_count)

    async def delete_all(self, filter: Filter, *, tx: Tx | None = None) -> int:
        """Delete all that match; returns how many."""
        return int((await _write(self._motor.delete_many, filter, tx=tx)).deleted_count)

    async def count(self, filter: Filter, *, tx: Tx | None = None) -> int:
        return int(await _read(self._motor.count_documents, filter, tx=tx))

    async def distinct(self, field: str, filter: Filter | None = None, *, tx: Tx | None = None) -> list[Any]:
        return list(await _read(self._motor.distinct, field, filter or {}, tx=tx))

    async def aggregate(self, pipeline: Sequence[Mapping[str, Any]], *, tx: Tx | None = None) -> list[Document]:
        cursor: Any = self._motor.aggregate(pipeline, session=tx.session if tx else None)
        return await _fetch(cursor, None, tx)

    async def bulk_upsert(self, pairs: Iterable[tuple[Filter, Document]], *, tx: Tx | None = None) -> int:
        """Replace or insert each document by its filter, in any order; returns how many were touched."""
        writes = [ReplaceOne(which, document, upsert=True) for which, document in pairs]
        if not writes:
            return 0
        result = await _write(self._motor.bulk_write, writes, ordered=False, tx=tx)
        return int(result.matched_count + result.upserted_count)

    async def ensure_index(
        self,
        keys: Keys,
        *,
        unique: bool = False,
        expire_after: timedelta | None = None,
        partial: Filter | None = None,
        name: str | None = None,
    ) -> None:
        """Have this index; one with the same keys or name and other options is replaced."""
        options: dict[str, Any] = {"unique": unique, "name": name, "partialFilterExpression": partial}
        if expire_after is not None:
            options["expireAfterSeconds"] = int(expire_after.total_seconds())
        options = {key: value for key, value in options.items() if value is not None}
        pairs = _sorting(keys)
        with _translated():
            await self._motor.database.command("ping")  # says quickly that nobody answers; the timeout below would not
            with pymongo.timeout(INDEX_SECONDS):
                try:
                    await self._motor.create_index(pairs, **options)
                except OperationFailure as error:
                    if error.code not in _INDEX_DIFFERS:
                        raise
                    await self._drop_like(pairs, name)
                    await self._motor.create_index(pairs, **options)

    async def _drop_like(self, pairs: list[tuple[str, int]], name: str | None) -> None:
        for existing, facts in (await self._motor.index_information()).items():
            if existing == name or list(facts["key"]) == pairs:
                await self._motor.drop_index(existing)


def _touched(result: Any) -> int:
    return int(result.matched_count) or int(result.upserted_id is not None)


class Database:
    """One database on one server or replica set."""

    def __init__(self, client: "AsyncIOMotorClient[Document]", name: str) -> None:
        self._client = client
        self._motor = client.get_database(name)
        self.name = name
        self._turn = asyncio.Lock()  # held by the transaction that is being repeated

    @classmethod
    def connect(cls, uri: str, name: str = "seethrough") -> Self:
        """Get ready to talk to the database at `uri`; the first call connects."""
        return cls(AsyncIOMotorClient(uri, **_CONNECTION), name)

    def collection(self, name: str) -> Collection:
        return Collection(self._motor[name])

    async def command(self, command: Document, *, on: str = "admin") -> Document:
        """Run an administrative command; a failure that the server answers is returned with its `code`."""
        return dict(await _read(self._client.get_database(on).command, command, check=False))

    async def ping(self) -> None:
        """Return if a primary answers, else raise `Unavailable`."""
        await _read(self._client.get_database("admin").command, "ping")

    async def state(self) -> Document:
        """What the health page shows; never raises."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(SELECTION_SECONDS + 1):
                version = (await self.command({"buildInfo": 1}))["version"]
        except Exception as error:
            return {"healthy": False, "error": str(error) or _SILENT}
        return {"healthy": True, "version": version, "seconds": round(time.monotonic() - began, 4)}

    async def close(self) -> None:
        await asyncio.to_thread(self._client.close)

    async def drop(self) -> None:
        """Delete the whole database; only tests have a use for this."""
        await _write(self._client.drop_database, self.name, tx=None)

    async def transact(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """Run `work` in one transaction (snapshot reads, majority and journal) and return what it returned.

        Where transactions meet, the whole work is run again, for some seconds: it may touch nothing but the
        database, and leaves the rest to `tx.after_commit`. Raises `Unavailable` when the time is up.
        """
        return await retried(functools.partial(self._attempt, work), _is_transient, self._turn)

    async def _attempt(self, work: Callable[[Tx], Awaitable[T]], give_up_at: float) -> T:
        with _translated():
            session = await self._client.start_session()
        async with session:  # leaving it aborts what is not committed
            session.start_transaction(ReadConcern("snapshot"), MAJORITY, ReadPreference.PRIMARY)
            tx = Tx(session)
            result = await work(tx)
            await settled(_commit(tx, give_up_at))
        return result


async def _commit(tx: Tx, give_up_at: float) -> None:
    with _translated(tx):
        while True:
            try:
                await tx.session.commit_transaction()
            except PyMongoError as error:
                if not error.has_error_label("UnknownTransactionCommitResult"):
                    raise
                if time.monotonic() > give_up_at:
                    raise Uncertain(_UNKNOWN, retry_after=2) from error
                await asyncio.sleep(0.05)
            else:
                return tx.run_callbacks()


def _is_transient(error: Exception) -> bool:
    cause = error.__cause__
    return isinstance(error, Unavailable) and isinstance(cause, PyMongoError) and cause.has_error_label(_TRANSIENT)
