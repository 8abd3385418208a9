"""The ballot of an episode: opened over the shortlist of its nominations; its result is the target, or a small pool."""

from dataclasses import dataclass, replace
from datetime import datetime

from server.ballots.actions import Ballots
from server.ballots.model import Ballot
from server.citizens.model import Tier
from server.episodes.actions import Episodes
from server.episodes.lifecycle import Method, Phase
from server.episodes.model import Episode, WrongPhase
from server.kit.clock import Clock
from server.kit.mongo import Database, Tx
from server.nominations.actions import Nominations
from server.nominations.model import State
from server.people.model import SYSTEM, Deed, Person, require


@dataclass(frozen=True)
class Terms:
    """What an operator asks of a ballot; `opens_at` None is at once."""

    choose: int
    closes_at: datetime
    opens_at: datetime | None = None
    tier: Tier = Tier.DEVICE
    counted_tier: Tier = Tier.DEVICE
    show_tally: bool = True


class Voting:
    """Opens an episode's ballot, and takes what it decides."""

    def __init__(
        self,
        database: Database,
        episodes: Episodes,
        ballots: Ballots,
        nominations: Nominations,
        clock: Clock,
        *,
        shortlist_size: int,
    ) -> None:
        self._database = database
        self._episodes = episodes
        self._ballots = ballots
        self._nominations = nominations
        self._clock = clock
        self._shortlist_size = shortlist_size
        ballots.on_closed.append(self._take_result)

    async def open(self, actor: Person | None, episode_id: str, terms: Terms) -> Ballot:
        """Opens the ballot over the shortlist, and moves the episode on to its vote; nothing of it can change then."""
        person = require(actor, Deed.HOLD_BALLOT)

        async def work(tx: Tx) -> Ballot:
            episode = await self._episodes.get(episode_id, tx)
            if episode.phase is not Phase.VOTING:
                await self._episodes.move(tx, episode, Phase.VOTING, person.mark)
            else:
                await self._check_may_open_again(episode, tx)
            return await self._ballots.open(
                tx,
                episode=episode.id,
                options=await self._nominations.shortlisted(episode.id, tx),
                choose=terms.choose,
                opens_at=terms.opens_at or self._clock(),
                closes_at=terms.closes_at,
                tier=terms.tier,
                counted_tier=terms.counted_tier,
                show_tally=terms.show_tally,
                by=person.mark,
            )

        return await self._database.transact(work)

    async def _check_may_open_again(self, episode: Episode, tx: Tx) -> None:
        """Only a ballot that was voided, or in which no vote counted, is followed by another."""
        last = await self._ballots.of_episode(episode.id, tx)
        if last and last.voided_at is None and (last.closed_at is None or decides(last)):
            raise WrongPhase("This episode has its ballot already; it is repeated only when it was voided.")

    async def shortlist(self, episode: Episode) -> list[str]:
        """The targets among which lots decide: the first of the closed ballot."""
        ballot = await self._ballots.of_episode(episode.id)
        if ballot is None or ballot.closed_at is None or ballot.voided_at or not decides(ballot):
            raise WrongPhase("The ballot of this episode has no result yet; lots are drawn among its shortlist.")
        return list(ballot.result[: self._shortlist_size])

    async def _take_result(self, tx: Tx, ballot: Ballot) -> None:
        """The winner is the target where votes alone decide; where nobody’s vote counted, nothing is decided."""
        episode = await self._episodes.get(ballot.episode, tx)
        if episode.phase is not Phase.VOTING or episode.method is not Method.VOTE or not decides(ballot):
            return
        await self._episodes.store.save(replace(episode, target=ballot.result[0]), tx)
        await self._nominations.note(tx, episode.id, ballot.result[0], State.DRAWN, by=SYSTEM.mark)


def decides(ballot: Ballot) -> bool:
    """Whether any vote counted."""
    return any(ballot.counted.values())
