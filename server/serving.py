"""Running the application: database up, address bound, signals obeyed, everything closed in reverse."""

import asyncio
import errno
import fcntl
import gc
import logging
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from server.app import HOUSE, all_in_place, build_app, prepare_house
from server.ballots.fast_door import FastDoor
from server.config import Settings
from server.house import House
from server.kit.clock import Clock, now
from server.kit.embedded import EmbeddedMongo, held
from server.kit.errors import AccessDenied, Refusal, Unavailable
from server.kit.mongo import Database
from server.kit.mongod import CannotStart
from web.i18n import LANGUAGES, words

log = logging.getLogger(__name__)

BACKLOG = 1024
"""Connections that may wait to be accepted: at a ballot's last minute many come at once."""
SHUTDOWN_SECONDS = 3.0
"""How long requests in progress may take after SIGTERM; the whole stop takes less than 10 s."""


async def serve(settings: Settings, clock: Clock = now) -> int:
    """Serves until SIGTERM or SIGINT; returns the exit code."""
    stop = stopping()
    async with database(settings) as opened, listening(settings, opened, clock):
        print(f"Seethrough listens on {settings.base_url}", flush=True)
        await stop.wait()
        log.info("stopping")
    return 0


def stopping() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set; a second signal ends the process as usual."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask(number: int) -> None:
        stop.set()
        loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask, number)
    return stop


@asynccontextmanager
async def database(settings: Settings, *, join: bool = False) -> AsyncIterator[Database]:
    """The database: at its address, or the bundled one. `join`: use the one of a server that runs already."""
    if settings.mongodb_uri:
        opened = _at_address(settings)
        try:
            await _answering(opened)
            yield opened
        finally:
            await opened.close()
        return
    prepare_folder(settings)
    folder = settings.data_dir / "mongodb"
    running = EmbeddedMongo.address(folder) if join else None
    mongod = None if running else await EmbeddedMongo.start(folder, cache_mb=settings.mongodb_cache_mb)
    opened = Database.connect(running or (mongod.uri if mongod else ""), settings.mongodb_name)
    try:
        yield opened
    finally:
        await opened.close()
        if mongod:
            await mongod.stop()


def _at_address(settings: Settings) -> Database:
    try:
        return Database.connect(settings.mongodb_uri, settings.mongodb_name)
    except Exception as problem:  # Whatever the driver says of an address; it never repeats the password.
        raise CannotStart(
            f"SEETHROUGH_MONGODB_URI is not an address of a database ({problem}). "
            "Write it as mongodb://HOST:PORT/?replicaSet=NAME."
        ) from None


async def _answering(opened: Database) -> None:
    try:
        await opened.ping()
    except AccessDenied:
        raise
    except Unavailable:
        raise CannotStart(
            "The database at SEETHROUGH_MONGODB_URI does not answer, or has no primary. "
            "Start it, or correct the address."
        ) from None


def prepare_folder(settings: Settings) -> None:
    """Makes the data directory, for our eyes alone."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as problem:
        raise CannotStart(
            f"The data directory {settings.data_dir} cannot be made ({problem.strerror}). "
            "Set SEETHROUGH_DATA_DIR to a directory that may be written."
        ) from None
    if not os.access(settings.data_dir, os.W_OK):
        raise CannotStart(
            f"The data directory {settings.data_dir} may not be written. Set SEETHROUGH_DATA_DIR to another."
        )


def in_use(folder: Path) -> bool:
    """Whether a server runs on this data directory now, or is just starting its database."""
    lock = folder / "lock"
    if EmbeddedMongo.address(folder / "mongodb"):
        return True
    if not lock.exists():
        return False
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@asynccontextmanager
async def listening(settings: Settings, opened: Database, clock: Clock) -> AsyncIterator[web.Application]:
    """The application, answering at its address."""
    prepare_folder(settings)
    with held(settings.data_dir):
        app = build_app(settings, clock=clock, database=opened)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
        bound: asyncio.Server | None = None
        try:
            await runner.setup()
            bound = await _bind(runner, settings, _fast_door(app, settings))
            _spare_the_collector()
            yield app
        finally:
            if bound is not None:
                bound.close()
            await runner.cleanup()


def _spare_the_collector() -> None:
    """What was made until now stays until the end, so it need not be searched for garbage again and again.

    A twelfth of the time that a vote takes went there, and most of the longest waits.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 1000)


def _fast_door(app: web.Application, settings: Settings) -> FastDoor:
    def say(refusal: Refusal, language: str) -> str:
        return refusal.sentence(words(language if language in LANGUAGES else LANGUAGES[0]).gettext)

    return FastDoor(app[HOUSE].ballots, app[HOUSE].citizens, say, behind_proxy=settings.behind_proxy)


async def _bind(runner: web.AppRunner, settings: Settings, door: FastDoor) -> asyncio.Server:
    """What `web.TCPSite` does, with protocols that know votes at sight."""
    server = runner.server
    assert server is not None
    try:
        return await asyncio.get_running_loop().create_server(
            lambda: door.connection(server), settings.host, settings.port, backlog=BACKLOG
        )
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            raise CannotStart(
                f"Port {settings.port} of {settings.host} is taken by another program. "
                "Stop it, or set SEETHROUGH_PORT to a free port."
            ) from None
        raise CannotStart(
            f"The server cannot listen on {settings.host}:{settings.port} ({problem.strerror}). "
            "Set SEETHROUGH_HOST and SEETHROUGH_PORT to an address of this machine."
        ) from None


@asynccontextmanager
async def house(settings: Settings) -> AsyncIterator[House]:
    """Every room without the doors, for commands; works beside a running server on the same data directory."""
    async with database(settings, join=True) as opened:
        prepare_folder(settings)
        rooms = House(settings, clock=now, database=opened)
        await prepare_house(rooms)
        _ = rooms.tasks.keep("ledger sequencer", rooms.ledger.sequence_forever)
        try:
            yield rooms
        finally:
            await all_in_place(rooms)
            await rooms.tasks.close()
