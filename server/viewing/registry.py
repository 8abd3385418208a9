"""Gathers the pages of the registry: searching targets, one target with its history, a checklist."""

from server.episodes.lifecycle import Phase
from server.targets.model import Checklist
from server.targets.search import PAGE
from server.viewing.cards import Cards, episode_url, items, local, rectification_url
from server.viewing.facts import ChecklistPage, TargetPage, TargetsPage
from server.viewing.rooms import Rooms
from server.viewing.views import HistoryLine, TargetView


class Registry:
    """One method a page."""

    def __init__(self, rooms: Rooms, cards: Cards) -> None:
        self._rooms = rooms
        self._cards = cards

    async def search(self, words: str, district: str, category: str, page: int) -> TargetsPage:
        """A page of targets."""
        targets = self._rooms.targets
        found, total = await targets.search(words, district=district, category=category, page=page)
        return TargetsPage(
            q=words,
            district=district,
            category=category,
            results=await self._cards.targets(found),
            total=total,
            districts=await targets.districts(),
            categories=await targets.categories(),
            page=page,
            pages=max(1, -(-total // PAGE)),
        )

    async def target(self, target_id: str, lang: str) -> TargetPage:
        """One target and everything that happened to it, the newest first."""
        target = await self._rooms.targets.get(target_id)
        card = await self._cards.target(target_id)
        view = TargetView(
            **{name: getattr(card, name) for name in card.__dataclass_fields__},
            code=target.code,
            source=f"{target.register} #{target.key}",
        )
        lines = [*await self._episodes(target_id), *await self._rectifications(target_id, lang)]
        return TargetPage(view, sorted(lines, key=lambda line: line.at, reverse=True))

    async def _episodes(self, target_id: str) -> list[HistoryLine]:
        lines = []
        for episode in await self._rooms.episodes.store.find(target=target_id):
            url = episode_url(episode.id)
            for phase in (Phase.DRAWING, Phase.LIVE, Phase.CONCLUDED):
                if at := episode.reached.get(phase):
                    lines.append(HistoryLine(at, f"episode.{phase.value}", episode.title, url))
        return lines

    async def _rectifications(self, target_id: str, lang: str) -> list[HistoryLine]:
        found = await self._rooms.rectifications.store.find(target=target_id)
        cards = await self._cards.rectifications(found, lang)
        return [
            HistoryLine(step.at, f"rectification.{step.to.value}", card.what, rectification_url(order.id))
            for order, card in zip(found, cards, strict=True)
            for step in order.steps
        ]

    async def checklist(self, code: str, version: int, lang: str) -> ChecklistPage:
        """A checklist in a version."""
        found: Checklist = await self._rooms.targets.checklist(code, version)
        title = local(lang, found.title_zh, found.title_en)
        return ChecklistPage(code, version, title, found.published_at, items(found, [], lang), found.sha256)
