import asyncio
import contextlib
import os
import re
import signal
import time
from pathlib import Path

import aiohttp
import pytest

from server.config import Settings
from server.kit.clock import now
from server.kit.mongod import CannotStart
from server.serving import database as opened
from server.serving import house, listening, prepare_folder, stopping
from streaming.camera import Camera, Picture
from tests.journeys.conftest import Server, free_port, until
from tests.makers import fill_registry, hire_cast, live, open_house

SMALL = Picture(width=320, height=180, rate=10, bit_rate=200_000)
STOP_SECONDS = 10


async def refusal(settings):
    """The sentence with which a server does not start."""
    with pytest.raises(CannotStart) as refused:
        async with opened(settings) as database, listening(settings, database, now):
            pass
    return str(refused.value)


async def stop(server):
    """Seconds that a stop took, and the exit code."""
    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    code = await asyncio.wait_for(server.process.wait(), 2 * STOP_SECONDS)
    return time.monotonic() - began, code


async def test_sigterm_ends_a_server_on_air_within_ten_seconds(mongodb_uri, database, tmp_path):
    """A camera publishes, viewers hang on their events: all are sent home, and the record says so."""
    place = {"SEETHROUGH_MONGODB_URI": mongodb_uri, "SEETHROUGH_MONGODB_NAME": database.name}
    server = Server(tmp_path / "data", free_port(), place)
    await server.start()
    async with open_house(database, server.folder, now, ledger_origin="journey.example/ledger") as rooms:
        await fill_registry(rooms)
        inspection = await live(rooms, cast := await hire_cast(rooms))
        token, _ = await rooms.inspections.issue_token(cast.inspectors[0], inspection.id)
    camera = asyncio.gather(Camera.drawing(f"{server.url}/whip/{inspection.id}", token, SMALL).run())
    async with aiohttp.ClientSession() as http:
        viewers = [await http.get(f"{server.url}/events?episode={inspection.episode}&from=-1") for _ in range(3)]
        playlist = f"{server.url}/hls/{inspection.id}/index.m3u8"

        async def shown():
            async with http.get(playlist) as reply:
                return reply.status == 200 and ".m4s" in await reply.text()

        await until(shown, 20, "the picture is in the playlist")
        seconds, code = await stop(server)
        told = "".join([(await viewer.read()).decode() for viewer in viewers])
    camera.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await camera
    assert code == 0, server.log()
    assert seconds < STOP_SECONDS
    assert told.count('"kind":"broadcast.started"') == 3
    assert "Traceback" not in server.log()
    assert "ERROR" not in server.log()
    async with open_house(database, server.folder, now, ledger_origin="journey.example/ledger") as rooms:
        record = [(e.fact.kind, e.fact.body.get("reason")) async for e in rooms.ledger.about(inspection.id)]
    assert record[-1] == ("broadcast.interrupted", "the server stops")


async def test_a_server_brings_its_database_and_takes_it_along(tmp_path):
    server = Server(tmp_path / "data", free_port())
    await server.start()
    link = await server.invite("operator", "Operator")
    assert link.startswith(f"{server.url}/invitations/"), "a command works beside the running server"
    settings = Settings(data_dir=server.folder, port=free_port())
    sentence = await refusal(settings)
    assert re.fullmatch(
        rf"Another server \(process {server.process.pid}\) already uses {server.folder}/mongodb\. "
        r"Stop it, or set SEETHROUGH_DATA_DIR to another directory\.",
        sentence,
    )
    mongod = int((server.folder / "mongodb/db/mongod.lock").read_text())
    seconds, code = await stop(server)
    assert (code, seconds < STOP_SECONDS) == (0, True)
    with pytest.raises(ProcessLookupError):
        os.kill(mongod, 0)


@pytest.fixture
def settings(mongodb_uri, database, tmp_path):
    return Settings(data_dir=tmp_path, port=free_port(), mongodb_uri=mongodb_uri, mongodb_name=database.name)


