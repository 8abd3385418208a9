"""Runs the bundled mongod when no address is configured: one directory, one server, one port on loopback.

It ends with the server and with it alone; when it dies alone, it is started again on the same port and data. What
stops it from starting is said in one sentence, by `mongod.py`, where the command line and its failures are known.
"""

import asyncio
import contextlib
import errno
import fcntl
import logging
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Self

from server.kit.errors import AccessDenied, Unavailable
from server.kit.mongo import Database
from server.kit.mongod import SET_NAME, command_line, find_mongod, reason_it_ended
from server.kit.mongod import CannotStart as CannotStart  # what a caller of this file catches
from server.kit.tasks import Tasks

log = logging.getLogger(__name__)

FREE_MB = 200  # less than this free, and the database does not start
LOG_BYTES = 10_000_000  # a longer log is set aside, and the one set aside before is dropped
READY_SECONDS = 120.0  # recovery after a crash may take its time
ORPHAN_SECONDS = 10.0  # how long an earlier database may take to shut down
STOP_SECONDS = 30.0
WATCH_SECONDS = 0.2
AGAIN_SECONDS = 5.0  # between attempts to start again while something prevents it
PORTS = range(20_000, 30_000)  # below those that Linux hands to outgoing connections
_ALREADY_EXISTS = 51003
_UNAUTHORIZED = 13


