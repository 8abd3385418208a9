"""Gathers the pages about nominations, for citizens and for operators."""

from collections.abc import Sequence
from typing import Any

from server.citizens.model import Citizen
from server.kit.errors import TooLate
from server.ledger.model import Entry, Kind
from server.nominations.actions import work_scope
from server.nominations.curation import Suggestions
from server.nominations.model import (
    MAX_LOOK_AT,
    MAX_NAME,
    MAX_PLACE,
    MAX_REASON,
    MOVES,
    OPEN,
    Code,
    Nomination,
    State,
)
from server.nominations.routes import desk_url
from server.notifications.model import Message
from server.people.model import Deed, Person, require
from server.targets.model import Target
from server.targets.search import PAGE as FOUND
from server.viewing.cards import Cards, episode_url, target_url
from server.viewing.nomination_facts import (
    Candidate,
    DeskLine,
    FateLine,
    InboxPage,
    Likeness,
    News,
    NominatePage,
    NominationDeskPage,
    NominationPage,
    NominationsPage,
    NominationView,
)
from server.viewing.rooms import Rooms

PAGE = 30
MINE = 100
LIMITS = {"name": MAX_NAME, "place": MAX_PLACE, "look_at": MAX_LOOK_AT, "reason": MAX_REASON}
PAGES_OF = {"no": "nominations", "ta": "targets", "dr": "draws", "ba": "ballots"}
STATES = [state.value for state in (State.COUNTED, State.SHORTLISTED)]
Known = dict[str, Target]


