"""Gathers the facts of each page that shows more than one room."""

from typing import Any

from server.episodes.lifecycle import Phase
from server.episodes.model import Episode
from server.inspections.model import Finding, Inspection, summarise
from server.people.model import Deed, Person
from server.rectifications.model import OPEN, State, Step
from server.viewing.ballots import BallotPages
from server.viewing.cards import Cards, items
from server.viewing.draws import draw_link
from server.viewing.facts import (
    EpisodePage,
    EpisodesPage,
    FindingPage,
    HomePage,
    RectificationPage,
    RectificationsPage,
)
from server.viewing.plans import changes_of, expected, plan_lines
from server.viewing.rooms import Rooms
from server.viewing.views import (
    CheckpointView,
    Invitation,
    ItemView,
    MoveView,
    StepView,
    SummaryView,
    Tally,
)

RECENT = 6
COMING = [Phase.DRAFT, Phase.NOMINATING, Phase.VOTING, Phase.DRAWING, Phase.READY]
LIST_LIMIT = 200
WITHOUT_WORDS = frozenset({State.OBJECTION, State.CLOSED})


class Pages:
    """One method a page."""

    def __init__(self, rooms: Rooms, cards: Cards) -> None:
        self._rooms = rooms
        self._cards = cards
        self._ballots = BallotPages(rooms, cards)

    async def home(self, lang: str) -> HomePage:
        """What is live, what comes next, what is being put right."""
        store, cards = self._rooms.episodes.store, self._cards
        live = await cards.episodes(await store.find([Phase.LIVE], limit=1))
        announced = [e for e in await store.find(COMING) if e.timed or e.phase is not Phase.DRAFT]
        coming = await cards.episodes(sorted(announced, key=expected)[:1])
        invitations = [invited for episode in announced if (invited := await self._invitation(episode))]
        past = [Phase.CONCLUDED, Phase.FOLLOWING, Phase.CLOSED]
        recent = await cards.episodes(await store.find(past, limit=RECENT))
        still_open = {"$in": [state.value for state in OPEN]}
        urgent = await self._rooms.rectifications.store.find(state=still_open, limit=RECENT)
        head = self._rooms.ledger.head
        return HomePage(
            live=live[0] if live else None,
            next=coming[0] if coming else None,
            invitations=invitations,
            recent=recent,
            rectifications=await cards.rectifications(urgent, lang),
            tally=await self._tally(),
            checkpoint=CheckpointView(head.size, head.root),
        )

    async def _invitation(self, episode: Episode) -> Invitation | None:
        """What an episode asks of everybody now."""
        rooms, now = self._rooms, self._rooms.clock()
        if episode.phase is Phase.NOMINATING:
            until = episode.plan.get(Phase.VOTING.value)
            return Invitation("propose", episode.number, episode.title, f"/episodes/{episode.id}/nominate", until)
        if episode.phase is Phase.VOTING:
            ballot = await rooms.ballots.of_episode(episode.id)
            if ballot and ballot.is_open(now):
                return Invitation("vote", episode.number, episode.title, f"/ballots/{ballot.id}", ballot.closes_at)
        draws = [draw for draw in await rooms.draws.store.all_of_episode(episode.id) if draw.is_open]
        if draws:
            until = max(source.out_at for source in draws[0].sources)
            return Invitation("watch_draw", episode.number, episode.title, f"/draws/{draws[0].id}", until)
        return None

    async def _tally(self) -> Tally:
        rooms = self._rooms
        states = await rooms.rectifications.store.count_states()
        findings, fails = await rooms.inspections.store.totals()
        return Tally(
            episodes=await rooms.episodes.store.count_shown(),
            targets=await rooms.targets.count(),
            findings=findings,
            fails=fails,
            open=sum(count for state, count in states.items() if state in OPEN),
            closed=states.get(State.CLOSED, 0),
            overdue=await rooms.rectifications.store.count_overdue(rooms.rectifications.today()),
        )

    async def episodes(self, phase: Phase | None) -> EpisodesPage:
        """All episodes, newest first."""
        found = await self._rooms.episodes.store.find([phase] if phase else None, limit=LIST_LIMIT)
        return EpisodesPage(await self._cards.episodes(found), phase.value if phase else None)

    async def episode(self, episode_id: str, lang: str) -> EpisodePage:
        """Everything about one episode. The ledger's size is read first, so that no event after it is missed."""
        rooms, cards = self._rooms, self._cards
        events_from = rooms.ledger.head.size - 1
        episode = await rooms.episodes.get(episode_id)
        inspection = await rooms.inspections.get(episode.inspection) if episode.inspection else None
        findings = await rooms.inspections.store.findings(episode=episode_id)
        orders = await rooms.rectifications.store.find(episode=episode_id)
        lines, summary = await self.checklist(inspection, findings, lang)
        playing = self._playing(episode, inspection)
        return EpisodePage(
            episode=(await cards.episodes([episode]))[0],
            plan=plan_lines(episode),
            changes=changes_of(episode),
            target=await cards.target(episode.target) if episode.target else None,
            draws=[draw_link(d, rooms.clock()) for d in await rooms.draws.store.all_of_episode(episode_id)],
            inspection_id=inspection.id if inspection else None,
            inspectors=await cards.team(inspection.team) if inspection else [],
            hls_url=hls_url(inspection, playing) if inspection and playing else None,
            playing=playing,
            cut=bool(inspection and inspection.cut_at),
            delay_seconds=rooms.delay_seconds,
            items=lines,
            findings=await cards.findings(findings[::-1], lang),
            rectifications=await cards.rectifications(orders, lang),
            summary=summary,
            results=[code.value for code in inspection.results] if inspection else [],
            checklist_url=checklist_url(inspection) if inspection else None,
            ballot=await self._ballots.card(episode_id),
            events_from=events_from,
        )

    def _playing(self, episode: Episode, inspection: Inspection | None) -> str | None:
        if inspection is None or inspection.cut_at:
            return None
        if episode.phase is Phase.LIVE:
            return "live"
        return "replay" if inspection.concluded_at and self._rooms.has_picture(inspection.id) else None

    async def checklist(
        self, inspection: Inspection | None, findings: list[Finding], lang: str
    ) -> tuple[list[ItemView], SummaryView]:
        """The items with their results, and how far it is."""
        if inspection is None:
            return [], SummaryView(0, 0, 0, 0)
        checklist = await self._rooms.inspections.checklist_of(inspection)
        counts = summarise(findings, len(checklist.items))
        summary = SummaryView(counts.checked, counts.passed, counts.failed, counts.total)
        return items(checklist, findings, lang), summary

    async def finding(self, finding_id: str, lang: str) -> FindingPage:
        """One finding."""
        view = await self._cards.finding(finding_id, lang)
        found = await self._rooms.findings.get(finding_id)
        episode = await self._cards.episode(found.episode)
        return FindingPage(view, episode, await self._cards.target(found.target))

    async def rectifications(self, state: State | None, overdue: bool, lang: str) -> RectificationsPage:
        """The tracker."""
        rooms = self._rooms
        today = rooms.rectifications.today()
        wanted: dict[str, Any] = {"state": state.value} if state else {}
        found = await rooms.rectifications.store.find(overdue_on=today if overdue else None, limit=LIST_LIMIT, **wanted)
        counts = await rooms.rectifications.store.count_states()
        return RectificationsPage(
            rectifications=await self._cards.rectifications(found, lang),
            counts={s.value: counts.get(s, 0) for s in State},
            state=state.value if state else None,
            overdue=overdue,
            overdue_count=await rooms.rectifications.store.count_overdue(today),
        )

    async def rectification(self, rectification_id: str, who: Person | None, lang: str) -> RectificationPage:
        """One case with its timeline, and the steps that whoever looks may take."""
        found = await self._rooms.rectifications.get(rectification_id)
        may = found.moves_for(who.role) if who and who.may(Deed.MOVE_RECTIFICATION) else []
        return RectificationPage(
            rectification=(await self._cards.rectifications([found], lang))[0],
            finding=await self._cards.finding(found.finding, lang),
            episode=await self._cards.episode(found.episode),
            target=await self._cards.target(found.target),
            steps=[step_view(step) for step in found.steps],
            moves=[MoveView(to.value, to not in WITHOUT_WORDS) for to in may],
        )


def checklist_url(inspection: Inspection) -> str:
    """The checklist in the version of an inspection."""
    return f"/checklists/{inspection.checklist}/{inspection.checklist_version}"


def hls_url(inspection: Inspection, playing: str) -> str:
    """The playlist to play: live the latest hours, afterwards everything that was shown."""
    return f"/hls/{inspection.id}/{'index' if playing == 'live' else 'replay'}.m3u8"


def step_view(step: Step) -> StepView:
    """A line of the timeline."""
    return StepView(step.at, step.before.value if step.before else None, step.to.value, step.words, step.by_role.value)
