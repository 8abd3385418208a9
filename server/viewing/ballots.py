"""Gathers the pages of a ballot: for citizens, for whoever checks a receipt, for the operator."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from server.ballots.model import Ballot
from server.citizens.model import Citizen
from server.episodes.lifecycle import Phase, may_move
from server.episodes.model import Episode
from server.episodes.voting import decides
from server.ledger.model import Kind
from server.nominations.model import Nomination, State
from server.people.model import Deed, Person
from server.targets.model import Target
from server.viewing.ballot_facts import (
    BallotDesk,
    BallotPage,
    BallotView,
    BoardView,
    OptionView,
    ReceiptPage,
    Shortlisted,
)
from server.viewing.cards import Cards, target_url
from server.viewing.rooms import Rooms

REASONS = 3
"""Released words shown beside an option; all of them are on the page of the nominations."""
SUGGESTED_SPAN = timedelta(days=1)
COUNTED_STATES = [State.COUNTED.value, State.SHORTLISTED.value, State.DRAWN.value, State.INSPECTED.value]
INDEXED = (Kind.BALLOT_OPENED, Kind.BALLOT_CLOSED, Kind.BALLOT_VOIDED)


class BallotPages:
    """One method a page, and the card that an episode shows."""

    def __init__(self, rooms: Rooms, cards: Cards) -> None:
        self._rooms = rooms
        self._cards = cards
        self._ballots = rooms.ballots

    async def page(self, asker: Citizen | None, who: Person | None, ballot_id: str) -> BallotPage:
        """What is asked, what is answered so far, what came out. The ledger's size is read first."""
        events_from = self._rooms.ledger.head.size - 1
        ballot = await self._ballots.get(ballot_id)
        names = await self._names(ballot.options)
        counts = await self._counts(ballot)
        indexes = await self._indexes(ballot.id)
        return BallotPage(
            ballot=self._view(ballot, names, counts[1]),
            episode=await self._cards.episode(ballot.episode),
            options=await self._options(ballot, counts[0]),
            tie_break=[names[option] for option in ballot.tie_break],
            raw={tier.value: count for tier, count in ballot.raw.items()},
            board=self._board(ballot),
            asker_tier=asker.tier.value if asker else None,
            opened_index=indexes.get(Kind.BALLOT_OPENED),
            closed_index=indexes.get(Kind.BALLOT_CLOSED),
            voided_index=indexes.get(Kind.BALLOT_VOIDED),
            may_void=may_void(ballot) and bool(who and who.may(Deed.HOLD_BALLOT)),
            events_from=events_from,
        )

    async def receipt(self, ballot_id: str) -> ReceiptPage:
        """Where the browser finds what it checks a receipt against."""
        ballot = await self._ballots.get(ballot_id)
        names = await self._names(ballot.options)
        indexes = await self._indexes(ballot.id)
        return ReceiptPage(
            ballot=self._view(ballot, names, None),
            episode=await self._cards.episode(ballot.episode),
            options=names,
            board=self._board(ballot),
            opened_index=indexes.get(Kind.BALLOT_OPENED),
            closed_index=indexes.get(Kind.BALLOT_CLOSED),
        )

    async def card(self, episode_id: str) -> BallotView | None:
        """The episode's newest ballot."""
        ballot = await self._ballots.of_episode(episode_id)
        if ballot is None:
            return None
        _, votes = await self._counts(ballot)
        return self._view(ballot, await self._names(ballot.result[:1]), votes)

    async def desk(self, episode: Episode) -> BallotDesk:
        """The operator's section: what would be offered, when, and whether it may be opened now."""
        rooms, now = self._rooms, self._rooms.clock()
        card = await self.card(episode.id)
        ballot = await self._ballots.of_episode(episode.id) if card else None
        tallies = await rooms.nominations.store.tallies(episode.id)
        ids = await rooms.nominations.shortlisted(episode.id)
        known = await rooms.targets.get_many(ids)
        opens, closes = suggested(episode, now)
        return BallotDesk(
            ballot=card,
            shortlist=[shortlisted(known[i], tallies.get(i, 0)) for i in ids if i in known],
            may_open=may_open(episode, ballot),
            may_void=ballot is not None and may_void(ballot),
            opens_at=opens,
            closes_at=closes,
            url=f"/episodes/{episode.id}/ballot",
        )

    def _view(self, ballot: Ballot, names: Mapping[str, str], votes: int | None) -> BallotView:
        return BallotView(
            id=ballot.id,
            url=ballot_url(ballot.id),
            standing=standing(ballot, self._rooms.clock()),
            options=len(ballot.options),
            choose=ballot.choose,
            opens_at=ballot.opens_at,
            closes_at=ballot.closes_at,
            tier=ballot.tier.value,
            counted_tier=ballot.counted_tier.value,
            show_tally=ballot.show_tally,
            opened_at=ballot.opened_at,
            closed_at=ballot.closed_at,
            voided_at=ballot.voided_at,
            void_reason=ballot.void_reason,
            void_salt=ballot.void_salt,
            votes=votes,
            first=names.get(ballot.result[0]) if ballot.result and decides(ballot) else None,
        )

    async def _names(self, ids: Sequence[str]) -> dict[str, str]:
        found = await self._rooms.targets.get_many(list(ids)) if ids else {}
        return {i: found[i].name if i in found else i for i in ids}

    async def _counts(self, ballot: Ballot) -> tuple[Mapping[str, int] | None, int | None]:
        """Votes that count per option, and all votes; None where nobody may know them (yet)."""
        if ballot.closed_at:
            return ballot.counted, ballot.votes
        if not ballot.show_tally or standing(ballot, self._rooms.clock()) in ("coming", "voided"):
            return None, None
        running = await self._ballots.running(ballot.id)
        return running["counts"], running["votes"]

    async def _options(self, ballot: Ballot, counts: Mapping[str, int] | None) -> list[OptionView]:
        known = await self._rooms.targets.get_many(list(ballot.options))
        proposals = await self._proposals(ballot)
        places = {option: place for place, option in enumerate(ballot.result, 1)}
        shown = ballot.result or ballot.options
        return [option_view(known[i], proposals.get(i, []), ballot, counts, places.get(i)) for i in shown if i in known]

    async def _proposals(self, ballot: Ballot) -> dict[str, list[Nomination]]:
        wanted: dict[str, Any] = {"target": {"$in": list(ballot.options)}, "state": {"$in": COUNTED_STATES}}
        found: dict[str, list[Nomination]] = {}
        for nomination in await self._rooms.nominations.store.find(ballot.episode, **wanted):
            found.setdefault(nomination.target or "", []).append(nomination)
        return found

    async def _indexes(self, ballot_id: str) -> dict[Kind, int]:
        return {entry.fact.kind: entry.index async for entry in self._rooms.ledger.about(ballot_id, kinds=[*INDEXED])}

    def _board(self, ballot: Ballot) -> BoardView | None:
        if ballot.closed_at is None or ballot.board_sha256 is None or ballot.root is None:
            return None
        size = self._ballots.board_path(ballot).stat().st_size
        return BoardView(f"{ballot_url(ballot.id)}/board.txt", size, ballot.board_sha256, ballot.root)


