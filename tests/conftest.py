"""What many tests need: one real database for the whole run, and a fresh corner of it for each test."""

import asyncio
import contextlib
import os
import shutil
import tempfile
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from server.kit.embedded import EmbeddedMongo
from server.kit.mongo import Database

ROOM_BYTES = 4 * 2**30


@pytest.fixture(scope="session")
def lasting_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop on a thread of its own, for what outlasts one test; it ends when its last work is done."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="lasting loop")
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture(scope="session")
def mongodb_uri(lasting_loop: asyncio.AbstractEventLoop) -> Iterator[str]:
    """The address of a real MongoDB: SEETHROUGH_TEST_MONGODB_URI, or the bundled one, started once for all tests."""
    if given := os.environ.get("SEETHROUGH_TEST_MONGODB_URI"):
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="seethrough-tests-", dir=_in_memory()) as directory:
        # On the lasting thread, because the database ends with the thread that started it.
        starting = EmbeddedMongo.start(Path(directory))
        mongod = asyncio.run_coroutine_threadsafe(starting, lasting_loop).result(60)
        asyncio.run_coroutine_threadsafe(_keep_the_expired(mongod), lasting_loop).result(60)
        try:
            yield mongod.uri
        finally:
            asyncio.run_coroutine_threadsafe(mongod.stop(), lasting_loop).result(60)


async def _keep_the_expired(mongod: EmbeddedMongo) -> None:
    """The database deletes what expired by the real clock; tests have clocks of their own.

    And it keeps the files of what was dropped for five minutes: of hundreds of databases they are more than a process
    may have open, and it dies of them. Here they go with the next checkpoint.
    """
    root = Database.connect(mongod._address("root"))
    await root.command({"setParameter": 1, "ttlMonitorEnabled": False})
    await root.command({"setParameter": 1, "minSnapshotHistoryWindowInSeconds": 0})
    await root.command({"setParameter": 1, "syncdelay": 5})
    await root.close()


def _in_memory() -> Path | None:
    """A file system in memory with room enough, if there is one: the suite makes and drops hundreds of databases."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > ROOM_BYTES else None


@pytest.fixture(scope="session")
def leftovers(mongodb_uri: str, lasting_loop: asyncio.AbstractEventLoop) -> Iterator["asyncio.Queue[str | None]"]:
    """Names of databases to drop. MongoDB takes 0.1 s for each, so no test waits for it."""
    names: asyncio.Queue[str | None] = asyncio.Queue()
    dropping = asyncio.run_coroutine_threadsafe(_drop_all(mongodb_uri, names), lasting_loop)
    yield names
    lasting_loop.call_soon_threadsafe(names.put_nowait, None)
    dropping.result(300)


async def _drop_all(uri: str, names: "asyncio.Queue[str | None]") -> None:
    while name := await names.get():
        async with contextlib.AsyncExitStack() as closing:
            database = Database.connect(uri, name)
            closing.push_async_callback(database.close)
            await database.drop()


@pytest.fixture
async def database(
    mongodb_uri: str, lasting_loop: asyncio.AbstractEventLoop, leftovers: "asyncio.Queue[str | None]"
) -> AsyncIterator[Database]:
    """An empty database of this test's own."""
    opened = Database.connect(mongodb_uri, f"test_{uuid.uuid4().hex}")
    yield opened
    await opened.close()
    lasting_loop.call_soon_threadsafe(leftovers.put_nowait, opened.name)
