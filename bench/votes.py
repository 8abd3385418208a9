"""Acknowledged, durable votes a second over HTTP, beside what the database alone can take: `python -m bench.votes`

The server, its mongod and the load generator (`wrk`) share the machine. Every vote is of another citizen, whose cookie
and solved work were prepared beforehand. The raw limit are the same documents in batches straight through kit/mongo.
"""

import asyncio
import hashlib
import json
import os
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil

from bench.city import free_port
from server.ballots.model import Ballot
from server.citizens.model import Tier
from server.citizens.work import proof_of
from server.config import Settings
from server.house import House
from server.kit.mongo import Database
from server.serving import house

SECONDS = 15
CONNECTIONS = 1500
MOST_A_SECOND = 16_000
BATCH, IN_FLIGHT = 500, 2
GOAL_VOTES, GOAL_P99_MS = 8_000, 500
OPTIONS = tuple(f"ta_{n:016d}" for n in range(8))
NO_LIMITS = {"CHALLENGE_NUMBERS": "1", "VOTES_PER_NETWORK": "0", "BALLOT_LEAST_MINUTES": "0"}


@dataclass(frozen=True)
class Measured:
    """What wrk saw."""

    requests: int
    seconds: float
    refused: int
    broken: int
    p50_ms: float
    p99_ms: float
    max_ms: float

    @property
    def a_second(self) -> float:
        return self.requests / self.seconds