def ballot_url(ballot_id: str) -> str:
    """A ballot's page."""
    return f"/ballots/{ballot_id}"


def standing(ballot: Ballot, now: datetime) -> str:
    """How a ballot stands, in one word."""
    if ballot.voided_at:
        return "voided"
    if ballot.closed_at:
        return "closed"
    if now < ballot.opens_at:
        return "coming"
    return "open" if ballot.is_open(now) else "counting"


def may_void(ballot: Ballot) -> bool:
    """A result that is out stands."""
    return ballot.voided_at is None and ballot.closed_at is None


def may_open(episode: Episode, ballot: Ballot | None) -> bool:
    """One ballot that decides, while the episode is still choosing; the server checks it again."""
    choosing = episode.phase is Phase.VOTING or may_move(episode.method, episode.phase, Phase.VOTING)
    undecided = ballot is None or ballot.voided_at is not None or (ballot.closed_at is not None and not decides(ballot))
    return choosing and undecided


def suggested(episode: Episode, now: datetime) -> tuple[datetime, datetime]:
    """The moments that the plan has for voting and for what follows it, in so far as they lie ahead."""
    plan = episode.plan
    opens = max(plan.get(Phase.VOTING.value, now), now)
    closes = min((at for at in plan.values() if at > opens), default=opens + SUGGESTED_SPAN)
    return opens, closes


def shortlisted(target: Target, proposed: int) -> Shortlisted:
    """A line of the shortlist."""
    return Shortlisted(target.id, target.name, target.district, target_url(target.id), proposed)


def option_view(
    target: Target,
    proposals: Sequence[Nomination],
    ballot: Ballot,
    counts: Mapping[str, int] | None,
    place: int | None,
) -> OptionView:
    """An option with why citizens want it inspected; only released words."""
    return OptionView(
        id=target.id,
        name=target.name,
        address=target.address,
        district=target.district,
        category=target.category,
        url=target_url(target.id),
        proposed=sum(n.supporters for n in proposals),
        reasons=[n.words.reason for n in proposals if n.released][:REASONS],
        votes=counts.get(target.id, 0) if counts is not None else None,
        by_tier={tier.value: per_option.get(target.id, 0) for tier, per_option in ballot.by_tier.items()},
        place=place,
    )
