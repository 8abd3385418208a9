"""How nominations and their followers are kept."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from server.citizens.model import Tier
from server.kit.documents import document, maybe, noun
from server.kit.mongo import Database, Tx
from server.nominations.model import OPEN, Follower, Nomination, State

ORDER = [("supporters", -1), ("made_at", 1), ("_id", 1)]


class NominationStore:
    """Two collections. `supporters` is kept on the nomination, so that all support of one meets there in turn."""

    def __init__(self, database: Database) -> None:
        self._nominations = database.collection("nominations")
        self._followers = database.collection("nomination_followers")

    async def prepare(self) -> None:
        """Indexes. Nobody proposes one target twice in an episode, nobody supports one nomination twice."""
        await self._nominations.ensure_index([("episode", 1), *ORDER])
        await self._nominations.ensure_index(
            [("episode", 1), ("target", 1), ("by", 1)], unique=True, partial={"target": {"$type": "string"}}
        )
        await self._followers.ensure_index([("nomination", 1), ("by", 1)], unique=True)
        await self._followers.ensure_index([("nomination", 1), ("device", 1)])
        await self._followers.ensure_index([("inbox", 1), ("at", -1)])

    async def get(self, nomination_id: str, tx: Tx | None = None) -> Nomination | None:
        """The nomination with this id."""
        return maybe(Nomination, await self._nominations.find_one({"_id": nomination_id}, tx=tx))

    async def get_many(self, ids: Sequence[str]) -> dict[str, Nomination]:
        """Nominations by their ids."""
        found = await self._nominations.find({"_id": {"$in": list(set(ids))}}) if ids else []
        return {d["_id"]: noun(Nomination, d) for d in found}

    async def find(
        self, episode: str, *, skip: int = 0, limit: int = 0, tx: Tx | None = None, **wanted: Any
    ) -> list[Nomination]:
        """Those of an episode, most supported first."""
        found = await self._nominations.find({"episode": episode, **wanted}, sort=ORDER, skip=skip, limit=limit, tx=tx)
        return [noun(Nomination, d) for d in found]

    async def count(self, episode: str, **wanted: Any) -> int:
        """How many there are in an episode."""
        return await self._nominations.count({"episode": episode, **wanted})

    async def tallies(self, episode: str) -> dict[str, int]:
        """The support of each target of the registry that is still in question or was chosen, in one episode."""
        states = [s.value for s in (*OPEN, State.DRAWN, State.INSPECTED)]
        rows = await self._nominations.aggregate(
            [
                {"$match": {"episode": episode, "target": {"$ne": None}, "state": {"$in": states}}},
                {"$group": {"_id": "$target", "supporters": {"$sum": "$supporters"}}},
            ]
        )
        return {row["_id"]: row["supporters"] for row in rows}

    async def shortlisted(self, episode: str, tx: Tx | None = None) -> list[str]:
        """The shortlisted targets, each once, most supported first."""
        found = await self._nominations.find(
            {"episode": episode, "state": State.SHORTLISTED.value}, sort=ORDER, projection={"target": 1}, tx=tx
        )
        return list(dict.fromkeys(d["target"] for d in found))

    async def insert(self, nomination: Nomination, tx: Tx) -> None:
        """Keeps a new nomination; Duplicate when this person proposed the target before."""
        await self._nominations.insert(document(nomination), tx=tx)

    async def save(self, nomination: Nomination, tx: Tx) -> None:
        """Keeps a changed nomination; ChangedMeanwhile when somebody was faster."""
        await self._nominations.save(document(nomination), nomination.version, tx=tx)

    async def count_support(self, nomination_id: str, change: int, tx: Tx) -> None:
        """Counts support that came or went. The version stays; transactions that count or save meet here."""
        await self._nominations.update({"_id": nomination_id}, {"$inc": {"supporters": change}}, tx=tx)

    # Followers

    async def followers(self, nomination_id: str, tx: Tx | None = None) -> list[Follower]:
        """Everybody who supports a nomination."""
        return [noun(Follower, d) for d in await self._followers.find({"nomination": nomination_id}, tx=tx)]

    async def inboxes(self, nomination_id: str, tx: Tx | None = None) -> list[str]:
        """Where its supporters are told things."""
        found = await self._followers.find({"nomination": nomination_id}, projection={"inbox": 1}, tx=tx)
        return [d["inbox"] for d in found]

    async def each_inbox(self, nomination_id: str) -> AsyncIterator[str]:
        """The same, however many they are."""
        async for d in self._followers.iterate({"nomination": nomination_id}, projection={"inbox": 1}):
            yield d["inbox"]

    async def follower(self, like: Follower, tx: Tx | None = None) -> Follower | None:
        """This person's support for this nomination (`Follower.is_same`, as the database is asked)."""
        of_device: dict[str, Any] = {"device": like.device}
        if like.tier is not Tier.DEVICE:
            of_device["tier"] = Tier.DEVICE.value
        wanted = {"nomination": like.nomination, "$or": [{"by": like.by}, of_device]}
        return maybe(Follower, await self._followers.find_one(wanted, tx=tx))

    async def follows(self, inboxes: Sequence[str], limit: int) -> list[Follower]:
        """What somebody supports, newest first."""
        wanted = {"inbox": {"$in": list(inboxes)}}
        return [noun(Follower, d) for d in await self._followers.find(wanted, sort=[("at", -1)], limit=limit)]

    async def add_followers(self, followers: Iterable[Follower], tx: Tx) -> None:
        """Keeps support; Duplicate when a person supports the nomination already."""
        await self._followers.insert_many([document(f) for f in followers], tx=tx)

    async def remove_follower(self, follower_id: str, tx: Tx) -> None:
        """Forgets one."""
        await self._followers.delete({"_id": follower_id}, tx=tx)
