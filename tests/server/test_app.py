import asyncio
import contextlib
import io
import json
import re
import time
import uuid
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
from aiohttp.test_utils import TestServer

from server.app import HOUSE, build_app, jobs
from server.config import BadSetting, Settings
from server.inspections.model import PictureCut
from server.kit.mongo import Database
from streaming.hls_store import HlsStore, StoredInit
from tests.makers import fill_registry, hire_cast, live, planned
from tests.server.conftest import HTML, JSON, open_site

together = pytest.mark.asyncio(loop_scope="module")


async def on_air(site):
    """A live inspection and who plays in it."""
    await fill_registry(site.house)
    cast = await hire_cast(site.house)
    return cast, await live(site.house, cast)


def film(folder, inspection, *moments):
    """A channel's stored picture, as an earlier server left it: one segment written at each moment."""
    now = [0.0]
    store = HlsStore(folder / "hls" / inspection.id, clock=lambda: now[0])
    store.apply(store.write_init(StoredInit(0, "avc1.42c01f,mp4a.40.2", 320, 180), b"init"))
    for number, now[0] in enumerate(moments, 1):
        segment = store.write_segment(number, b"s", init=0, duration=2.0, began_at=now[0], discontinuity=False)
        store.apply(segment)


async def shown(site, inspection):
    """The numbers of the segments that anybody may fetch."""
    async with await site.ask("GET", f"/hls/{inspection.id}/replay.m3u8") as reply:
        text = await reply.text() if reply.status == 200 else ""
    return [int(line.removesuffix(".m4s")) for line in text.splitlines() if line.endswith(".m4s")]


@together
async def test_health_says_that_all_is_well(lasting_site):
    facts = await lasting_site.json("/healthz")
    assert facts["status"] == "ok"
    assert facts["database"]["healthy"] is True
    assert facts["ledger"] == {"size": 0, "root": facts["ledger"]["root"]}
    assert facts["events"] == {"connections": 0}
    assert facts["version"]


@asynccontextmanager
async def relayed(uri):
    """An address that leads to the same database, and a way to lose it."""
    host, port = urlsplit(uri).netloc.rsplit("@", 1)[-1].split(":")
    writers = []

    async def pipe(reader, writer):
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def relay(reader, writer):
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writers.extend((writer, far_writer))
        await asyncio.gather(pipe(reader, far_writer), pipe(far_reader, writer))

    def lose():
        server.close()
        for writer in writers:
            writer.close()

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    near = server.sockets[0].getsockname()[1]
    yield re.sub(r"replicaSet=\w+", "directConnection=true", uri.replace(f":{port}", f":{near}")), lose
    lose()


async def test_without_its_database_a_server_says_so_and_still_stops(mongodb_uri, leftovers, tmp_path, clock):
    async with relayed(mongodb_uri) as (uri, lose):
        database = Database.connect(uri, f"test_{uuid.uuid4().hex}")
        async with open_site(database, tmp_path, clock) as site:
            lose()
            facts, refused = await asyncio.gather(
                site.json("/healthz", status=503), site.json("/episodes.json", status=503)
            )
            began = time.monotonic()
        assert time.monotonic() - began < 10
        await database.close()
    leftovers.put_nowait(database.name)
    assert facts["status"] == "database unavailable"
    assert facts["database"]["healthy"] is False
    assert refused["error"]["kind"] == "Unavailable"


@together
async def test_every_reply_has_safe_headers(lasting_site):
    for path in ("/", "/index.json", "/nowhere", "/healthz", "/hls/x/index.m3u8", "/evidence/x.jpg"):
        async with await lasting_site.ask("GET", path, headers=HTML) as reply:
            assert reply.headers["X-Content-Type-Options"] == "nosniff", path
            assert "default-src 'none'" in reply.headers["Content-Security-Policy"], path


@together
async def test_an_unknown_address_is_one_error_shape_and_one_page(lasting_site):
    async with await lasting_site.ask("GET", "/nowhere", headers=JSON) as reply:
        assert (await reply.json())["error"]["status"] == 404
    assert "</html>" in await lasting_site.html("/nowhere", status=404)
    async with await lasting_site.ask("PUT", "/", headers=JSON) as reply:
        assert (reply.status, reply.headers["Allow"]) == (405, "GET,HEAD")


@together
async def test_static_files_are_immutable_under_the_hash_of_their_tree_alone(lasting_site):
    page = await lasting_site.html("/")
    path = page.split('rel="stylesheet" href="')[1].split('"')[0]
    async with await lasting_site.ask("GET", path) as reply:
        assert reply.status == 200
        assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    tree = path.split("/")[2]
    for wrong in ("/static/00000000/nothing.css", f"/static/{tree}/%2e%2e/render.py", f"/static/{tree}/nothing.css"):
        async with await lasting_site.ask("GET", wrong) as reply:
            assert reply.status == 404, wrong
    async with await lasting_site.ask("GET", "/static/00000000/style.css") as reply:  # a page from before an upgrade
        assert reply.status == 302
        assert reply.headers["Location"] == f"/static/{tree}/style.css"
        assert reply.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("behind", "status"), [(True, 401), (False, 429)])
async def test_behind_a_proxy_each_asker_is_throttled_alone(database, tmp_path, clock, behind, status):
    async with open_site(database, tmp_path, clock, behind_proxy=behind, sign_in_attempts=2) as site:
        for n in range(9):
            headers = {"Accept": "application/json", "X-Forwarded-For": f"203.0.113.{n}"}
            body = {"login": f"nobody{n}", "password": "wrong"}
            async with await site.ask("POST", "/sign-in", headers=headers, json=body) as reply:
                last = reply.status
        assert last == status


