"""Gathers why this target: what citizens proposed and voted, what lots decided, who was left out and why."""

from collections import Counter
from datetime import datetime

from server.draws.model import Draw, Of
from server.episodes.model import Episode
from server.nominations.model import State
from server.viewing.ballots import BallotPages
from server.viewing.cards import Cards, episode_url
from server.viewing.draw_facts import DrawSummary, NominationSummary, TargetVotes, WhyPage
from server.viewing.draws import DrawPages, draw_url, standing
from server.viewing.rooms import Rooms


class WhyPages:
    """One page."""

    def __init__(
        self, rooms: Rooms, cards: Cards, ballots: BallotPages, draws: DrawPages, *, cap: int, interval_days: int
    ) -> None:
        self._rooms = rooms
        self._cards = cards
        self._ballots = ballots
        self._draws = draws
        self._cap = cap
        self._interval_days = interval_days

    async def why(self, episode_id: str) -> WhyPage:
        """Everything that led to an episode's target and team."""
        rooms = self._rooms
        episode = await rooms.episodes.get(episode_id)
        draws = await rooms.draws.store.all_of_episode(episode_id)
        inspection = await rooms.inspections.get(episode.inspection) if episode.inspection else None
        return WhyPage(
            episode=await self._cards.episode(episode_id),
            target=await self._cards.target(episode.target) if episode.target else None,
            nominations=await self._nominations(episode),
            ballot=await self._ballots.card(episode_id),
            votes=await self._votes(episode),
            draws=[summary(draw, rooms.clock()) for draw in draws],
            excluded=next((d.excluded for d in reversed(draws) if d.of is Of.TARGET), {}),
            cap=self._cap,
            interval_days=self._interval_days,
            team=await self._cards.team(inspection.team) if inspection else [],
            recusals=await self._draws.recusals([d for d in draws if d.of is Of.INSPECTORS]),
        )

    async def _nominations(self, episode: Episode) -> NominationSummary:
        found = await self._rooms.nominations.store.find(episode.id)
        theirs = [n for n in found if episode.target and n.target == episode.target and n.state is not State.MERGED]
        excluded = Counter(n.code or "" for n in found if n.state is State.EXCLUDED)
        return NominationSummary(
            count=len(found),
            targets=len({n.target for n in found if n.target}),
            supporters=sum(n.supporters for n in theirs),
            shortlisted=sum(1 for n in found if n.state in (State.SHORTLISTED, State.DRAWN, State.INSPECTED)),
            excluded=excluded,
            url=f"{episode_url(episode.id)}/nominations",
        )

    async def _votes(self, episode: Episode) -> TargetVotes | None:
        """How the target did in a ballot that is closed."""
        ballot = await self._rooms.ballots.of_episode(episode.id)
        if ballot is None or ballot.closed_at is None or episode.target not in ballot.result:
            return None
        place = ballot.result.index(episode.target) + 1
        return TargetVotes(ballot.counted.get(episode.target, 0), place, len(ballot.options), ballot.votes)


def summary(draw: Draw, now: datetime) -> DrawSummary:
    """A draw in a line or two."""
    return DrawSummary(
        of=draw.of.value,
        attempt=draw.attempt,
        standing=standing(draw, now),
        members=draw.members,
        tickets=draw.tickets,
        sources=[source.kind.value for source in draw.sources],
        drawn_at=draw.drawn_at,
        url=draw_url(draw.id),
    )
