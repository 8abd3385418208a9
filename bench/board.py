"""A ballot of 200,000 votes closed and published, its tally counted once more: `python -m bench.board [VOTES]`

The votes are written as the box writes them, straight through kit/mongo; closing is what the server does at the moment.
"""

import asyncio
import hashlib
import os
import random
import secrets
import sys
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.votes import OPTIONS, opened
from server.ballots.model import Ballot
from server.citizens.model import Tier
from server.config import Settings
from server.house import House
from server.kit.ids import ALPHABET
from server.serving import house

VOTES, BATCH, GOAL_SECONDS = 200_000, 1000, 30


def made(ballot: Ballot, chance: random.Random) -> dict[str, Any]:
    """One vote as the database keeps it."""
    return {
        "_id": f"{ballot.id}/{secrets.token_hex(32)}",
        "code": "".join(chance.choices(ALPHABET, k=26)),
        "tier": chance.choice(tuple(Tier)).value,
        "choices": ",".join(sorted(chance.sample(OPTIONS, chance.randint(1, 3)))),
        "at": ballot.opens_at,
    }


async def filled(rooms: House, ballot: Ballot, count: int) -> tuple[Counter[str], float]:
    """Puts the votes into the database; their tally, counted here, and the seconds it took."""
    chance, counted, began = random.Random(count), Counter[str](), time.monotonic()
    for first in range(0, count, BATCH):
        votes = [made(ballot, chance) for _ in range(min(BATCH, count - first))]
        counted.update(option for vote in votes for option in vote["choices"].split(","))
        await rooms.ballots.store.insert_votes(votes)
    return counted, time.monotonic() - began


async def main(count: int = VOTES) -> int:
    with tempfile.TemporaryDirectory(prefix="seethrough-bench-") as place:
        async with house(Settings(data_dir=Path(place) / "data")) as rooms:
            rooms.ballots.on_closed.clear()  # There is no episode behind this ballot.
            ballot = await opened(rooms)
            counted, writing = await filled(rooms, ballot, count)
            rooms.ballots._clock = rooms.ballots._closing._clock = lambda: ballot.closes_at + timedelta(seconds=1)
            began = time.monotonic()
            ballot = (await rooms.ballots._close(ballot)) or ballot
            closing = time.monotonic() - began
            began = time.monotonic()
            await rooms.ballots._sweep(ballot)
            sweeping = time.monotonic() - began
            content = rooms.ballots.board_path(ballot).read_bytes()
    print(f"load of the machine: {os.getloadavg()[0]:.1f}; {count:,} votes written in {writing:.1f} s")
    print(f"closed, board ({len(content) / 1e6:.1f} MB) and fact published: {closing:.1f} s (goal {GOAL_SECONDS})")
    print(f"votes forgotten by the database, after that: {sweeping:.1f} s")
    assert ballot.votes == count == content.count(b"\n")
    assert dict(ballot.counted) == {option: counted[option] for option in OPTIONS}, "the tally is wrong"
    assert hashlib.sha256(content).hexdigest() == ballot.board_sha256
    print("tally exact")
    return 0 if closing <= GOAL_SECONDS else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*map(int, sys.argv[1:]))))
