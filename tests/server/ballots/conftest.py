"""An open ballot in a house, voters who have done their work, and a count made without our code."""

import asyncio
import hashlib
import secrets
from datetime import timedelta

import pytest

from server.citizens.model import Citizen, Tier
from server.kit.clock import iso
from tests.server.citizens.conftest import solved

OPTIONS = ("ta_0000000000000001", "ta_0000000000000002", "ta_0000000000000003")


class Poll:
    """A ballot, and what people do to it."""

    def __init__(self, house):
        self.house, self.ballots, self.clock = house, house.ballots, house.clock
        self.ballot = None
        self.ballots.on_closed.clear()  # The rooms above have no episode for these ballots.

    async def open(self, **changes):
        """Opens it: three options, two of them may be chosen, for an hour."""
        now = self.clock()
        terms = {
            "episode": f"ep_{secrets.token_hex(8)}",
            "options": OPTIONS,
            "choose": 2,
            "opens_at": now,
            "closes_at": now + timedelta(hours=1),
            "tier": Tier.DEVICE,
            "counted_tier": Tier.DEVICE,
            "show_tally": True,
            "by": "operator",
            **changes,
        }
        self.ballot = await self.house.database.transact(lambda tx: self.ballots.open(tx, **terms))
        return self.ballot

    def voter(self, tier=Tier.DEVICE, *, device=None, known_by=None):
        """Somebody new, or the same by their browser or number."""
        device = device or secrets.token_hex(16)
        known = (device,) if tier is Tier.DEVICE else (known_by or secrets.token_hex(8),)
        return Citizen(device, tier, self.house.citizens.identity(tier, *known))

    def proof(self, voter, scope=None):
        """Work that was done for this ballot, without the looking for it."""
        challenge = self.house.citizens.challenge(voter, scope or f"ballot:{self.ballot.id}")
        return solved(challenge)

    async def cast(self, voter=None, *choices, key=None, proof=None, address="192.0.2.1"):
        """One vote; (receipt, new)."""
        voter = voter or self.voter()
        return await self.ballots.cast(
            voter,
            address,
            self.ballot.id,
            choices or OPTIONS[:1],
            secrets.token_hex(16) if key is None else key,
            self.proof(voter) if proof is None else proof,
        )

    async def close(self):
        """Its moment comes."""
        self.clock.at = max(self.clock(), self.ballot.closes_at)
        closed = {ballot.id: ballot for ballot in await self.ballots.close_due()}
        self.ballot = closed[self.ballot.id]
        await self.ballots.sweep()
        return self.ballot

    async def facts(self):
        """All facts about it, in order."""
        ledger = self.house.ledger
        while await ledger.store.waiting(1):
            await ledger.wait_beyond(ledger.head.size, 1)
        return [entry.fact async for entry in ledger.about(self.ballot.id)]

    def board(self):
        """The published lines."""
        return self.ballots.board_path(self.ballot).read_text().splitlines()

    @property
    def votes(self):
        return self.house.database.collection("votes")


@pytest.fixture
async def poll(house):
    poll = Poll(house)
    await poll.open()
    return poll


def recounted(lines, options, counted_tiers, ballot_id):
    """The tally of a board by the text of docs/verify.md alone."""
    counts = dict.fromkeys(options, 0)
    for line in lines:
        _, tier, chosen = line.split(" ")
        if tier in counted_tiers:
            for option in chosen.split(","):
                counts[option] += 1
    order = sorted(options, key=lambda o: (-counts[o], hashlib.sha256(f"{ballot_id} {o}".encode()).hexdigest()))
    return counts, order


def merkle_root(leaves):
    """RFC 6962, 2.1, as it is written there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + merkle_root(leaves[:split]) + merkle_root(leaves[split:])).digest()


def rooted(index, size, leaf, path):
    """The root that an audit path leads to (RFC 9162, 2.1.3.2)."""
    number, last, result = index, size - 1, hashlib.sha256(b"\0" + leaf).digest()
    for sibling in path:
        if number & 1 or number == last:
            result = hashlib.sha256(b"\1" + sibling + result).digest()
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            result = hashlib.sha256(b"\1" + result + sibling).digest()
        number, last = number >> 1, last >> 1
    assert last == 0
    return result


def receipt_says(receipt):
    """The text of a receipt, by docs/verify.md."""
    choices = ",".join(receipt.choices)
    lines = ("seethrough-receipt-v1", receipt.ballot, receipt.code, receipt.tier.value, choices, iso(receipt.at))
    return "".join(f"{line}\n" for line in lines).encode()


def check_promise(receipt, key):
    """Raises unless the server has signed this receipt."""
    promise = receipt.promise
    root = rooted(promise.index, promise.size, receipt_says(receipt), [bytes.fromhex(h) for h in promise.path])
    key.verify(bytes.fromhex(promise.signature), b"seethrough promise-v1\n" + root.hex().encode() + b"\n")


async def together(*calls):
    """Everything at once; refusals are results."""
    return await asyncio.gather(*calls, return_exceptions=True)
