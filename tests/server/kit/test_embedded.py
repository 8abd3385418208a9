"""The bundled database: it starts, keeps its data, ends with the server, recovers alone, and explains its refusals."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psutil
import pytest

from server.kit import embedded
from server.kit.embedded import CannotStart, EmbeddedMongo
from server.kit.errors import Unavailable
from server.kit.mongo import Database

Connect = Callable[[str], Database]

SERVER = """
import asyncio, sys
from pathlib import Path
from server.kit.embedded import EmbeddedMongo
async def main():
    mongod = await EmbeddedMongo.start(Path(sys.argv[1]))
    print(mongod.pid, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""

ORPHAN = """
import fcntl, os, signal, sys
file = open(sys.argv[1], "w")
file.write(str(os.getpid()))
file.flush()
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
signal.pause()
"""


@pytest.fixture
async def mongod(tmp_path: Path) -> AsyncIterator[EmbeddedMongo]:
    async with EmbeddedMongo.running(tmp_path / "mongodb") as running:
        yield running


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 MB of our own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("Making a small disk needs the right to mount.")
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Connections that are closed whatever happens to the test."""
    async with contextlib.AsyncExitStack() as closings:

        def make(uri: str) -> Database:
            database = Database.connect(uri)
            closings.push_async_callback(database.close)
            return database

        yield make


async def eventually(question: Callable[[], bool], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not question():  # noqa: ASYNC110  what is asked is another process, which has no Event
            await asyncio.sleep(0.02)


async def answering(database: Database, seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while True:
            try:
                return await database.ping()
            except Unavailable:
                continue


async def test_data_and_port_survive_a_restart(connect: Connect, tmp_path: Path) -> None:
    ports = []
    for count in range(2):
        async with EmbeddedMongo.running(tmp_path) as mongod:
            ports.append(mongod.port)
            database = connect(mongod.uri)
            assert await database.collection("things").count({}) == count
            await database.collection("things").insert({"_id": count})
    assert ports[0] == ports[1]


async def test_another_port_is_adopted_with_the_data(connect: Connect, tmp_path: Path) -> None:
    for count in range(2):
        async with EmbeddedMongo.running(tmp_path, port=embedded._free_port()) as mongod:
            database = connect(mongod.uri)
            assert await database.collection("things").count({}) == count
            await database.collection("things").insert({"_id": count})


async def test_it_listens_on_loopback_alone(mongod: EmbeddedMongo) -> None:
    listening = [c.laddr.ip for c in psutil.Process(mongod.pid).net_connections() if c.status == psutil.CONN_LISTEN]
    assert listening == ["127.0.0.1"]


async def test_nobody_enters_without_a_password(connect: Connect, mongod: EmbeddedMongo) -> None:
    nobody = connect(f"mongodb://127.0.0.1:{mongod.port}/?directConnection=true")
    assert (await nobody.command({"listDatabases": 1}))["code"] == 13


async def test_the_app_may_not_make_users(connect: Connect, mongod: EmbeddedMongo) -> None:
    app = connect(mongod.uri)
    assert (await app.command({"createUser": "x", "pwd": "x", "roles": ["root"]}))["code"] == 13


async def test_secrets_are_for_our_eyes_alone(mongod: EmbeddedMongo) -> None:
    for name in ("keyfile", "root.password", "app.password"):
        assert (mongod.directory / name).stat().st_mode & 0o777 == 0o600, name
    assert (mongod.directory / "db").stat().st_mode & 0o777 == 0o700


def test_secrets_are_never_overwritten(tmp_path: Path) -> None:
    secret = tmp_path / "app.password"
    embedded._keep_secret(secret)
    first = secret.read_text()
    embedded._keep_secret(secret)
    assert secret.read_text() == first
    assert list(tmp_path.iterdir()) == [secret], "no draft is left"


async def test_a_lost_app_password_is_made_anew(connect: Connect, tmp_path: Path) -> None:
    async with EmbeddedMongo.running(tmp_path):
        pass
    (tmp_path / "app.password").unlink()
    async with EmbeddedMongo.running(tmp_path) as mongod:
        database = connect(mongod.uri)
        await database.ping()


async def test_lost_passwords_are_explained(tmp_path: Path) -> None:
    async with EmbeddedMongo.running(tmp_path):
        pass
    for user in ("app", "root"):
        (tmp_path / f"{user}.password").unlink()
    with pytest.raises(CannotStart, match=r"does not accept its own users. Put back the \*\.password files"):
        await EmbeddedMongo.start(tmp_path)


async def test_when_killed_it_starts_again_on_the_same_port_and_data(connect: Connect, mongod: EmbeddedMongo) -> None:
    database = connect(mongod.uri)
    await database.collection("things").insert({"_id": 1})
    first, port = mongod.pid, mongod.port
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await eventually(lambda: mongod.alive and mongod.pid != first)
    await answering(database)
    assert await database.collection("things").find({}) == [{"_id": 1}]
    assert mongod.port == port


async def test_while_it_is_down_callers_are_refused_and_the_trouble_is_told(
    connect: Connect, mongod: EmbeddedMongo, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(embedded, "FREE_MB", 10**9)
    monkeypatch.setattr(embedded, "AGAIN_SECONDS", 0.1)
    database = connect(mongod.uri)
    await database.ping()
    assert mongod.pid is not None
    os.kill(mongod.pid, signal.SIGKILL)
    with pytest.raises(Unavailable, match=r"The database does not answer|did not confirm"):
        await database.collection("things").insert({"_id": 1})
    await eventually(lambda: mongod.trouble is not None)
    assert "Free some space, then start again." in caplog.text
    monkeypatch.setattr(embedded, "FREE_MB", 1)
    await answering(database)
    await eventually(lambda: mongod.trouble is None)


async def test_when_the_server_is_killed_it_ends_and_leaves_the_directory_usable(tmp_path: Path) -> None:
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVER, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert server.stdout is not None
    mongod = psutil.Process(int(await server.stdout.readline()))
    assert mongod.name() == "mongod"
    assert os.getsid(mongod.pid) == mongod.pid, "Ctrl-C in the server's terminal does not reach it"
    assert EmbeddedMongo.address(tmp_path) is not None
    server.kill()
    await server.wait()
    async with EmbeddedMongo.running(tmp_path) as next_one:  # waits for the orphan
        assert not mongod.is_running() or mongod.status() == psutil.STATUS_ZOMBIE
        assert next_one.alive
    assert '"exitCode":0' in (tmp_path / "mongod.log").read_text(), "the orphan shut down in order"
    assert EmbeddedMongo.address(tmp_path) is None


async def test_a_second_server_on_the_same_directory_is_refused(mongod: EmbeddedMongo) -> None:
    with pytest.raises(CannotStart) as refused:
        await EmbeddedMongo.start(mongod.directory)
    assert str(refused.value) == (
        f"Another server (process {os.getpid()}) already uses {mongod.directory}. "
        "Stop it, or set SEETHROUGH_DATA_DIR to another directory."
    )
    assert mongod.alive


async def test_the_address_of_a_running_database_can_be_asked(mongod: EmbeddedMongo, tmp_path: Path) -> None:
    assert EmbeddedMongo.address(mongod.directory) == mongod.uri
    assert EmbeddedMongo.address(tmp_path / "nothing") is None


async def test_an_earlier_database_that_does_not_end_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "ORPHAN_SECONDS", 0.2)
    (tmp_path / "db").mkdir()
    orphan = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ORPHAN, str(tmp_path / "db" / "mongod.lock"), stdout=asyncio.subprocess.PIPE
    )
    assert orphan.stdout is not None
    await orphan.stdout.readline()
    with pytest.raises(CannotStart, match=f"An earlier database .process {orphan.pid}. still holds"):
        await EmbeddedMongo.start(tmp_path)
    orphan.kill()
    await orphan.wait()


async def test_a_taken_port_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart) as refused:
            await EmbeddedMongo.start(tmp_path, port=port)
    assert str(refused.value) == (
        f"Port {port} on 127.0.0.1 is taken by another program. Stop that program, or choose another port."
    )


async def test_a_full_disk_is_refused(small_disk: Path) -> None:
    with pytest.raises(CannotStart, match=r"has only 6. MB free, and the database needs 200 MB. Free some space"):
        await EmbeddedMongo.start(small_disk / "mongodb")


async def test_a_disk_that_fills_while_starting_is_named(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "FREE_MB", 0)
    (small_disk / "ballast").write_bytes(bytes(shutil.disk_usage(small_disk).free - 400_000))
    with pytest.raises(CannotStart, match=r"The disk of .* is full. Free some space"):
        await EmbeddedMongo.start(small_disk / "mongodb")


async def test_a_directory_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    locked = Path("/proc/seethrough")  # even root cannot make one there
    with pytest.raises(CannotStart, match="The directory /proc/seethrough cannot be written"):
        await EmbeddedMongo.start(locked)
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotStart, match=r"is not a directory\. Correct that, or set SEETHROUGH_DATA_DIR"):
        await EmbeddedMongo.start(tmp_path / "file")


async def test_a_path_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match=r"The path .* is too long. Correct that, or set SEETHROUGH_DATA_DIR"):
        await EmbeddedMongo.start(tmp_path / ("x" * 300))


async def test_a_long_log_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "LOG_BYTES", 1000)
    async with EmbeddedMongo.running(tmp_path) as mongod:
        await eventually((tmp_path / "mongod.log.1").exists)
        await eventually((tmp_path / "mongod.log").exists)
        assert mongod.alive
