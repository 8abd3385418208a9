"""How ballots and votes are kept.

A vote's `_id` is `<ballot>/<voter's pseudonym>`: the index that every collection has on it is the unique index
(ballot, voter). A citizen of a higher tier takes their browser's place too: a document `<ballot>/<browser's pseudonym>`
whose `of` is the vote that took it, and that is no vote.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from server.ballots.model import Ballot, Tally
from server.ballots.receipts import Kept
from server.kit.documents import document, maybe, noun
from server.kit.errors import ChangedMeanwhile
from server.kit.mongo import Collection, Database, Document, Inserted, Tx

OUTCOME = (
    "counting_at",
    "closed_at",
    "voided_at",
    "void_reason",
    "void_salt",
    "board_sha256",
    "root",
    "votes",
    "raw",
    "by_tier",
    "counted",
    "result",
    "swept_at",
)
"""All that is ever written into a ballot after its opening."""
HEX = "0123456789abcdef"


class BallotStore:
    """Two collections: ballots, and the votes of those that are not counted yet."""

    def __init__(self, database: Database) -> None:
        self._ballots = database.collection("ballots")
        self.votes: Collection = database.collection("votes")

    async def prepare(self) -> None:
        """Indexes. One ballot at a time for an episode; whether another may follow is the episode's rule."""
        running = {"voided_at": {"$type": "null"}, "closed_at": {"$type": "null"}}
        await self._ballots.ensure_index([("episode", 1)], unique=True, partial=running)
        await self._ballots.ensure_index([("swept_at", 1), ("closes_at", 1)])

    async def get(self, ballot_id: str, tx: Tx | None = None) -> Ballot | None:
        """The ballot with this id."""
        return maybe(Ballot, await self._ballots.find_one({"_id": ballot_id}, tx=tx))

    async def of_episode(self, episode: str, tx: Tx | None = None) -> Ballot | None:
        """The episode's newest ballot."""
        found = await self._ballots.find_one({"episode": episode}, sort=[("opened_at", -1), ("_id", -1)], tx=tx)
        return maybe(Ballot, found)

    async def unfinished(self) -> list[Ballot]:
        """Ballots of which the database still holds votes, or may get some."""
        return [noun(Ballot, d) for d in await self._ballots.find({"swept_at": None}, sort=[("closes_at", 1)])]

    async def insert(self, ballot: Ballot, tx: Tx) -> None:
        """Keeps a new ballot."""
        await self._ballots.insert(document(ballot), tx=tx)

    async def save(self, ballot: Ballot, tx: Tx | None = None) -> Ballot:
        """Keeps what became of a ballot, and nothing else of it; ChangedMeanwhile when somebody was faster."""
        kept = document(ballot)
        change = {name: kept[name] for name in OUTCOME}
        where = {"_id": ballot.id, "version": ballot.version}
        if not await self._ballots.update(where, {"$set": change, "$inc": {"version": 1}}, tx=tx):
            raise ChangedMeanwhile
        return replace(ballot, version=ballot.version + 1)

    # Votes

    async def insert_votes(self, documents: Iterable[Document]) -> Inserted:
        """Keeps votes, durably (majority, journal) when this returns; those that were there are named by position."""
        return await self.votes.insert_many(documents)

    async def found(self, names: list[str]) -> Mapping[str, Document]:
        """What is kept under these `_id`s."""
        return {d["_id"]: d for d in await self.votes.find({"_id": {"$in": names}})}

    async def all_votes(self, ballot_id: str) -> AsyncIterator[Kept]:
        """Every vote of a ballot."""
        wanted = {**_within(ballot_id), "code": {"$type": "string"}}
        async for found in self.votes.iterate(wanted, projection={"_id": 0}):
            yield kept_vote(ballot_id, found)

    async def counts(self, ballot_id: str) -> list[Document]:
        """How many votes have the same tier and choices."""
        return await self.votes.aggregate(
            [
                {"$match": {**_within(ballot_id), "code": {"$type": "string"}}},
                {"$group": {"_id": {"tier": "$tier", "choices": "$choices"}, "many": {"$sum": 1}}},
            ]
        )

    async def sweep(self, ballot_id: str) -> None:
        """Deletes every vote of a ballot, in pieces that each end in time."""
        for first in HEX:
            for second in HEX:
                await self.votes.delete_all(_within(ballot_id, first + second))


def kept_vote(ballot_id: str, found: Mapping[str, Any]) -> Kept:
    """A vote's document."""
    return Kept(ballot_id, found["code"], found["tier"], found["choices"], found["at"])


def closed(ballot: Ballot, tally: Tally, *, board_sha256: str, root: str, at: datetime) -> Ballot:
    """The ballot with what came out of it."""
    return replace(
        ballot,
        closed_at=at,
        board_sha256=board_sha256,
        root=root,
        votes=tally.votes,
        raw=tally.raw,
        by_tier=tally.by_tier,
        counted=tally.counted,
        result=tally.result,
    )


def _within(ballot_id: str, beginning: str = "") -> dict[str, Any]:
    """Names that begin with `<ballot>/<beginning>`; the last character of a pseudonym is below `g`."""
    return {"_id": {"$gte": f"{ballot_id}/{beginning}", "$lt": f"{ballot_id}/{beginning}g"}}
