import asyncio
import subprocess
import sys

from streaming.camera import Camera
from streaming.tasks import Tasks


async def test_a_camera_comes_back_by_itself_after_it_was_thrown_out(room, until, monkeypatch):
    monkeypatch.setattr("streaming.camera.RECONNECT_SECONDS", 0.1)
    async with room.camera("kitchen"):
        await until(lambda: room.kinds() == ["started"])
        channel = room.channels.get("kitchen")
        channel.lost(channel.publication, "thrown out")
        await until(lambda: room.kinds() == ["started", "interrupted", "resumed"])


async def test_a_refused_camera_keeps_trying(room, until, monkeypatch, caplog):
    monkeypatch.setattr("streaming.camera.RECONNECT_SECONDS", 0.05)
    async with room.camera("kitchen", "stranger"):
        await until(lambda: caplog.text.count("not publishing: 401") >= 2)


async def test_a_film_is_published(room, until, tmp_path):
    film = tmp_path / "film.mkv"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=160x90:r=10", "-t", "3"]
    process = await asyncio.create_subprocess_exec(
        *command, "-pix_fmt", "yuv420p", "-profile:v", "baseline", "-g", "10", str(film)
    )
    assert await process.wait() == 0
    tasks = Tasks()
    tasks.start(Camera.playing(f"{room.base}/whip/hall", "anna", film).run(), "film")
    await until(lambda: room.kinds() == ["started"])
    await tasks.close()


def test_the_command_line_explains_itself():
    shown = subprocess.run(
        [sys.executable, "-m", "streaming.camera", "--help"], capture_output=True, text=True, check=True
    )
    assert "--token" in shown.stdout
