"""What many tests need: one real database for the whole run, and a fresh corner of it for each test."""

import asyncio
import os
import tempfile
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from server.kit.embedded import EmbeddedMongo
from server.kit.mongo import Database


@pytest.fixture(scope="session")
def mongodb_uri() -> Iterator[str]:
    """The address of a real MongoDB: SEETHROUGH_TEST_MONGODB_URI, or the bundled one, started once for all tests."""
    if given := os.environ.get("SEETHROUGH_TEST_MONGODB_URI"):
        yield given
        return
    # Tests have a loop each; the database has its own, on a thread that lasts as long as it (see EmbeddedMongo.start).
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="embedded database")
    thread.start()
    try:
        with tempfile.TemporaryDirectory(prefix="seethrough-tests-") as directory:
            starting = EmbeddedMongo.start(Path(directory), cache_mb=256)
            mongod = asyncio.run_coroutine_threadsafe(starting, loop).result(60)
            try:
                yield mongod.uri
            finally:
                asyncio.run_coroutine_threadsafe(mongod.stop(), loop).result(60)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
async def database(mongodb_uri: str) -> AsyncIterator[Database]:
    """An empty database of this test's own."""
    opened = Database.connect(mongodb_uri, f"test_{uuid.uuid4().hex}")
    try:
        yield opened
        await opened.drop()
    finally:
        await opened.close()
