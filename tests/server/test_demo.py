import asyncio
import os
import re
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import aiohttp
import pytest

from server.config import Settings
from server.demo import MARK, PATHS, STEP_WORDS, demo_settings, start_afresh
from server.kit.mongod import CannotStart
from server.rectifications.model import MOVES, State
from tests.journeys.conftest import free_port, until


def test_a_directory_that_is_no_demos_is_left_alone(tmp_path):
    (tmp_path / "ledger.key").write_text("precious")
    with pytest.raises(CannotStart) as refused:
        start_afresh(tmp_path)
    assert str(refused.value) == (
        f"{tmp_path} holds something that is not a demo. Set SEETHROUGH_DATA_DIR to an empty directory."
    )
    assert (tmp_path / "ledger.key").read_text() == "precious"


def test_an_empty_or_missing_directory_becomes_a_demo_and_an_old_demo_is_thrown_away(tmp_path):
    for folder in (tmp_path, tmp_path / "new"):
        start_afresh(folder)
        (folder / "old").touch()
        start_afresh(folder)
        assert [path.name for path in folder.iterdir() if path.is_file()] == [MARK]


def test_the_demo_has_a_place_and_a_city_of_its_own_unless_told_otherwise():
    plain = demo_settings(Settings())
    assert (plain.data_dir, plain.city, plain.safety_delay_seconds) == (Path(".seethrough/demo"), "澄明市", 0.0)
    told = demo_settings(Settings(data_dir=Path("there"), city="青禾市", safety_delay_seconds=5.0))
    assert (told.data_dir, told.city, told.safety_delay_seconds) == (Path("there"), "青禾市", 5.0)


def test_the_paths_of_the_story_end_in_every_state_and_follow_the_table():
    for path in PATHS:
        steps = list(zip((State.ORDERED, *path), path, strict=False))
        assert all(step in MOVES for step in steps), path
        assert all(to in STEP_WORDS or to in (State.OBJECTION, State.CLOSED) for to in path)
    ends = {(State.ORDERED, *path)[-1] for path in PATHS}
    assert ends == set(State) - {State.WITHDRAWN}, "the withdrawn one follows from its finding"


class Demo:
    """`seethrough demo`, as its users start it."""

    def __init__(self, folder):
        self.folder = folder
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        outside = {k: v for k, v in os.environ.items() if not k.startswith("SEETHROUGH_")}
        self.env = {**outside, "SEETHROUGH_DATA_DIR": str(folder), "SEETHROUGH_PORT": str(port)}
        self.log = folder.parent / "demo.log"

    async def start(self):
        with self.log.open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "server", "demo", env=self.env, stdout=log, stderr=log
            )
        await until(self.told, 60, "the story is told")

    async def told(self):
        assert self.process.returncode is None, self.log.read_text()
        return "Ctrl-C" in self.log.read_text()

    async def stop(self):
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(self.process.wait(), 20)
        return time.monotonic() - began, code


async def test_the_demo_shows_a_live_picture_findings_and_rectifications_in_every_state(tmp_path):
    demo = Demo(tmp_path / "demo")
    await demo.start()
    with pytest.raises(CannotStart, match="A server already runs in"):
        start_afresh(demo.folder)
    async with aiohttp.ClientSession(demo.url) as http:

        async def facts(path):
            async with http.get(path) as reply:
                return await reply.json() if reply.status == 200 else {}

        live = (await facts("/index.json"))["live"]
        assert re.search(rf"Live now:  {demo.url}{live['url']}\n", demo.log.read_text())

        async def filmed_and_found():
            page = await facts(f"{live['url']}.json")
            async with http.get(page["hls_url"]) as reply:
                playlist = await reply.text() if reply.status == 200 else ""
            return page["findings"] and ".m4s" in playlist and playlist

        playlist = await until(filmed_and_found, 40, "a picture and a finding")
        segment = re.search(r"^\d+\.m4s$", playlist, re.M)[0]
        async with http.get((await facts(f"{live['url']}.json"))["hls_url"].replace("index.m3u8", segment)) as reply:
            assert reply.status == 200
            assert len(await reply.read()) > 1000
        tracker = await facts("/rectifications.json")
        assert all(tracker["counts"][state] for state in State), tracker["counts"]
        assert Counter(r["state"] for r in tracker["rectifications"]) == Counter(tracker["counts"])
        link = re.search(r"Business:  (\S+)", demo.log.read_text())[1]
        assert (await facts(f"{link}.json"))["episode"]["id"] == live["id"]
    seconds, code = await demo.stop()
    assert code == 0, demo.log.read_text()
    assert seconds < 10
    assert "Traceback" not in demo.log.read_text()
    start_afresh(demo.folder)