class NominationPages:
    """One method a page."""

    def __init__(self, rooms: Rooms, cards: Cards) -> None:
        self._rooms = rooms
        self._cards = cards
        self._nominations = rooms.nominations

    async def nominate(
        self, asker: Citizen | None, episode_id: str, q: str, target: str, described: bool
    ) -> NominatePage:
        """Finding a target, then saying why."""
        rooms = self._rooms
        tallies = await self._nominations.store.tallies(episode_id)
        found, total = await rooms.targets.search(q) if q else ([], 0)
        known = await self._nominations.store.find(episode_id, target=target, state={"$in": STATES}) if target else []
        return NominatePage(
            episode=await self._cards.episode(episode_id),
            open=await self._open(episode_id),
            step="write" if target or described else "find",
            q=q,
            results=[candidate(episode_id, t, tallies.get(t.id)) for t in found[:FOUND]],
            total=total,
            target=await self._cards.target(target) if target else None,
            known=await self._views(known),
            scope=work_scope(episode_id),
            limits=LIMITS,
            unread=await rooms.notifications.unread(asker),
        )

    async def _open(self, episode_id: str) -> bool:
        try:
            await self._nominations.accepting(episode_id)
        except TooLate:
            return False
        return True

    async def listed(self, asker: Citizen | None, episode_id: str, page: int) -> NominationsPage:
        """All nominations of an episode, most supported first."""
        store = self._nominations.store
        found = await store.find(episode_id, skip=(page - 1) * PAGE, limit=PAGE)
        total = await store.count(episode_id)
        return NominationsPage(
            episode=await self._cards.episode(episode_id),
            open=await self._open(episode_id),
            nominations=await self._views(found),
            total=total,
            page=page,
            pages=max(1, -(-total // PAGE)),
            unread=await self._rooms.notifications.unread(asker),
        )

    async def nomination(self, asker: Citizen | None, nomination_id: str) -> NominationPage:
        """One nomination and its fate; its author reads their own words before anybody else does."""
        found = await self._nominations.get(nomination_id)
        support = await self._nominations.support(asker, found)
        own = support is not None and support.proposed
        targets = await self._rooms.targets.get_many([found.target] if found.target else [])
        return NominationPage(
            nomination=view(found, targets, sees_words=own),
            episode=await self._cards.episode(found.episode),
            target=await self._cards.target(found.target) if found.target in targets else None,
            fate=[fate(entry) async for entry in self._rooms.ledger.about(found.id)],
            support="own" if own else "mine" if support else "none",
            may_support=found.state in OPEN and await self._open(found.episode),
            scope=work_scope(found.episode),
            unread=await self._rooms.notifications.unread(asker),
        )

    async def inbox(self, asker: Citizen | None) -> InboxPage:
        """What one citizen proposed and follows, and what they were told."""
        rooms, now = self._rooms, self._rooms.clock()
        if asker is None:
            return InboxPage(known=False, mine=[], followed=[], news=[], unread=0, drawn_at=now)
        follows = await self._nominations.store.follows(rooms.notifications.inboxes(asker), MINE)
        news = await rooms.notifications.news(asker)
        about = {m.parameters.get("nomination", "") for m in news}
        found = await self._nominations.store.get_many([*about, *(f.nomination for f in follows)])
        own = {f.nomination for f in follows if f.proposed}
        views = {v.id: v for v in await self._views(list(found.values()), own)}
        return InboxPage(
            known=True,
            mine=[views[f.nomination] for f in follows if f.nomination in own],
            followed=[views[f.nomination] for f in follows if f.nomination not in own],
            news=[told(m, views.get(m.parameters.get("nomination", ""))) for m in news],
            unread=await rooms.notifications.unread(asker),
            drawn_at=now,
        )

    async def desk(self, who: Person | None, episode_id: str, page: int) -> NominationDeskPage:
        """What an operator has to sort: what nobody read yet comes first."""
        require(who, Deed.CURATE)
        store = self._nominations.store
        waiting = {"released_at": None, "hidden_at": None}
        count, total = await store.count(episode_id, **waiting), await store.count(episode_id)
        found = await self._desk_order(episode_id, (page - 1) * PAGE, count)
        suggestions = await self._rooms.curation.suggestions(found)
        return NominationDeskPage(
            episode=await self._cards.episode(episode_id),
            lines=await self._lines(found, suggestions),
            waiting=count,
            total=total,
            shortlisted=len(await self._nominations.shortlisted(episode_id)),
            codes=[code.value for code in Code],
            page=page,
            pages=max(1, -(-total // PAGE)),
            url=desk_url(episode_id),
        )

    async def _desk_order(self, episode_id: str, skip: int, waiting: int) -> list[Nomination]:
        """A page of the nominations that wait, then of the others."""
        store = self._nominations.store
        first = []
        if skip < waiting:
            first = await store.find(episode_id, skip=skip, limit=PAGE, released_at=None, hidden_at=None)
        if len(first) == PAGE:
            return first
        seen: dict[str, Any] = {"$or": [{"released_at": {"$ne": None}}, {"hidden_at": {"$ne": None}}]}
        rest = await store.find(episode_id, skip=max(0, skip - waiting), limit=PAGE - len(first), **seen)
        return [*first, *rest]

    async def _lines(self, found: list[Nomination], suggestions: dict[str, Suggestions]) -> list[DeskLine]:
        alike = await self._nominations.store.get_many([s.id for v in suggestions.values() for s in v.nominations])
        ids = [s.id for v in suggestions.values() for s in v.targets]
        ids += [n.target for n in (*found, *alike.values()) if n.target]
        targets = await self._rooms.targets.get_many(ids)
        return [
            DeskLine(
                nomination=view(n, targets, sees_words=True),
                alike=[
                    likeness(view(alike[s.id], targets, sees_words=True), s.likeness)
                    for s in suggestions[n.id].nominations
                    if s.id in alike
                ],
                registered=[
                    Likeness(s.id, target_url(s.id), targets[s.id].name, targets[s.id].address, round(s.likeness * 100))
                    for s in suggestions[n.id].targets
                    if s.id in targets
                ],
                acts=acts(n),
            )
            for n in found
        ]

    async def _views(self, found: Sequence[Nomination], own: set[str] | None = None) -> list[NominationView]:
        targets = await self._rooms.targets.get_many([n.target for n in found if n.target])
        return [view(n, targets, sees_words=n.id in (own or set())) for n in found]


def view(nomination: Nomination, targets: Known, *, sees_words: bool) -> NominationView:
    """A nomination with the words that somebody may read."""
    shown = nomination.released or sees_words
    words, target = nomination.words, targets.get(nomination.target or "")
    described = bool(words.name)
    return NominationView(
        id=nomination.id,
        episode_id=nomination.episode,
        url=nomination.url,
        state=nomination.state.value,
        code=nomination.code,
        into_url=into_url(nomination.into, nomination.episode),
        tier=nomination.tier.value,
        supporters=nomination.supporters,
        made_at=nomination.made_at,
        target_id=nomination.target,
        target_url=target_url(nomination.target) if nomination.target else None,
        described=described,
        shown=shown,
        released=nomination.released,
        waiting=nomination.waiting,
        name=target.name if target else words.name if shown else None,
        place=target.address if target else words.place if shown else None,
        look_at=words.look_at if shown else None,
        reason=words.reason if shown else None,
        said_name=words.name if shown else None,
        said_place=words.place if shown else None,
        hidden_reason=nomination.hidden_reason or None,
        words_digest=words.digest(nomination.salt),
        salt=nomination.salt if shown else None,
        hidden_salt=nomination.hidden_salt or None,
        version=nomination.version,
    )


def into_url(into: str | None, episode: str | None) -> str | None:
    """The page of what a nomination went into; an inspection is shown on its episode's page."""
    if into is None:
        return None
    page = PAGES_OF.get(into.split("_")[0])
    return f"/{page}/{into}" if page else episode_url(episode) if episode else None


def fate(entry: Entry) -> FateLine:
    """A fact of the ledger as a line of the fate."""
    fact, body = entry.fact, entry.fact.body
    if fact.kind is not Kind.NOMINATION_MOVED:
        return FateLine(entry.index, fact.at, fact.kind.value.split(".")[1], None, None)
    same = body["from"] == body["to"]
    what, code = (body["code"], None) if same else (body["to"], body["code"])
    return FateLine(entry.index, fact.at, what, code, into_url(body["into"], fact.episode))


def candidate(episode: str, target: Target, supporters: int | None) -> Candidate:
    """A search result."""
    url = f"/episodes/{episode}/nominate?target={target.id}"
    return Candidate(target.id, target.name, target.address, target.district, target.category, supporters, url)


def told(message: Message, about: NominationView | None) -> News:
    """A message; the name of what it is about is that of today."""
    said = message.parameters
    return News(
        code=message.code.removeprefix("nomination."),
        about=about.name if about else None,
        reason=said.get("why"),
        link=message.link,
        at=message.at,
        unread=message.read_at is None,
    )


def likeness(of: NominationView, how: float) -> Likeness:
    """A nomination that may be the same."""
    return Likeness(of.id, of.url, of.name or "", of.place or "", round(how * 100))


def acts(nomination: Nomination) -> list[str]:
    """What an operator may do now; the server checks each again."""
    may = MOVES[nomination.state]
    possible = {
        "release": not nomination.released,
        "hide": nomination.hidden_at is None,
        "resolve": nomination.target is None and nomination.state in OPEN,
        "shortlist": State.SHORTLISTED in may and nomination.target is not None,
        "merge": State.MERGED in may,
        "exclude": State.EXCLUDED in may,
    }
    return [name for name, yes in possible.items() if yes]
