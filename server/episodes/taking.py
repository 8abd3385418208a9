"""What each step of a plan does, where no operator says more: the terms of the ballot and the sources of the draw."""

from dataclasses import dataclass
from datetime import datetime

from server.ballots.actions import Ballots
from server.ballots.model import Ballot
from server.citizens.model import Tier
from server.draws.model import Draw
from server.draws.plan import Asked
from server.episodes.actions import Episodes
from server.episodes.choosing import Choosing
from server.episodes.cycle import NotYet, Take
from server.episodes.lifecycle import Phase
from server.episodes.model import Episode
from server.episodes.voting import Terms, Voting
from server.nominations.actions import Nominations
from server.people.model import Person


@dataclass(frozen=True)
class Usual:
    """What is usual in this city: options one may choose, the least tier to vote, minutes for witnesses (0: none)."""

    choose: int
    tier: Tier
    ceremony_minutes: float


class Taking:
    """Takes the steps up to the draw; the broadcast is opened by the room above."""

    def __init__(
        self,
        episodes: Episodes,
        voting: Voting,
        choosing: Choosing,
        ballots: Ballots,
        nominations: Nominations,
        usual: Usual,
    ) -> None:
        self._episodes = episodes
        self._voting = voting
        self._choosing = choosing
        self._ballots = ballots
        self._nominations = nominations
        self._usual = usual

    @property
    def takes(self) -> dict[Phase, Take]:
        """By step."""
        return {Phase.NOMINATING: self.nominate, Phase.VOTING: self.vote, Phase.DRAWING: self.draw}

    async def nominate(self, who: Person, episode: Episode) -> Episode:
        """Opens nominations."""
        return await self._episodes.advance(who, episode.id, Phase.NOMINATING)

    async def vote(self, who: Person, episode: Episode) -> Ballot:
        """Opens the ballot over the shortlist until the draw."""
        options = await self._nominations.shortlisted(episode.id)
        terms = Terms(
            choose=max(1, min(self._usual.choose, len(options) - 1)),
            closes_at=episode.plan[Phase.DRAWING],
            tier=self._usual.tier,
            counted_tier=self._usual.tier,
        )
        return await self._voting.open(who, episode.id, terms)

    async def draw(self, who: Person, episode: Episode) -> Draw:
        """Announces the draw: the beacon, and before it a ceremony of witnesses where that is usual."""
        if await self.ballot_until(episode):
            raise NotYet("The ballot of this episode is still open, or being counted. Lots are drawn after it.")
        minutes = self._usual.ceremony_minutes
        return await self._choosing.announce(who, episode.id, Asked(commit_minutes=minutes, reveal_minutes=minutes))

    async def ballot_until(self, episode: Episode) -> datetime | None:
        """When the ballot that is open, or being counted, closes; None when there is none."""
        ballot = await self._ballots.of_episode(episode.id)
        return ballot.closes_at if ballot and not ballot.voided_at and not ballot.closed_at else None
