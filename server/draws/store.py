"""How draws are kept: their documents in the database, their pools as files beside it."""

from collections.abc import Sequence
from pathlib import Path

from server.draws.model import Draw, Of
from server.draws.pool import Pool
from server.kit.documents import document, maybe, noun
from server.kit.mongo import Database, Tx
from server.ledger.durable import draft, settle


class DrawStore:
    """One collection; an episode has at most one draw of each kind and attempt."""

    def __init__(self, database: Database) -> None:
        self._draws = database.collection("draws")

    async def prepare(self) -> None:
        """Indexes. The first makes redrawing impossible: an attempt is there once, and the next needs a void one."""
        await self._draws.ensure_index([("episode", 1), ("of", 1), ("attempt", 1)], unique=True)
        await self._draws.ensure_index([("drawn_at", 1), ("voided_at", 1)])

    async def get(self, draw_id: str, tx: Tx | None = None) -> Draw | None:
        """The draw with this id."""
        return maybe(Draw, await self._draws.find_one({"_id": draw_id}, tx=tx))

    async def of_episode(self, episode: str, of: Of, tx: Tx | None = None) -> Draw | None:
        """An episode's newest draw of this kind."""
        found = await self._draws.find_one({"episode": episode, "of": of.value}, sort=[("attempt", -1)], tx=tx)
        return maybe(Draw, found)

    async def all_of_episode(self, episode: str) -> list[Draw]:
        """An episode's draws, oldest first."""
        order = [("announced_at", 1), ("of", -1)]
        return [noun(Draw, d) for d in await self._draws.find({"episode": episode}, sort=order)]

    async def of_episodes(self, episodes: Sequence[str]) -> dict[str, list[Draw]]:
        """The draws of several episodes at once, oldest first."""
        found: dict[str, list[Draw]] = {episode: [] for episode in episodes}
        for d in await self._draws.find({"episode": {"$in": list(episodes)}}, sort=[("announced_at", 1)]):
            found[d["episode"]].append(noun(Draw, d))
        return found

    async def all_open(self) -> list[Draw]:
        """Draws that are still to be decided."""
        return [noun(Draw, d) for d in await self._draws.find({"drawn_at": None, "voided_at": None})]

    async def following(self, draw_id: str, tx: Tx) -> list[Draw]:
        """Open draws whose source is this one."""
        wanted = {"sources.draw": draw_id, "drawn_at": None, "voided_at": None}
        return [noun(Draw, d) for d in await self._draws.find(wanted, tx=tx)]

    async def insert(self, draw: Draw, tx: Tx) -> None:
        """Keeps a new draw."""
        await self._draws.insert(document(draw), tx=tx)

    async def save(self, draw: Draw, tx: Tx) -> Draw:
        """Keeps a changed draw; ChangedMeanwhile when somebody was faster."""
        return noun(Draw, await self._draws.save(document(draw), draw.version, tx=tx))


class PoolFiles:
    """Pools by their hash: the public file, and beside it, for the server alone, the ids behind its lines.

    Both are durable before the announcement that names them commits, so an announced pool is always there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, pool: Pool) -> None:
        """Writes both files."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._put(self.path(pool.sha256), pool.file)
        self._put(self._ids_path(pool.sha256), "".join(f"{member}\n" for member in pool.ids).encode())
        settle(self._folder)

    def path(self, sha256: str) -> Path:
        """The public file."""
        return self._folder / f"{sha256}.txt"

    def file(self, sha256: str) -> bytes:
        """The public file's bytes."""
        return self.path(sha256).read_bytes()

    def ids(self, sha256: str) -> list[str]:
        """Who stands behind each line."""
        return self._ids_path(sha256).read_text().splitlines()

    def _ids_path(self, sha256: str) -> Path:
        return self._folder / f"{sha256}.ids"

    def _put(self, path: Path, content: bytes) -> None:
        draft(path, content).replace(path)
