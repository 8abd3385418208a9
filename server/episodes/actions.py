"""Planning episodes and moving them through their phases."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from server.episodes.holds import Change
from server.episodes.lifecycle import ENTERED_ALONE, Method, Phase
from server.episodes.model import Episode, NoSuchEpisode, WrongPhase
from server.episodes.store import EpisodeStore
from server.kit.clock import Clock
from server.kit.errors import Invalid
from server.kit.ids import new_id
from server.kit.mongo import Database, Duplicate, Tx
from server.ledger.actions import Ledger
from server.ledger.model import Fact, Kind
from server.people.model import Deed, Person, require


class ReasonNeeded(Invalid):
    """What the public must be told is missing."""


class Episodes:
    """Creates episodes; choosing.py and other rooms move them on with `move`."""

    def __init__(self, database: Database, ledger: Ledger, clock: Clock) -> None:
        self._database = database
        self._ledger = ledger
        self._clock = clock
        self.store = EpisodeStore(database)

    async def get(self, episode_id: str, tx: Tx | None = None) -> Episode:
        """The episode with this id."""
        episode = await self.store.get(episode_id, tx)
        if episode is None:
            raise NoSuchEpisode("There is no such episode.")
        return episode

    async def create(
        self,
        actor: Person | None,
        *,
        title: str,
        method: Method,
        plan: Mapping[str, datetime],
        district: str = "",
        category: str = "",
        week: str | None = None,
        timed: bool = False,
        changes: tuple[Change, ...] = (),
    ) -> Episode:
        """A new episode in draft; a timed one takes its steps by itself."""
        person = require(actor, Deed.PLAN)

        async def work(tx: Tx) -> Episode:
            now = self._clock()
            episode = Episode(
                id=new_id("ep"),
                number=await self.store.next_number(tx),
                title=title,
                method=method,
                phase=Phase.DRAFT,
                created_at=now,
                district=district,
                category=category,
                week=week,
                plan=plan,
                reached={Phase.DRAFT.value: now},
                timed=timed,
                changes=changes,
            )
            await self.store.insert(episode, tx)
            body = {"number": episode.number, "method": method.value, "week": week}
            fact = Fact(Kind.EPISODE_CREATED, now, episode.id, person.mark, body, episode.id)
            await self._ledger.record(tx, fact)
            return episode

        return await self._database.transact(work)

    async def create_of_week(self, actor: Person, week: str, **details: object) -> Episode | None:
        """The weekly cycle's episode; None when that week has its episode already."""
        if await self.store.of_week(week):
            return None
        try:
            return await self.create(actor, week=week, **details)  # type: ignore[arg-type]  # passed through
        except Duplicate:
            return None  # Another server was faster.

    async def move(
        self, tx: Tx, episode: Episode, to: Phase, by: str, *, reason: str | None = None, **changes: Any
    ) -> Episode:
        """One step of the lifecycle with its fact, in the caller's transaction; `changes` are further fields."""
        episode.check_move(to)
        now = self._clock()
        moved = replace(episode, phase=to, reached={**episode.reached, to.value: now}, reason=reason, **changes)
        await self.store.save(moved, tx)
        body = {"from": episode.phase.value, "to": to.value, "reason": reason}
        await self._ledger.record(tx, Fact(Kind.EPISODE_MOVED, now, episode.id, by, body, episode.id))
        return replace(moved, version=episode.version + 1)

    async def advance(self, actor: Person | None, episode_id: str, to: Phase) -> Episode:
        """Moves an episode to a phase that it enters without anything else happening: opening nominations, voting."""
        person = require(actor, Deed.PLAN)

        async def work(tx: Tx) -> Episode:
            episode = await self.get(episode_id, tx)
            if to not in ENTERED_ALONE:
                raise WrongPhase("This episode cannot take that step now. Load its page to see where it stands.")
            return await self.move(tx, episode, to, person.mark)

        return await self._database.transact(work)
