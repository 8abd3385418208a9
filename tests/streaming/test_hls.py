import asyncio
import re
import signal
import subprocess
import sys
import textwrap
import time

import aiohttp
import pytest

from streaming.hls import Hls


def listed(text):
    return [int(number) for number in re.findall(r"^(\d+)\.m4s$", text, re.MULTILINE)]


def sequence(text):
    return int(re.search(r"#EXT-X-MEDIA-SEQUENCE:(\d+)", text)[1])


async def wait_listed(room, count, seconds=20):
    deadline = time.monotonic() + seconds
    while len(listed(text := await room.playlist("kitchen"))) < count:
        assert time.monotonic() < deadline, f"fewer than {count} segments: {text}"
        await asyncio.sleep(0.1)
    return text


async def test_a_camera_can_be_watched_by_hls(room):
    async with room.camera("kitchen"):
        text = await wait_listed(room, 2)
        async with room.http.get(f"{room.base}/hls/kitchen/index.m3u8") as reply:
            assert reply.content_type == "application/vnd.apple.mpegurl"
            assert reply.headers["Cache-Control"] == "public, max-age=1"
            assert reply.headers["Access-Control-Allow-Origin"] == "*"
        async with room.http.get(f"{room.base}/hls/kitchen/{listed(text)[0]}.m4s") as reply:
            assert reply.status == 200
            assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert reply.content_type == "video/mp4"
        async with room.http.get(f"{room.base}/hls/kitchen/init-0.mp4") as reply:
            assert reply.status == 200
        multivariant = await room.playlist("kitchen", "multivariant.m3u8")
        assert "RESOLUTION=320x180" in multivariant
        await room.channels.get("kitchen").end("concluded")
        assert (await room.playlist("kitchen")).endswith("#EXT-X-ENDLIST\n")
        assert "EVENT" in await room.playlist("kitchen", "replay.m3u8")
        probe = await asyncio.create_subprocess_exec(
            *["ffprobe", "-v", "error", "-count_frames", "-of", "csv=p=0"],
            *["-show_entries", "stream=codec_name,nb_read_frames", f"{room.base}/hls/kitchen/replay.m3u8"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        out, errors = await probe.communicate()
        frames = dict(line.split(",")[:2] for line in out.decode().split())
        assert int(frames["h264"]) > 20
        assert int(frames["aac"]) > 100
        assert [line for line in errors.decode().splitlines() if "MOOV" not in line] == []


async def test_a_cut_shows_nothing_more(room):
    async with room.camera("kitchen"):
        before = await wait_listed(room, 1)
        await room.channels.get("kitchen").cut("a minor in the picture")
        shown = listed(await room.playlist("kitchen"))
        assert shown[: len(listed(before))] == listed(before)
        frozen = listed(await room.playlist("kitchen"))
        room.channels.get("kitchen").restore()
        text = await wait_listed(room, len(frozen) + 1)
        assert listed(text)[: len(frozen)] == frozen
        assert "#EXT-X-DISCONTINUITY\n" in text


@pytest.mark.parametrize(
    "path",
    ["hall/index.m3u8", "hall/1.m4s", "..%2f..%2fetc/passwd", "hall/..%2findex.jsonl", "hall/index.jsonl"],
)
async def test_what_is_not_there_is_refused_in_the_one_shape(room, path):
    (room.root / "hall").mkdir(parents=True)
    async with room.http.get(aiohttp.client.URL(f"{room.base}/hls/{path}", encoded=True)) as reply:
        assert reply.status == 404
        assert (await reply.json())["error"]["status"] == 404


async def test_a_channel_whose_name_is_no_folder_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="use letters"):
        Hls(tmp_path).packager("../kitchen")


SERVER = textwrap.dedent(
    """
    import asyncio, sys
    from pathlib import Path
    from aiohttp import web
    from streaming.channels import Channels
    from streaming.hls import Hls
    from streaming.whip import Publisher, Whip

    async def main():
        async def ignore(event): pass
        async def anyone(token, channel): return Publisher(token)
        hls = Hls(Path(sys.argv[1]))
        whip = Whip(Channels(on_event=ignore, outputs=lambda name: [hls.packager(name)]), may_publish=anyone)
        app = web.Application()
        app.add_routes([*whip.routes(), *hls.routes()])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", int(sys.argv[2])).start()
        await asyncio.Event().wait()

    asyncio.run(main())
    """
)


@pytest.mark.journey
async def test_killed_mid_broadcast_the_playlist_continues(room, unused_tcp_port):
    """kill -9 of the server: the camera comes back by itself, sequences go on, a discontinuity marks where."""
    command = [sys.executable, "-c", SERVER, str(room.root), str(unused_tcp_port)]
    room.base = f"http://127.0.0.1:{unused_tcp_port}"

    async def started():
        process = await asyncio.create_subprocess_exec(*command)
        async with asyncio.timeout(15):
            while True:
                try:
                    await room.playlist("kitchen")
                except aiohttp.ClientError:
                    await asyncio.sleep(0.1)
                else:
                    return process

    server = await started()
    try:
        async with room.camera("kitchen"):
            before = await wait_listed(room, 2)
            server.send_signal(signal.SIGKILL)
            await server.wait()
            server = await started()
            after = await room.playlist("kitchen")
            assert listed(after)[: len(listed(before))] == listed(before)
            assert sequence(after) >= sequence(before)
            text = await wait_listed(room, len(listed(after)) + 1, 30)
            assert listed(text)[: len(listed(after))] == listed(after)
            assert text.count("#EXT-X-DISCONTINUITY\n") == 1
    finally:
        server.kill()
        await server.wait()
