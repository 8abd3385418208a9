"""A draw of 50 from 1,000,000 targets, pool file included; the pool's making and the lots apart."""

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from server.draws import shuffle
from server.draws.pool import Member, freeze, tickets_of
from server.draws.store import PoolFiles

TARGETS = 1_000_000
WANTED = 50
RUNS = 3
GRADES = (1, 2, 2, 2, 4, 8)


def members() -> list[Member]:
    """A registry, weighted as grades are; one in fifty is left out."""
    return [
        Member(f"ta_{n:016d}", 0, "minimum_interval") if n % 50 == 0 else Member(f"ta_{n:016d}", GRADES[n % 6])
        for n in range(TARGETS)
    ]


def draw(folder: Path, registry: list[Member]) -> tuple[float, float]:
    """Seconds until the pool's files are durable, and for reading them, drawing and opening."""
    began = time.perf_counter()
    pool = freeze(registry, os.urandom(32))
    files = PoolFiles(folder)
    files.keep(pool)
    frozen = time.perf_counter()
    key = shuffle.key("dr_bench", pool.sha256, [os.urandom(32).hex()])
    positions = shuffle.lots(key, tickets_of(files.file(pool.sha256)), WANTED)
    ids = files.ids(pool.sha256)
    assert len({ids[at] for at in positions}) == WANTED
    return frozen - began, time.perf_counter() - frozen


async def main() -> int:
    """Prints each run."""
    registry = await asyncio.to_thread(members)
    for number in range(RUNS):
        with tempfile.TemporaryDirectory() as folder:
            freezing, drawing = await asyncio.to_thread(draw, Path(folder), registry)
        times = f"pool {freezing:.2f} s, lots {drawing:.2f} s, together {freezing + drawing:.2f} s"
        print(f"run {number + 1}: {times} for {WANTED} of {TARGETS}")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