@asynccontextmanager
async def served(folder: Path, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """`seethrough serve` on a directory of its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SEETHROUGH_")}
    environment |= {"SEETHROUGH_PORT": str(port), "SEETHROUGH_DATA_DIR": str(folder)}
    environment |= {f"SEETHROUGH_{name}": value for name, value in NO_LIMITS.items()}
    command = [sys.executable, *os.environ.get("BENCH_PYTHON", "").split(), "-m", "server", "serve"]
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        while b"listens on" not in (line := await asyncio.wait_for(process.stdout.readline(), 60)):
            assert line, "the server ended"
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def opened(rooms: House, *, minutes: float = 60) -> Ballot:
    """A ballot of eight options."""
    now = rooms.clock()
    terms: dict[str, Any] = {"choose": 3, "tier": Tier.DEVICE, "counted_tier": Tier.DEVICE, "show_tally": True}
    return await rooms.database.transact(
        lambda tx: rooms.ballots.open(
            tx,
            episode=f"ep_{secrets.token_hex(8)}",
            options=OPTIONS,
            opens_at=now,
            closes_at=now + timedelta(minutes=minutes),
            by="bench",
            **terms,
        )
    )


def prepared(rooms: House, ballot: Ballot, count: int) -> list[str]:
    """Citizens with their work done, and what they vote."""
    lines = []
    for n in range(count):
        citizen, cookie = rooms.citizens.new_device()
        challenge = rooms.citizens.challenge(citizen, f"ballot:{ballot.id}")
        chosen = ",".join({OPTIONS[n % 8], OPTIONS[n * 7 // 3 % 8]})
        body = {"choices": chosen, "key": secrets.token_hex(16), "proof": proof_of(challenge, solution(challenge))}
        lines.append(f"{cookie} {json.dumps(body)}\n")
    return lines


def solution(challenge: Any) -> str:
    """What a browser would have looked for."""
    asked = challenge["parameters"]
    beginning = bytes.fromhex(asked["salt"]) + bytes.fromhex(asked["nonce"])
    found = (hashlib.sha256(beginning + n.to_bytes(4, "big")).hexdigest() for n in range(1 << 20))
    return next(key for key in found if key.startswith(asked["keyPrefix"]))


async def raw_limit(database: Database, seconds: float = 5.0) -> float:
    """Documents a second that the same batches reach without anything of ours around them."""
    votes, now, kept = database.collection("bench_votes"), time.time(), 0
    give_up_at = time.monotonic() + seconds

    async def insert() -> None:
        nonlocal kept
        while time.monotonic() < give_up_at:
            made = [
                {
                    "_id": f"ba_0000000000000000/{secrets.token_hex(32)}",
                    "code": "0" * 26,
                    "tier": "device",
                    "choices": f"{OPTIONS[0]},{OPTIONS[1]}",
                    "at": now,
                }
                for _ in range(BATCH)
            ]
            kept += (await votes.insert_many(made)).count

    began = time.monotonic()
    await asyncio.gather(*(insert() for _ in range(IN_FLIGHT)))
    return kept / (time.monotonic() - began)


def spent(process: asyncio.subprocess.Process) -> tuple[float, float]:
    """Seconds of CPU that the server and its mongod have used: what a loaded machine does not change."""
    server = psutil.Process(process.pid)
    mongod = next(child for child in server.children() if child.name() == "mongod")
    return tuple(t.user + t.system for t in (server.cpu_times(), mongod.cpu_times()))  # type: ignore[return-value]


async def load(file: Path, port: int, ballot: Ballot, seconds: int, connections: int) -> Measured:
    """Lets wrk vote."""
    lua = Path(__file__).with_suffix(".lua")
    command = f"wrk -t1 -c{connections} -d{seconds}s --timeout 10s -s {lua} http://127.0.0.1:{port} -- "
    command += f"{file} /ballots/{ballot.id}/votes 127.0.0.1:{port}"
    process = await asyncio.create_subprocess_exec(*command.split(), stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    line = next(line for line in said.decode().splitlines() if line.startswith("DONE"))
    requests, duration, refused, broken, p50, p99, most = map(float, line.split()[1:])
    return Measured(int(requests), duration / 1e6, int(refused), int(broken), p50 / 1000, p99 / 1000, most / 1000)


async def main(seconds: int = SECONDS, connections: int = CONNECTIONS) -> int:
    with tempfile.TemporaryDirectory(prefix="seethrough-bench-", dir=os.environ.get("BENCH_DIR")) as place:
        folder, port = Path(place) / "data", free_port()
        async with (
            served(folder, port) as process,
            house(Settings(data_dir=folder, challenge_numbers=1, ballot_least_minutes=0.0)) as rooms,
        ):
            ballot = await opened(rooms)
            raw = await raw_limit(rooms.database)
            file = Path(place) / "votes.txt"
            lines = prepared(rooms, ballot, seconds * MOST_A_SECOND)
            file.write_text("".join(lines))
            before = spent(process)
            measured = await load(file, port, ballot, seconds, connections)
            server, mongod = (after - b for after, b in zip(spent(process), before, strict=True))
            assert measured.requests < len(lines), "not every vote was of another citizen"
            kept = await rooms.database.collection("votes").count({"code": {"$type": "string"}})
    print(f"load of the machine before: {os.getloadavg()[0]:.1f}")
    print(f"batches of {BATCH} straight through kit/mongo: {raw:,.0f} documents/s")
    print(f"votes over HTTP, {connections} connections, {measured.seconds:.0f} s: {measured.a_second:,.0f}/s", end=", ")
    print(f"p50 {measured.p50_ms:.0f} ms, p99 {measured.p99_ms:.0f} ms, max {measured.max_ms:.0f} ms")
    print(f"ratio to the raw limit {measured.a_second / raw:.2f}; refused {measured.refused}, broken {measured.broken}")
    each = 1e6 / measured.requests
    print(f"CPU for each vote: server {server * each:.0f} µs, mongod {mongod * each:.0f} µs")
    print(f"acknowledged {measured.requests - measured.refused:,}, kept {kept:,}", end=" ")
    print(f"(goal {GOAL_VOTES:,}/s, p99 {GOAL_P99_MS} ms)")
    assert kept >= measured.requests - measured.refused, "an acknowledged vote is missing"
    return 0 if measured.a_second >= GOAL_VOTES and measured.p99_ms <= GOAL_P99_MS else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*map(int, sys.argv[1:]))))
