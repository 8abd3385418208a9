"""CPU and frame rate of WHEP monitors of one 720p30 camera: `python -m bench.streaming_whep [monitors]`.

Camera and monitors run in two other processes; what is measured is the server's process alone.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

from bench.streaming_hls import cpu_percent, make_film, publishing, serving
from streaming.whep_client import WhepClient

SECONDS = 15
MONITORS = 10


async def watch(url: str, count: int, seconds: float) -> None:
    """Be so many monitors; print each one's pictures per second."""
    seen: Counter[int] = Counter()
    async with AsyncExitStack() as stack:
        for number in range(count):

            def note(kind: str, _at: int, _data: bytes, number: int = number) -> None:
                seen[number] += kind == "video"

            await stack.enter_async_context(WhepClient(url, note))
        print("watching", flush=True)
        await asyncio.sleep(1)
        seen.clear()
        began = time.monotonic()
        await asyncio.sleep(seconds)
        rates = [seen[number] / (time.monotonic() - began) for number in range(count)]
    print(json.dumps(rates), flush=True)


async def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        film = make_film(Path(folder))
        async with serving(Path(folder) / "none", packaging=False) as server, publishing(server, film):
            alone = await cpu_percent(5)
            watchers = await asyncio.create_subprocess_exec(
                *[sys.executable, "-m", "bench.streaming_whep", "--watch", f"{server.base}/whep/bench"],
                *[str(count), str(SECONDS)],
                stdout=asyncio.subprocess.PIPE,
            )
            assert watchers.stdout is not None
            await asyncio.wait_for(watchers.stdout.readline(), 30)
            feed = server.channels.open("bench").open_feed("bench", ("video",), limit=100 * SECONDS)
            watched = await cpu_percent(SECONDS)
            received = feed.waiting / SECONDS
            rates = json.loads(await watchers.stdout.readline())
            await watchers.wait()
        print(f"| {count} monitors of a 720p30 camera |            |")
        print("|---------------------------|------------|")
        print(f"| server without monitors   | {alone:8.1f} % |")
        print(f"| server with them          | {watched:8.1f} % |")
        print(f"| per monitor               | {(watched - alone) / count:8.2f} % |")
        print(f"| received, from 1st keyframe | {received:4.1f} fps |")
        print(f"| slowest monitor           | {min(rates):6.1f} fps |")
        print(f"| mean                      | {sum(rates) / count:6.1f} fps |")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--watch"]:
        asyncio.run(watch(sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
    else:
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else MONITORS))
