"""A synthetic camera: a drawn kitchen with a clock, or a media file, published over real WHIP.

`python -m streaming.camera http://localhost:8080/whip/kitchen --token secret [--file film.mp4]`
"""

import argparse
import asyncio
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import aiohttp

from streaming.camera_film import film_frames
from streaming.camera_scene import scene_frames
from streaming.media import MediaFrame
from streaming.whip_client import PublishingRefused, WhipClient

logger = logging.getLogger(__name__)

RECONNECT_SECONDS = 2.0
FROM_INPUT = "-"  # keeps a token out of the list of processes
STDIN = "-"


@dataclass(frozen=True)
class Picture:
    """What the drawn camera sends."""

    width: int = 1280
    height: int = 720
    rate: int = 20
    bit_rate: int = 1_200_000
    caption: str = "演示画面 · 澄明市（虚构）"


class Wishes(Protocol):
    """What a source of frames asks between frames."""

    def take_keyframe(self) -> bool:
        """Whether the next picture should be a keyframe; asking settles it."""


FrameSource = Callable[[Wishes], Iterator[MediaFrame]]


class Camera:
    """Publishes to `url` until cancelled, reconnecting by itself. Frames come from a thread, at their time."""

    def __init__(self, url: str, token: str, source: FrameSource) -> None:
        self._url = url
        self._token = token
        self._source = source
        self._client: WhipClient | None = None
        self._stopped = threading.Event()
        self._keyframe = threading.Event()

    @classmethod
    def drawing(cls, url: str, token: str, picture: Picture | None = None) -> "Camera":
        """A camera in a drawn kitchen."""
        shown = picture or Picture()
        return cls(url, token, lambda wishes: scene_frames(shown, wishes.take_keyframe))

    @classmethod
    def playing(cls, url: str, token: str, film: Path) -> "Camera":
        """A camera that plays a media file in a loop."""
        return cls(url, token, lambda _wishes: film_frames(film))

    def take_keyframe(self) -> bool:
        """Whether a keyframe was asked for since last asked."""
        asked = self._keyframe.is_set()
        self._keyframe.clear()
        return asked

    async def run(self) -> None:
        """Publish until cancelled."""
        loop = asyncio.get_running_loop()
        shooting = loop.run_in_executor(None, self._shoot, loop)
        publishing = asyncio.create_task(self._keep_publishing(), name="camera")
        try:
            await asyncio.wait([shooting, publishing], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._stopped.set()
            publishing.cancel()
            await asyncio.gather(publishing, return_exceptions=True)
            await shooting

    async def _keep_publishing(self) -> None:
        while True:
            await self._publish()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _publish(self) -> None:
        try:
            async with WhipClient(self._url, self._token, on_keyframe_request=self._keyframe.set) as client:
                logger.info("publishing to %s", self._url)
                self._keyframe.set()
                self._client = client
                await client.lost.wait()
                logger.info("the connection was lost")
        except (PublishingRefused, aiohttp.ClientError, TimeoutError, OSError) as error:
            logger.warning("not publishing: %s", error)
        finally:
            self._client = None

    def _shoot(self, loop: asyncio.AbstractEventLoop) -> None:
        began_at = time.monotonic()
        for frame in self._source(self):
            if self._stopped.wait(max(0.0, began_at + frame.seconds - time.monotonic())):
                return
            loop.call_soon_threadsafe(self._put, frame)

    def _put(self, frame: MediaFrame) -> None:
        if self._client is not None:
            self._client.put(frame)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Publish a synthetic camera, or a file, by WHIP.")
    parser.add_argument("url", help="the WHIP endpoint, such as http://localhost:8080/whip/kitchen")
    parser.add_argument(
        "--token", required=True, help="the bearer token that may publish there; - reads it from standard input"
    )
    parser.add_argument("--file", type=Path, help="a media file to play in a loop instead of the drawing")
    parser.add_argument("--size", default="1280x720", help="width x height of the drawing")
    parser.add_argument("--rate", type=int, default=20, help="pictures a second of the drawing")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("aioice").setLevel(logging.WARNING)
    token = sys.stdin.readline().strip() if chosen.token == STDIN else chosen.token
    width, height = (int(side) for side in chosen.size.split("x"))
    if chosen.file is not None:
        camera = Camera.playing(chosen.url, token, chosen.file)
    else:
        camera = Camera.drawing(chosen.url, token, Picture(width, height, chosen.rate))
    try:
        asyncio.run(camera.run())
    except KeyboardInterrupt:
        logger.info("stopped")


if __name__ == "__main__":
    main()
