"""How draws are kept."""

from server.draws.model import Draw, Of
from server.kit.documents import document, maybe, noun
from server.kit.mongo import Database, Tx


class DrawStore:
    """One collection; an episode has at most one draw of each kind."""

    def __init__(self, database: Database) -> None:
        self._draws = database.collection("draws")

    async def prepare(self) -> None:
        """Indexes."""
        await self._draws.ensure_index([("episode", 1), ("of", 1)], unique=True)

    async def get(self, draw_id: str) -> Draw | None:
        """The draw with this id."""
        return maybe(Draw, await self._draws.find_one({"_id": draw_id}))

    async def of_episode(self, episode: str, of: Of, tx: Tx | None = None) -> Draw | None:
        """An episode's draw of this kind."""
        return maybe(Draw, await self._draws.find_one({"episode": episode, "of": of.value}, tx=tx))

    async def all_of_episode(self, episode: str) -> list[Draw]:
        """An episode's draws, oldest first."""
        return [noun(Draw, d) for d in await self._draws.find({"episode": episode}, sort=[("committed_at", 1)])]

    async def insert(self, draw: Draw, tx: Tx) -> None:
        """Keeps a new draw."""
        await self._draws.insert(document(draw), tx=tx)

    async def save(self, draw: Draw, tx: Tx) -> None:
        """Keeps a changed draw; ChangedMeanwhile when somebody was faster."""
        await self._draws.save(document(draw), draw.version, tx=tx)
