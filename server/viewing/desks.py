"""Gathers the pages that people work at: the inspector's console, the operator's pages, the business's link."""

from collections.abc import Sequence

from server.draws.model import Draw, Of
from server.episodes.lifecycle import ENDS, Method, Phase, may_move
from server.episodes.model import Episode
from server.inspections.model import Inspection, State
from server.people.model import Deed, Person, Role, require
from server.rectifications.model import AWAITING_BUSINESS
from server.viewing.ballots import BallotPages
from server.viewing.cards import Cards, episode_url
from server.viewing.draw_desk import DrawDesk
from server.viewing.draws import draw_link
from server.viewing.facts import (
    BusinessPage,
    ConsolePage,
    MinePage,
    OperatorPage,
    PlanPage,
)
from server.viewing.pages import Pages
from server.viewing.plans import changes_of, plan_lines, steps_of
from server.viewing.rooms import Rooms
from server.viewing.views import (
    Action,
    BusinessCase,
    ConsoleInspection,
    GateLine,
    MyInspection,
    OperatorInspector,
    Planned,
)

SHOWN = 50


class Desks:
    """One method a page."""

    def __init__(self, rooms: Rooms, cards: Cards, pages: Pages) -> None:
        self._rooms = rooms
        self._cards = cards
        self._pages = pages
        self._ballots = BallotPages(rooms, cards)
        self._draws = DrawDesk(rooms)

    async def mine(self, who: Person | None) -> MinePage:
        """The inspections that somebody is on the team of, newest first."""
        person = require(who, Deed.INSPECT)
        rooms = self._rooms
        found = (await rooms.inspections.store.find(member=person.id))[:SHOWN]
        episodes = await self._cards.episodes([await rooms.episodes.get(i.episode) for i in found])
        known = await rooms.targets.get_many([i.target for i in found])
        targets = {card.id: card for card in await self._cards.targets(list(known.values()))}
        return MinePage(
            [
                MyInspection(i.id, i.state.value, episode, targets[i.target], f"/console/{i.id}")
                for i, episode in zip(found, episodes, strict=True)
            ]
        )

    async def console(self, who: Person | None, inspection_id: str, lang: str) -> ConsolePage:
        """The console of one inspection, for its team."""
        person = require(who, Deed.INSPECT)
        rooms = self._rooms
        events_from = rooms.ledger.head.size - 1
        inspection = await rooms.inspections.get(inspection_id)
        inspection.check_team(person.id)
        findings = await rooms.inspections.store.findings(inspection=inspection_id)
        lines, summary = await self._pages.checklist(inspection, findings, lang)
        return ConsolePage(
            inspection=ConsoleInspection(
                inspection.id,
                inspection.state.value,
                inspection.id,
                f"/whip/{inspection.id}",
                episode_url(inspection.episode),
                inspection.cut_at is not None,
            ),
            episode=await self._cards.episode(inspection.episode),
            target=await self._cards.target(inspection.target),
            items=lines,
            findings=await self._cards.findings(findings[::-1], lang),
            summary=summary,
            gate=await self._gate(inspection),
            watching=rooms.watching(inspection.episode),
            events_from=events_from,
        )

    async def _gate(self, inspection: Inspection | None) -> list[GateLine]:
        return [GateLine(line.code, line.ok) for line in await self._rooms.inspections.gate(inspection)]

    async def operator(self, who: Person | None) -> OperatorPage:
        """Episodes with what can be done next, and what new ones are made of."""
        require(who, Deed.PLAN)
        rooms = self._rooms
        episodes = await rooms.episodes.store.find(limit=SHOWN)
        cards = await self._cards.episodes(episodes)
        draws = await rooms.draws.store.of_episodes([episode.id for episode in episodes])
        inspectors = await rooms.people.by_role(Role.INSPECTOR)
        return OperatorPage(
            episodes=[
                Planned(card, actions(episode, draws[episode.id]), f"/operator/episodes/{episode.id}")
                for card, episode in zip(cards, episodes, strict=True)
            ],
            districts=await rooms.targets.districts(),
            categories=await rooms.targets.categories(),
            inspectors=[OperatorInspector(p.name, p.department, p.certificate) for p in inspectors],
        )

    async def plan(self, who: Person | None, episode_id: str) -> PlanPage:
        """One episode as the operator conducts it."""
        require(who, Deed.PLAN)
        rooms = self._rooms
        events_from = rooms.ledger.head.size - 1
        episode = await rooms.episodes.get(episode_id)
        inspection = await rooms.inspections.get(episode.inspection) if episode.inspection else None
        live = inspection is not None and inspection.state is State.LIVE
        draws = await rooms.draws.store.all_of_episode(episode_id)
        ballot = await self._ballots.desk(episode)
        decided = ballot.ballot is not None and ballot.ballot.first is not None
        return PlanPage(
            episode=(await self._cards.episodes([episode]))[0],
            plan=plan_lines(episode),
            steps=steps_of(episode, draws),
            changes=changes_of(episode),
            timed=episode.timed,
            target=await self._cards.target(episode.target) if episode.target else None,
            gate=await self._gate(inspection),
            draws=[draw_link(d, rooms.clock()) for d in draws],
            team=await self._cards.team(inspection.team) if inspection else [],
            actions=actions(episode, draws, shortlisted=decided, cut=bool(inspection and inspection.cut_at)),
            inspection_id=inspection.id if inspection else None,
            whep_url=f"/whep/{inspection.id}" if inspection and live else None,
            ballot=ballot,
            open_draws=await self._draws.open_draws(episode),
            members=await self._draws.members(inspection),
            events_from=events_from,
        )

    async def business(self, link: str, lang: str) -> BusinessPage:
        """What the inspected business sees behind its private link: its own cases and nothing of others."""
        rooms = self._rooms
        inspection = await rooms.inspections.get(await rooms.rectifications.open_link(link))
        orders = await rooms.rectifications.store.find(inspection=inspection.id)
        cards = await self._cards.rectifications(orders, lang)
        behind = await rooms.inspections.store.findings_with([order.finding for order in orders])
        findings = await self._cards.findings([behind[order.finding] for order in orders], lang)
        return BusinessPage(
            target=await self._cards.target(inspection.target),
            episode=await self._cards.episode(inspection.episode),
            cases=[
                BusinessCase(
                    rectification=card,
                    finding=finding,
                    may_submit=order.state in AWAITING_BUSINESS,
                    submit_url=f"/business/{link}/rectifications/{order.id}",
                )
                for card, finding, order in zip(cards, findings, orders, strict=True)
            ],
        )


