"""Shapes shared by pages and live events, gathered in few queries however many are asked for."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from server.episodes.lifecycle import Phase
from server.episodes.model import Episode
from server.inspections.model import Finding, standing
from server.people.model import Person
from server.rectifications.model import Rectification
from server.targets.model import Checklist, Item, Target
from server.viewing.rooms import Rooms
from server.viewing.views import (
    EpisodeCard,
    FindingView,
    InspectorView,
    ItemView,
    PhotoView,
    RectificationCard,
    TargetCard,
)


def episode_url(episode_id: str) -> str:
    """An episode's page."""
    return f"/episodes/{episode_id}"


def target_url(target_id: str) -> str:
    """A target's page."""
    return f"/targets/{target_id}"


def rectification_url(rectification_id: str) -> str:
    """A rectification's page."""
    return f"/rectifications/{rectification_id}"


def local(lang: str, zh: str, en: str) -> str:
    """The words in the asker's language, Chinese where there are no others."""
    return en if lang == "en" and en else zh


class Cards:
    """Makes cards."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def episodes(self, episodes: Sequence[Episode]) -> list[EpisodeCard]:
        """Cards in the order given."""
        rooms, ids = self._rooms, [e.id for e in episodes]
        targets = await rooms.targets.get_many([e.target for e in episodes if e.target])
        found = await rooms.inspections.store.count_findings(ids)
        still_open = await rooms.rectifications.store.count_open(ids)
        return [
            self._episode(e, targets.get(e.target or ""), found.get(e.id, (0, 0)), still_open.get(e.id, 0))
            for e in episodes
        ]

    async def episode(self, episode_id: str) -> EpisodeCard:
        """One episode's card."""
        return (await self.episodes([await self._rooms.episodes.get(episode_id)]))[0]

    def _episode(self, episode: Episode, target: Target | None, found: tuple[int, int], still_open: int) -> EpisodeCard:
        return EpisodeCard(
            id=episode.id,
            number=episode.number,
            title=episode.title,
            phase=episode.phase.value,
            method=episode.method.value,
            district=episode.district,
            category=episode.category,
            live_at=episode.reached.get(Phase.LIVE) or episode.plan.get(Phase.LIVE),
            target_name=target.name if target else None,
            target_id=target.id if target else None,
            watching=self._rooms.watching(episode.id) if episode.phase is Phase.LIVE else 0,
            findings=found[0],
            fails=found[1],
            open_rectifications=still_open,
            reason=episode.reason,
            url=episode_url(episode.id),
        )

    async def targets(self, targets: Sequence[Target]) -> list[TargetCard]:
        """Cards in the order given."""
        visits = await self._rooms.inspections.store.visits([t.id for t in targets])
        return [self._target(t, *visits.get(t.id, (0, None))) for t in targets]

    async def target(self, target_id: str) -> TargetCard:
        """One target's card."""
        return (await self.targets([await self._rooms.targets.get(target_id)]))[0]

    def _target(self, target: Target, visits: int, last: datetime | None) -> TargetCard:
        return TargetCard(
            id=target.id,
            name=target.name,
            address=target.address,
            district=target.district,
            category=target.category,
            inspections=visits,
            last_inspected_on=last.astimezone(self._rooms.zone).date() if last else None,
            url=target_url(target.id),
        )

    async def findings(self, findings: Sequence[Finding], lang: str) -> list[FindingView]:
        """Views in the order given; all of one inspection, or of several."""
        rooms = self._rooms
        people = {p.id: p for p in await rooms.people.find({f.by for f in findings})}
        orders = await rooms.rectifications.store.of_findings([f.id for f in findings])
        checklists = await self._checklists({f.episode for f in findings})
        places = await self._places(findings)
        views = []
        for finding in findings:
            item = checklists[finding.inspection].item(finding.item)
            assert item is not None, "a finding is about an item of its inspection's checklist"
            order, place = orders.get(finding.id), places.get(finding.id)
            views.append(finding_view(finding, item, people, order, place, lang))
        return views

    async def _places(self, findings: Sequence[Finding]) -> dict[str, int]:
        """Where findings stand in the ledger; those that still wait for their place are left out."""
        found = await self._rooms.ledger.entries(0, 0, ticket={"$in": [f.ticket for f in findings]})
        return {entry.fact.subject: entry.index for entry in found}

    async def _checklists(self, episodes: Iterable[str]) -> dict[str, Checklist]:
        """The checklists of these episodes' inspections, which the targets' room keeps in memory."""
        inspections = self._rooms.inspections
        return {i.id: await inspections.checklist_of(i) for i in await inspections.store.find(episodes=list(episodes))}

    async def finding(self, finding_id: str, lang: str = "zh_CN") -> FindingView:
        """One finding's view."""
        return (await self.findings([await self._rooms.findings.get(finding_id)], lang))[0]

    async def rectifications(self, rectifications: Sequence[Rectification], lang: str) -> list[RectificationCard]:
        """Cards in the order given."""
        rooms = self._rooms
        targets = await rooms.targets.get_many([r.target for r in rectifications])
        findings = await rooms.inspections.store.findings_with([r.finding for r in rectifications])
        checklists = await self._checklists({r.episode for r in rectifications})
        today = rooms.rectifications.today()
        cards = []
        for r in rectifications:
            item = checklists[r.inspection].item(findings[r.finding].item)
            cards.append(rectification_card(r, targets[r.target].name, item.title_en if item else "", today, lang))
        return cards

    async def rectification(self, rectification_id: str, lang: str = "zh_CN") -> RectificationCard:
        """One rectification's card."""
        found = await self._rooms.rectifications.get(rectification_id)
        return (await self.rectifications([found], lang))[0]

    async def team(self, ids: Iterable[str]) -> list[InspectorView]:
        """The officers on duty."""
        return [InspectorView(p.name, p.department, p.certificate) for p in await self._rooms.people.find(ids)]