async def test_a_body_that_is_too_large_is_refused(database, tmp_path, clock):
    async with open_site(database, tmp_path, clock, max_upload_mb=1) as site:
        refused = await site.post("/sign-in", status=413, login=io.BytesIO(bytes(2**20 + 1)))
        assert refused["error"]["kind"] == "Request Entity Too Large"


async def test_the_city_is_named_on_every_page(database, tmp_path, clock):
    async with open_site(database, tmp_path, clock, city="澄明市") as site:
        assert "澄明市" in await site.html("/")


async def test_two_applications_share_nothing(database, tmp_path, clock):
    one, two = (build_app(Settings(data_dir=tmp_path), clock=clock, database=database) for _ in range(2))
    assert one[HOUSE].channels is not two[HOUSE].channels
    assert one[HOUSE].hub is not two[HOUSE].hub


async def test_when_it_closes_nothing_runs_on(database, tmp_path, clock):
    before = asyncio.all_tasks()
    async with open_site(database, tmp_path, clock, weekly=True) as site:
        assert len(asyncio.all_tasks()) > len(before)
        site.house.channels.open("in_1")
    assert not {task for task in asyncio.all_tasks() - before if not task.done()}


async def test_a_start_that_fails_half_way_leaves_nothing_running(database, tmp_path, clock):
    before = asyncio.all_tasks()
    app = build_app(Settings(data_dir=tmp_path, weekly=True, weekly_plan="never"), clock=clock, database=database)
    with pytest.raises(BadSetting):
        await TestServer(app).start_server()
    assert not {task for task in asyncio.all_tasks() - before if not task.done()}


async def test_a_cut_drops_what_the_public_has_not_seen_even_while_nobody_publishes(site, tmp_path):
    cast, inspection = await on_air(site)
    film(tmp_path, inspection, time.time() - 60, time.time() - 40, time.time() - 1)
    assert await shown(site, inspection) == [1, 2], "the newest waits for the safety delay"
    await site.post(f"/episodes/{inspection.episode}/cut", cast.operator, reason="画面中有儿童")
    assert [s.number for s in site.house.hls.store(inspection.id).segments] == [1, 2]
    assert site.house.channels.get(inspection.id).cut_reason == "画面中有儿童"


async def test_a_cut_holds_after_a_restart(database, tmp_path, clock):
    async with open_site(database, tmp_path, clock) as site:
        cast, inspection = await on_air(site)
        cut_at = clock().timestamp()
        film(tmp_path, inspection, cut_at - 60, cut_at - 16, cut_at - 14, cut_at - 1)
        # The server dies between the record and the channel: the action alone, without its door.
        await site.house.inspections.cut(cast.operator, inspection.id, "画面中有儿童")
    async with open_site(database, tmp_path, clock) as again:
        assert await shown(again, inspection) == [1, 2]
        assert again.house.channels.get(inspection.id).cut_reason
        with pytest.raises(PictureCut):
            await again.house.inspections.issue_token(cast.inspectors[0], inspection.id)
        page = await again.json(f"/episodes/{inspection.episode}.json")
        assert (page["cut"], page["playing"], page["hls_url"]) == (True, None, None)
    async with open_site(database, tmp_path, clock) as third:
        assert await shown(third, inspection) == [1, 2]


async def test_a_picture_that_was_not_cut_goes_on_after_a_restart(database, tmp_path, clock):
    async with open_site(database, tmp_path, clock) as site:
        _, inspection = await on_air(site)
        film(tmp_path, inspection, time.time() - 60, time.time() - 20)
    async with open_site(database, tmp_path, clock) as again:
        assert await shown(again, inspection) == [1, 2]
        assert again.house.channels.get(inspection.id) is None


async def test_how_many_watch_is_told_to_everybody_who_watches(monkeypatch, database, tmp_path, clock):
    monkeypatch.setattr("server.app.WHISPER_SECONDS", 0.1)
    async with open_site(database, tmp_path, clock) as site:
        _, inspection = await on_air(site)
        path = f"/episodes/{inspection.episode}"
        async with await site.ask("GET", f"/events?episode={inspection.episode}") as events:
            said = {"watching": 0}
            while not said["watching"]:
                line = (await events.content.readline()).decode().strip()
                if line == "event: watching":
                    said = json.loads((await events.content.readline()).decode().removeprefix("data: "))
                    async with await site.ask("POST", f"{path}/watching", data={"session": "somebody"}) as reply:
                        assert reply.status == 204
        assert said == {"episode": inspection.episode, "watching": 1}
        assert (await site.json(f"{path}.json"))["episode"]["watching"] == 1


async def test_the_door_starts_and_concludes_what_the_operator_planned(site):
    await fill_registry(site.house)
    cast = await hire_cast(site.house)
    inspection = await planned(site.house, cast)
    started = await site.post(f"/episodes/{inspection.episode}/start", cast.operator)
    assert started == {"inspection": inspection.id}
    ended = await site.post(f"/episodes/{inspection.episode}/conclude", cast.operator)
    assert ended == {"inspection": inspection.id, "results": ["no_problem"]}
    assert site.house.channels.get(inspection.id).state == "ended"


async def test_steps_are_taken_by_themselves_and_episodes_made_where_the_setting_says_so(house):
    assert [job.name for job in jobs(house)] == ["steps"]
    house.settings = Settings(weekly=True)
    assert [job.name for job in jobs(house)] == ["steps", "next episode"]