def actions(episode: Episode, draws: Sequence[Draw], *, shortlisted: bool = False, cut: bool = False) -> list[Action]:
    """What an operator may do with an episode now; the server checks each again."""
    base = f"/episodes/{episode.id}"
    possible = []
    if may_move(episode.method, episode.phase, Phase.NOMINATING):
        possible.append(Action("nominating", f"{base}/nominating"))
    if episode.phase in (Phase.DRAWING, Phase.VOTING) and _has_team(episode, draws):
        possible.append(Action("assign", f"{base}/assign"))
    elif may_draw(episode, draws, shortlisted=shortlisted):
        possible.append(Action("draw", f"{base}/draw"))
    if episode.phase is Phase.READY:
        possible.append(Action("start", f"{base}/start"))
    if episode.phase is Phase.LIVE:
        possible.append(Action("conclude", f"{base}/conclude", danger=True))
        if not cut:
            possible.append(Action("cut", f"{base}/cut", danger=True, needs_reason=True))
    if episode.phase not in ENDS and may_move(episode.method, episode.phase, Phase.CANCELLED):
        possible.append(Action("cancel", f"{base}/cancel", danger=True, needs_reason=True))
    return possible


def may_draw(episode: Episode, draws: Sequence[Draw], *, shortlisted: bool) -> bool:
    """Whether a draw may be announced: none waits or has decided, and it is the episode's turn. `shortlisted`: its
    ballot has a result, or it has none.
    """
    if any(draw.voided_at is None for draw in draws):
        return False
    if episode.method is Method.VOTE:
        return episode.phase is Phase.VOTING and episode.target is not None
    if episode.phase is Phase.VOTING:
        return shortlisted
    return episode.phase is Phase.DRAWING or may_move(episode.method, episode.phase, Phase.DRAWING)


def _has_team(episode: Episode, draws: Sequence[Draw]) -> bool:
    return episode.target is not None and any(draw.of is Of.INSPECTORS and draw.drawn_at for draw in draws)
