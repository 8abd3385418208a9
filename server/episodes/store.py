"""How episodes are kept."""

from datetime import datetime

from server.episodes.eligibility import Visit
from server.episodes.lifecycle import Phase
from server.episodes.model import Episode
from server.kit.documents import document, maybe, noun
from server.kit.mongo import Database, Tx


class EpisodeStore:
    """One collection and a counter for the numbers (第几期)."""

    def __init__(self, database: Database) -> None:
        self._episodes = database.collection("episodes")
        self._counters = database.collection("counters")

    async def prepare(self) -> None:
        """Indexes. One episode a week from the weekly cycle: its key is unique."""
        await self._episodes.ensure_index([("number", -1)], unique=True)
        await self._episodes.ensure_index([("week", 1)], unique=True, partial={"week": {"$type": "string"}})

    async def next_number(self, tx: Tx) -> int:
        """The next episode's number, from 1."""
        counter = await self._counters.find_one_and_update(
            {"_id": "episode"}, {"$inc": {"value": 1}}, upsert=True, after=True, tx=tx
        )
        assert counter is not None
        return int(counter["value"])

    async def get(self, episode_id: str, tx: Tx | None = None) -> Episode | None:
        """The episode with this id."""
        return maybe(Episode, await self._episodes.find_one({"_id": episode_id}, tx=tx))

    async def of_week(self, week: str) -> Episode | None:
        """The weekly cycle's episode of a week such as 2026-W10."""
        return maybe(Episode, await self._episodes.find_one({"week": week}))

    async def find(
        self, phases: list[Phase] | None = None, *, target: str | None = None, limit: int = 0
    ) -> list[Episode]:
        """Episodes, newest first."""
        wanted: dict[str, object] = {}
        if phases:
            wanted["phase"] = {"$in": [p.value for p in phases]}
        if target:
            wanted["target"] = target
        return [noun(Episode, d) for d in await self._episodes.find(wanted, sort=[("number", -1)], limit=limit)]

    async def timed(self) -> list[Episode]:
        """Episodes that take their steps by themselves and are not live yet, oldest first."""
        ahead = [Phase.DRAFT, Phase.NOMINATING, Phase.VOTING, Phase.DRAWING, Phase.READY]
        wanted = {"timed": True, "phase": {"$in": [p.value for p in ahead]}}
        return [noun(Episode, d) for d in await self._episodes.find(wanted, sort=[("number", 1)])]

    async def visits(self, since: datetime) -> list[Visit]:
        """Who was inspected since then, and when."""
        live = f"reached.{Phase.LIVE}"
        found = await self._episodes.find({live: {"$gte": since}}, projection={"target": 1, live: 1})
        return [Visit(d["target"], d["reached"][Phase.LIVE.value]) for d in found if d.get("target")]

    async def count_shown(self) -> int:
        """Episodes that were shown to the public."""
        return await self._episodes.count({f"reached.{Phase.LIVE}": {"$exists": True}})

    async def insert(self, episode: Episode, tx: Tx) -> None:
        """Keeps a new episode."""
        await self._episodes.insert(document(episode), tx=tx)

    async def save(self, episode: Episode, tx: Tx) -> None:
        """Keeps a changed episode; ChangedMeanwhile when somebody was faster."""
        await self._episodes.save(document(episode), episode.version, tx=tx)