def finding_view(
    finding: Finding,
    item: Item,
    people: Mapping[str, Person],
    rectification: str | None,
    index: int | None,
    lang: str,
) -> FindingView:
    """A finding, its rule, its photos."""
    by = people.get(finding.by)
    return FindingView(
        id=finding.id,
        index=index,
        item_code=item.code,
        item_title=local(lang, item.title_zh, item.title_en),
        legal_basis=item.legal_basis,
        plain_words=local(lang, item.plain_words_zh, item.plain_words_en),
        item_title_en=item.title_en,
        plain_words_en=item.plain_words_en,
        result=finding.result.value,
        severity=finding.severity.value,
        words=finding.words,
        photos=[PhotoView(p.sha256, f"/evidence/{p.sha256}.jpg", p.width, p.height) for p in finding.photos],
        by_name=by.name if by else "",
        at=finding.at,
        media_at=finding.media_at,
        withdrawn=finding.withdrawn_at is not None,
        withdrawn_reason=finding.withdrawn_reason,
        rectification_url=rectification_url(rectification) if rectification else None,
        episode_id=finding.episode,
        inspection_id=finding.inspection,
        url=f"/findings/{finding.id}",
    )


def rectification_card(
    rectification: Rectification, target_name: str, what_en: str, today: date, lang: str
) -> RectificationCard:
    """A rectification as a list shows it."""
    return RectificationCard(
        id=rectification.id,
        what=local(lang, rectification.what, what_en),
        what_en=what_en or rectification.what,
        target_name=target_name,
        target_id=rectification.target,
        district=rectification.district,
        state=rectification.state.value,
        ordered_at=rectification.ordered_at,
        due_on=rectification.due_on,
        days_left=(rectification.due_on - today).days,
        overdue=rectification.is_overdue(today),
        severity=rectification.severity.value,
        objections_until=rectification.objections_until,
        url=rectification_url(rectification.id),
    )


def items(checklist: Checklist, findings: Sequence[Finding], lang: str) -> list[ItemView]:
    """The checklist with what each item came to so far."""
    latest = standing(findings)
    return [
        ItemView(
            code=i.code,
            title=local(lang, i.title_zh, i.title_en),
            title_en=i.title_en,
            legal_basis=i.legal_basis,
            look_for=local(lang, i.look_for_zh, i.look_for_en),
            look_for_en=i.look_for_en,
            severity=i.severity,
            plain_words=local(lang, i.plain_words_zh, i.plain_words_en),
            plain_words_en=i.plain_words_en,
            result=latest[i.code].result.value if i.code in latest else None,
        )
        for i in checklist.items
    ]
