"""How an episode comes to its target and its inspectors: ballot, draw, or a ballot and then a draw."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from server.draws.actions import Announcement, Draws
from server.draws.model import Draw, DrawOver, EmptyPool, Of, Source, SourceKind
from server.draws.plan import Asked, sources_of
from server.draws.pool import Member, Pool
from server.draws.team import TEAM_SIZE
from server.episodes.actions import Episodes
from server.episodes.eligibility import Excluded, Rules, members
from server.episodes.lifecycle import Method, Phase
from server.episodes.model import Episode
from server.episodes.voting import Voting
from server.kit.clock import Clock
from server.kit.mongo import Database, Tx
from server.nominations.actions import Nominations
from server.nominations.model import State
from server.people.model import SYSTEM, Deed, Person, require
from server.targets.actions import Targets

LEAST_SHORTLIST = 2
"""Among fewer there is nothing for lots to decide."""
HISTORY = timedelta(days=800)
"""How far back visits can matter: an interval of two years at most."""

Roster = Callable[[], Awaitable[list[Member]]]
"""All inspectors as members of a pool."""


class Choosing:
    """Announces the draws of an episode, and takes what lots and votes decide."""

    def __init__(
        self,
        database: Database,
        targets: Targets,
        draws: Draws,
        episodes: Episodes,
        voting: Voting,
        nominations: Nominations,
        clock: Clock,
        *,
        rules: Rules,
        zone: ZoneInfo,
    ) -> None:
        self._database = database
        self._targets = targets
        self._draws = draws
        self._episodes = episodes
        self._clock = clock
        self._rules = rules
        self._zone = zone
        self._voting = voting
        self._nominations = nominations
        self.roster: Roster = _nobody
        draws.on_drawn[Of.TARGET] = self._take_target

    async def announce(
        self,
        actor: Person | None,
        episode_id: str,
        asked: Asked,
        left_out: Mapping[str, Excluded] | None = None,
    ) -> Draw:
        """Announces the draw of the target, and of the inspectors from the same key; after a ballot, of the inspectors.

        Pools are frozen first, so that no randomness can be known when they become fixed.
        """
        person = require(actor, Deed.DRAW)
        episode = await self._episodes.get(episode_id)
        await self._check_may_announce(episode)
        team = await self._team_pool()
        if episode.method is Method.VOTE:
            episode.drawn()
            return await self._announce_team(person, episode, team, asked)
        pool = await self._draws.freeze(await self._members(episode, left_out or {}))
        if episode.method is Method.SHORTLIST and _eligible(pool) < LEAST_SHORTLIST:
            raise EmptyPool(
                "Lots decide among at least {least} of the shortlist; only {count} may be drawn. Leave nobody out by "
                "hand, or hold another ballot.",
                where="left_out",
                least=LEAST_SHORTLIST,
                count=_eligible(pool),
            )

        async def work(tx: Tx) -> Draw:
            current = await self._episodes.get(episode.id, tx)
            if current.phase is not Phase.DRAWING:
                await self._episodes.move(tx, current, Phase.DRAWING, person.mark)
            draw = await self._draws.announce(tx, self._announcement(episode, Of.TARGET, pool, asked, person))
            await self._draws.announce(tx, _from_same_key(draw, team, person.mark))
            return draw

        return await self._database.transact(work)

    async def _announce_team(self, person: Person, episode: Episode, team: Pool, asked: Asked) -> Draw:
        async def work(tx: Tx) -> Draw:
            current = await self._episodes.get(episode.id, tx)
            current.check_phase(Phase.VOTING)
            return await self._draws.announce(tx, self._announcement(episode, Of.INSPECTORS, team, asked, person))

        return await self._database.transact(work)

    def _announcement(self, episode: Episode, of: Of, pool: Pool, asked: Asked, person: Person) -> Announcement:
        wanted = asked.wanted if of is Of.TARGET else _eligible(pool)
        sources = sources_of(asked, self._draws.chain, self._clock(), self._draws.lead)
        narrowed = episode.filter if of is Of.TARGET else {}
        return Announcement(of, episode.id, pool, wanted, sources, person.mark, asked.algorithm, narrowed)

    async def _check_may_announce(self, episode: Episode) -> None:
        """Said before a pool is frozen; the same is checked again inside the transaction."""
        if episode.target and episode.method is not Method.VOTE:
            raise DrawOver("These lots are drawn already. See the episode’s page.", where="draw")
        if episode.phase is not Phase.DRAWING and episode.method is not Method.VOTE:
            episode.check_move(Phase.DRAWING)
        if episode.method is Method.VOTE:
            episode.check_phase(Phase.VOTING)

    async def _team_pool(self) -> Pool:
        roster = await self.roster()
        if sum(1 for member in roster if member.tickets) < TEAM_SIZE:
            raise EmptyPool(
                "A team needs {size} inspectors with a certificate. Invite inspectors on the operator’s desk first.",
                where="inspectors",
                size=TEAM_SIZE,
            )
        return await self._draws.freeze(roster)

    async def _members(self, episode: Episode, left_out: Mapping[str, Excluded]) -> list[Member]:
        shortlist = await self._voting.shortlist(episode) if episode.method is Method.SHORTLIST else None
        candidates = await self._targets.candidates(shortlist, **({} if shortlist else episode.filter))
        if not candidates:
            raise EmptyPool("No target fits this episode’s filter. Import a register, or widen the filter.")
        now = self._clock()
        visits = await self._episodes.store.visits(now - HISTORY)
        alike = shortlist is not None
        return members(candidates, visits, self._rules, now, self._zone, alike=alike, named=left_out)

    async def _take_target(self, tx: Tx, draw: Draw) -> None:
        episode = await self._episodes.get(draw.episode, tx)
        if episode.phase is not Phase.DRAWING:
            return  # Cancelled meanwhile: the lots are shown all the same, and nobody is inspected by them.
        await self._episodes.store.save(replace(episode, target=draw.winners[0]), tx)
        await self._nominations.note(tx, episode.id, draw.winners[0], State.DRAWN, by=SYSTEM.mark)


def _from_same_key(draw: Draw, team: Pool, by: str) -> Announcement:
    source = Source(SourceKind.DRAW, draw.first_out_at, draw=draw.id)
    return Announcement(Of.INSPECTORS, draw.episode, team, _eligible(team), (source,), by)


def _eligible(pool: Pool) -> int:
    return pool.members - sum(pool.excluded.values())


async def _nobody() -> list[Member]:
    return []