def changed(settings, **knobs):
    return Settings(**{**vars(settings), **knobs})


async def test_the_application_answers_at_its_address(settings):
    async with (
        opened(settings) as database,
        listening(settings, database, now),
        aiohttp.ClientSession() as http,
        http.get(f"{settings.base_url}/healthz") as reply,
    ):
        assert reply.status == 200


async def test_a_taken_port_is_named(settings):
    async with opened(settings) as database, listening(settings, database, now):
        other = changed(settings, data_dir=settings.data_dir / "other")
        assert await refusal(other) == (
            f"Port {settings.port} of 127.0.0.1 is taken by another program. "
            "Stop it, or set SEETHROUGH_PORT to a free port."
        )


async def test_an_address_of_another_machine_is_named(settings):
    elsewhere = changed(settings, host="203.0.113.1")
    sentence = await refusal(elsewhere)
    assert sentence.startswith(f"The server cannot listen on 203.0.113.1:{settings.port} (")
    assert "annot assign requested address" in sentence
    assert sentence.endswith("Set SEETHROUGH_HOST and SEETHROUGH_PORT to an address of this machine.")


async def test_a_second_server_on_the_same_directory_is_refused_wherever_its_database_is(settings):
    async with opened(settings) as database, listening(settings, database, now):
        assert await refusal(changed(settings, port=free_port())) == (
            f"Another server (process {os.getpid()}) already uses {settings.data_dir}. "
            "Stop it, or set SEETHROUGH_DATA_DIR to another directory."
        )
    async with opened(settings) as database, listening(settings, database, now):
        pass  # Freed again.


async def test_commands_work_beside_a_running_server(settings):
    async with opened(settings) as database, listening(settings, database, now), house(settings) as rooms:
        assert await rooms.targets.count() == 0


def test_a_directory_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    for folder, why in ((tmp_path / "file", "File exists"), (tmp_path / "file/data", "Not a directory")):
        with pytest.raises(CannotStart) as refused:
            prepare_folder(Settings(data_dir=folder))
        assert str(refused.value) == (
            f"The data directory {folder} cannot be made ({why}). "
            "Set SEETHROUGH_DATA_DIR to a directory that may be written."
        )


@pytest.mark.skipif(os.access("/sys", os.W_OK), reason="needs a directory that nobody may write")
def test_a_directory_that_may_not_be_written_is_named():
    with pytest.raises(CannotStart) as refused:
        prepare_folder(Settings(data_dir=Path("/sys")))
    assert str(refused.value) == "The data directory /sys may not be written. Set SEETHROUGH_DATA_DIR to another."


def test_a_new_directory_is_for_our_eyes_alone(tmp_path):
    prepare_folder(Settings(data_dir=tmp_path / "new"))
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


async def test_a_database_that_does_not_answer_is_named_without_its_password(settings):
    sentence = await refusal(changed(settings, mongodb_uri="mongodb://me:hunter2@127.0.0.1:1/"))
    assert sentence == (
        "The database at SEETHROUGH_MONGODB_URI does not answer, or has no primary. Start it, or correct the address."
    )


@pytest.mark.parametrize("uri", ["mongodb://", "mongodb://me:hun/ter2@127.0.0.1:1/", "mongodb://127.0.0.1:port/"])
async def test_an_address_that_is_none_is_refused_without_its_password(settings, uri):
    sentence = await refusal(changed(settings, mongodb_uri=uri))
    assert sentence.startswith("SEETHROUGH_MONGODB_URI is not an address of a database (")
    assert sentence.endswith("Write it as mongodb://HOST:PORT/?replicaSet=NAME.")
    assert "ter2" not in sentence


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_asks_to_stop_and_a_second_one_ends_as_usual(number):
    loop, stop = asyncio.get_running_loop(), stopping()
    os.kill(os.getpid(), number)
    await asyncio.wait_for(stop.wait(), 5)
    assert not loop.remove_signal_handler(number), "the second one is not caught any more"
    for other in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(other)
