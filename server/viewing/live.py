"""What live events carry beside their facts, so that a page can draw them without asking again."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from server.kit.errors import NotFound
from server.kit.replies import jsonable
from server.ledger.model import Entry, Kind
from server.viewing.cards import Cards, episode_url
from server.viewing.pages import Pages

Draw = Callable[[Entry], Awaitable[Any]]


class Live:
    """Draws entries."""

    def __init__(self, cards: Cards, pages: Pages) -> None:
        self._cards = cards
        self._pages = pages
        self._by_kind: Mapping[Kind, Draw] = {
            Kind.FINDING_PUBLISHED: self._finding,
            Kind.FINDING_WITHDRAWN: self._finding,
            Kind.RECTIFICATION_ORDERED: self._rectification,
            Kind.RECTIFICATION_MOVED: self._rectification,
            Kind.EPISODE_MOVED: self._episode,
        }

    async def shown(self, entry: Entry) -> dict[str, Any] | None:
        """The noun as it is now, in Chinese with the English words beside it; None for kinds that need none."""
        draw = self._by_kind.get(entry.fact.kind)
        if draw is None:
            return None
        try:
            return dict(jsonable(await draw(entry)))
        except NotFound:
            return None

    async def _finding(self, entry: Entry) -> Any:
        return await self._cards.finding(entry.fact.subject)

    async def _rectification(self, entry: Entry) -> Any:
        return await self._cards.rectification(entry.fact.subject)

    async def _episode(self, entry: Entry) -> Any:
        return await self._cards.episode(entry.fact.subject)


PAGES = {
    "finding": "/findings",
    "rectification": "/rectifications",
    "draw": "/draws",
    "ballot": "/ballots",
    "episode": "/episodes",
    "nomination": "/nominations",
}


def url_of(entry: Entry) -> str | None:
    """The page of the noun that an entry is about."""
    subject, episode = entry.fact.subject, entry.fact.episode
    noun = entry.fact.kind.split(".")[0]
    if noun in PAGES:
        return f"{PAGES[noun]}/{subject}"
    if noun in ("inspection", "broadcast"):
        return episode_url(episode) if episode else None
    return f"/checklists/{subject}/{entry.fact.body['version']}" if noun == "checklist" else None