class EmbeddedMongo:
    """A running mongod with its watcher; use `start` and `stop`, or `async with EmbeddedMongo.running(directory)`."""

    def __init__(self, directory: Path, mongod: Path, cache_mb: int) -> None:
        self.directory = directory.absolute()
        self.port = 0
        self.trouble: str | None = None  # why it does not run, while it does not
        self._mongod = mongod
        self._cache_mb = cache_mb
        self._moved = False  # the port is not the one that the replica set knows
        self._process: subprocess.Popen[bytes] | None = None
        self._tasks = Tasks()
        self._closings = contextlib.ExitStack()

    @classmethod
    async def start(cls, directory: Path, *, cache_mb: int = 256, port: int | None = None) -> Self:
        """Start it on `directory` (made if need be) or raise `CannotStart`. Call from a thread that lasts.

        Linux ends a child when the thread that made it ends, and that is how mongod ends with us.
        """
        self = cls(directory, find_mongod(), cache_mb)
        try:
            with _directory_errors(self.directory):
                (self.directory / "db").mkdir(mode=0o700, parents=True, exist_ok=True)
                self._closings.enter_context(held(self.directory))
                _keep_secret(self.directory / "keyfile")
                _keep_secret(self.directory / "root.password")
                _keep_secret(self.directory / "app.password")
                self._choose_port(port)
            await self._bring_up()
        except BaseException:
            await self._end_process()
            self._closings.close()
            raise
        _ = self._tasks.keep("database watcher", self._watch)
        return self

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, directory: Path, *, cache_mb: int = 256, port: int | None = None) -> AsyncIterator[Self]:
        self = await cls.start(directory, cache_mb=cache_mb, port=port)
        try:
            yield self
        finally:
            await self.stop()

    @classmethod
    def address(cls, directory: Path) -> str | None:
        """The address of the database that another server runs on `directory` now; None if none does."""
        lock = directory / "lock"
        if not _is_taken(lock):
            return None
        other = cls(directory, Path(), 0)
        other.port = int((directory / "port").read_text())
        return other.uri

    async def stop(self) -> None:
        """Shut it down in order, and free the directory."""
        await self._tasks.close()
        await self._end_process()
        self._closings.close()

    @property
    def uri(self) -> str:
        """The address for `Database.connect`, with the app's password."""
        return f"{self._address('app')}/?authSource=admin&replicaSet={SET_NAME}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _address(self, user: str) -> str:
        return f"mongodb://{user}:{self._password(user)}@127.0.0.1:{self.port}"

    def _password(self, user: str) -> str:
        return (self.directory / f"{user}.password").read_text().strip()

    def _choose_port(self, wanted: int | None) -> None:
        remembered = self.directory / "port"
        known = int(remembered.read_text()) if remembered.exists() else None
        if wanted is not None and not _is_free(wanted):
            raise CannotStart(
                f"Port {wanted} on 127.0.0.1 is taken by another program. Stop that program, or choose another port."
            )
        self.port = wanted or (known if known and _is_free(known) else _free_port())
        self._moved = known is not None and known != self.port
        _write_whole(remembered, str(self.port))

    async def _bring_up(self) -> None:
        """Start the process and return when it is a primary that knows our users."""
        free_mb = shutil.disk_usage(self.directory).free // 1_000_000
        if free_mb < FREE_MB:
            raise CannotStart(
                f"The disk of {self.directory} has only {free_mb} MB free, and the database needs {FREE_MB} MB. "
                "Free some space, then start again."
            )
        await _orphan_gone(self.directory / "db" / "mongod.lock")
        with _directory_errors(self.directory):
            self._spawn()
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._listening()
                await self._prepare()
        except TimeoutError:
            raise CannotStart(
                f"The database was not ready after {READY_SECONDS:g} s. Look into {self._log} for the reason."
            ) from None
        except AccessDenied:
            raise CannotStart(
                f"The database in {self.directory} does not accept its own users. Put back the *.password files that "
                "were made with it."
            ) from None
        except Unavailable as error:
            for _ in range(100):  # a mongod that fails takes its time to write down why
                self._raise_if_ended()
                await asyncio.sleep(0.05)
            raise CannotStart(f"The database in {self.directory} does not answer. Look into {self._log}.") from error
        self.trouble = None
        log.info("The database runs on port %d as process %d.", self.port, self.pid)

    @property
    def _log(self) -> Path:
        return self.directory / "mongod.log"

    def _spawn(self) -> None:
        self._set_log_aside()
        self._log_start = self._log.stat().st_size if self._log.exists() else 0
        with (self.directory / "mongod.out").open("wb") as out:
            self._process = subprocess.Popen(  # noqa: S603  the arguments are ours
                command_line(self._mongod, self.directory, self.port, self._cache_mb),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**os.environ, "LC_ALL": "C"},
                start_new_session=True,  # Ctrl-C in the terminal is for the server, which closes the database last
            )

    async def _listening(self) -> None:
        while True:
            self._raise_if_ended()
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                await writer.wait_closed()
                return
            await asyncio.sleep(0.05)

    def _raise_if_ended(self) -> None:
        code = self._process.poll() if self._process else None
        if code is not None:
            raise CannotStart(reason_it_ended(code, self.directory, self.port, self._log_start))

    async def _prepare(self) -> None:
        async with self._connected() as nobody:
            while not (hello := await nobody.command({"hello": 1})).get("isWritablePrimary"):
                self._raise_if_ended()
                if "setName" not in hello:
                    await self._initiate(nobody)
                await asyncio.sleep(0.02)
            self._moved = False
            if not await self._lets_in("app"):
                await self._make_users(nobody)

    async def _initiate(self, nobody: Database) -> None:
        """Make the replica set of one; where it exists and its port has changed, tell it the new one."""
        member = {"_id": 0, "host": f"127.0.0.1:{self.port}"}
        answer = await nobody.command({"replSetInitiate": {"_id": SET_NAME, "members": [member]}})
        if self._moved and answer.get("code") == _UNAUTHORIZED and await self._lets_in("root"):
            async with self._connected("root") as root:
                if config := (await root.command({"replSetGetConfig": 1})).get("config"):
                    config |= {"version": config["version"] + 1, "members": [{**config["members"][0], **member}]}
                    await root.command({"replSetReconfig": config, "force": True})

    async def _make_users(self, nobody: Database) -> None:
        """Make the two users, the first through MongoDB's localhost exception: whoever made the set may make one."""
        if not await self._lets_in("root"):
            await nobody.command({"createUser": "root", "pwd": self._password("root"), "roles": ["root"]})
        user = {"pwd": self._password("app"), "roles": ["readWriteAnyDatabase", "dbAdminAnyDatabase"]}
        async with self._connected("root") as root:
            if (await root.command({"createUser": "app", **user})).get("code") == _ALREADY_EXISTS:
                await root.command({"updateUser": "app", **user})

    @contextlib.asynccontextmanager
    async def _connected(self, user: str = "") -> AsyncIterator[Database]:
        address = self._address(user) if user else f"mongodb://127.0.0.1:{self.port}"
        database = Database.connect(f"{address}/?directConnection=true", "admin")
        try:
            yield database
        finally:
            await database.close()

    async def _lets_in(self, user: str) -> bool:
        """Say whether this user's password is known there; asked on a fresh connection, for a refused one pauses."""
        async with self._connected(user) as database:
            try:
                await database.ping()
            except AccessDenied:
                return False
            return True

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if self.alive:
                self._set_log_aside()
                continue
            log.warning("The database ended (%s); it is started again.", self._process and self._process.returncode)
            try:
                await self._bring_up()
            except CannotStart as problem:
                await self._end_process()
                self.trouble = str(problem)
                log.error("%s", self.trouble)  # noqa: TRY400  the sentence says it all
                await asyncio.sleep(AGAIN_SECONDS)

    def _set_log_aside(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            if self._log.stat().st_size > LOG_BYTES:
                self._log.replace(self._log.with_suffix(".log.1"))
                if self._process and self.alive:
                    self._process.send_signal(signal.SIGUSR1)  # reopens the log

    async def _end_process(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        kill_at = time.monotonic() + STOP_SECONDS
        while self._process.poll() is None:
            if time.monotonic() > kill_at:
                log.error("The database did not end within %g s; it is killed.", STOP_SECONDS)
                self._process.kill()
            await asyncio.sleep(0.02)


@contextlib.contextmanager
def _directory_errors(directory: Path) -> Iterator[None]:
    """What the operating system says about the directory, as one sentence."""
    try:
        yield
    except OSError as error:
        known = {
            errno.ENAMETOOLONG: f"The path {str(directory)[:60]}… is too long",
            errno.ENOSPC: f"The disk of {directory} is full",
            errno.ENOTDIR: f"{directory} is not a directory",
            errno.EEXIST: f"{directory} is not a directory",
        }
        sentence = known.get(error.errno or 0, f"The directory {directory} cannot be written ({error.strerror})")
        raise CannotStart(
            f"{sentence}. Correct that, or set SEETHROUGH_DATA_DIR to a directory that this server may write."
        ) from None


@contextlib.contextmanager
def held(directory: Path) -> Iterator[None]:
    """Hold the directory for this server alone; the lock ends with the process, however that ends."""
    with (directory / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise CannotStart(
                f"Another server (process {file.read().strip()}) already uses {directory}. "
                "Stop it, or set SEETHROUGH_DATA_DIR to another directory."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _is_taken(lock: Path) -> bool:
    """Say whether another process holds this lock file: ours, or mongod's own, which is of the same kind."""
    if not lock.exists():
        return False
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


async def _orphan_gone(lock: Path) -> None:
    """Wait until a database whose server has died has shut down."""
    give_up_at = time.monotonic() + ORPHAN_SECONDS
    while _is_taken(lock):
        if time.monotonic() > give_up_at:
            raise CannotStart(_held_by_orphan(lock))
        await asyncio.sleep(0.05)


def _held_by_orphan(lock: Path) -> str:
    pid = lock.read_text().strip()
    return (
        f"An earlier database (process {pid}) still holds {lock.parent}. "
        f"Wait until it has ended, or end it with: kill {pid}"
    )


def _keep_secret(path: Path) -> None:
    """Make a secret that only we can read, whole or not at all; never over one that exists."""
    if path.exists():
        path.chmod(0o600)
        return
    _write_whole(path, secrets.token_hex(32))


def _write_whole(path: Path, text: str) -> None:
    """Write a file that after a crash is there with all of its text, or as it was before."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    for port in random.sample(PORTS, 100):
        if _is_free(port):
            return port
    raise CannotStart("No port between 20000 and 30000 is free on 127.0.0.1. Stop the programs that hold them.")
