"""Gathers the pages of a draw: for everybody, for its witnesses, and the deputies' desk."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from server.draws.beacon import Chain
from server.draws.model import Draw, NoSuchDraw, Of, Source, SourceKind
from server.draws.pool import tickets_of
from server.ledger.model import Entry, Kind
from server.people.model import Deed, Person, Role, require
from server.viewing.cards import Cards, target_url
from server.viewing.draw_facts import (
    Attempt,
    ChainView,
    DeputyPage,
    DrawPage,
    Duty,
    LotView,
    OtherDraw,
    PlaceView,
    RecusalView,
    SourceView,
    WitnessPage,
    WitnessView,
)
from server.viewing.rooms import Rooms
from server.viewing.views import DrawLink

UNNAMED_DIGITS = 12
KEPT_WEIGHTS = 100


class DrawPages:
    """One method a page."""

    def __init__(self, rooms: Rooms, cards: Cards) -> None:
        self._rooms = rooms
        self._cards = cards
        self._weights: dict[str, Mapping[int, int]] = {}

    async def draw(self, draw_id: str) -> DrawPage:
        """Everything of a draw. The ledger's size is read first, so that no event after it is missed."""
        rooms = self._rooms
        events_from = rooms.ledger.head.size - 1
        draw = await rooms.draws.get(draw_id)
        entries = [entry async for entry in rooms.ledger.about(draw.id)]
        names = await self._names(draw)
        before, after = await self._attempts(draw)
        return DrawPage(
            **_announced(draw),
            episode=await self._cards.episode(draw.episode),
            standing=standing(draw, rooms.clock()),
            next_at=next_moment(draw, rooms.clock()),
            now=rooms.clock(),
            index=entries[0].index if entries else None,
            weights=await self._weights_of(draw) if draw.of is Of.TARGET else {},
            sources=[source_view(number, source, names) for number, source in enumerate(draw.sources)],
            witnesses=witness_views(draw, names),
            drawn=[lot_view(lot.member, lot.pseudonym, draw.of, names) for lot in draw.drawn],
            recusals=[recusal_view(e, names) for e in entries if e.fact.kind is Kind.INSPECTOR_RECUSED],
            missing=[named(mark, names) for source in draw.sources for mark in source.missing],
            before=before,
            after=after,
            announcement=entries[0].raw.decode() if entries else "",
            facts=[entry.raw.decode() for entry in entries],
            other_draws=await self._other_draws(draw),
            place=self._place(draw),
            chain=chain_view(rooms.draws.chain),
            events_from=events_from,
        )

    async def _names(self, draw: Draw) -> dict[str, str]:
        """Who stands behind ids and marks: drawn targets, inspectors on duty, deputies who witness."""
        rooms = self._rooms
        people = await rooms.people.by_role(Role.DEPUTY) if draw.witnesses else []
        if draw.of is Of.TARGET:
            found = {i: target.name for i, target in (await rooms.targets.get_many(draw.winners)).items()}
        else:
            found = {}
            people += await rooms.people.by_role(Role.INSPECTOR) if draw.drawn else []
        return found | {person.mark: person.name for person in people}

    async def _attempts(self, draw: Draw) -> tuple[Attempt | None, Attempt | None]:
        alike = [d for d in await self._rooms.draws.store.all_of_episode(draw.episode) if d.of is draw.of]
        links = {d.attempt: Attempt(d.attempt, draw_url(d.id)) for d in alike}
        return links.get(draw.attempt - 1), links.get(draw.attempt + 1)

    async def _weights_of(self, draw: Draw) -> Mapping[int, int]:
        """Read once for each pool; it never changes."""
        if draw.pool_sha256 not in self._weights:
            counted = await asyncio.to_thread(self._count, draw.pool_sha256)
            while len(self._weights) >= KEPT_WEIGHTS:
                self._weights.pop(next(iter(self._weights)))
            self._weights[draw.pool_sha256] = {count: counted[count] for count in sorted(counted) if count}
        return self._weights[draw.pool_sha256]

    def _count(self, pool: str) -> Counter[int]:
        return Counter(tickets_of(self._rooms.draws.files.file(pool)))

    async def _other_draws(self, draw: Draw) -> list[OtherDraw]:
        others = []
        for source in draw.sources:
            if source.kind is SourceKind.DRAW:
                facts = [entry.raw.decode() async for entry in self._rooms.ledger.about(source.draw)]
                others.append(OtherDraw(source.draw, facts[0] if facts else "", facts))
        return others

    def _place(self, draw: Draw) -> PlaceView | None:
        return PlaceView(draw.place["category"], draw.place["district"]) if draw.place else None

    async def recusals(self, draws: Sequence[Draw]) -> list[RecusalView]:
        """Who stepped back of the teams that these draws named."""
        found: list[RecusalView] = []
        for draw in draws:
            entries = [e async for e in self._rooms.ledger.about(draw.id, kinds=[Kind.INSPECTOR_RECUSED])]
            names = await self._names(draw) if entries else {}
            found += [recusal_view(entry, names) for entry in entries]
        return found

    # Witnesses

    async def witness(self, who: Person | None, draw_id: str) -> WitnessPage:
        """What a deputy may do for a draw now."""
        person = require(who, Deed.WITNESS)
        events_from = self._rooms.ledger.head.size - 1
        draw = await self._rooms.draws.get(draw_id)
        ceremony = draw.ceremony
        if ceremony is None or ceremony.commit_until is None:
            raise NoSuchDraw("This draw has no witnesses among its sources.")
        known = draw.witness(person.mark)
        return WitnessPage(
            id=draw.id,
            of=draw.of.value,
            episode=await self._cards.episode(draw.episode),
            step=witness_step(draw, person.mark, self._rooms.clock()),
            mark=person.mark,
            commitment=known.commitment if known else None,
            commit_until=ceremony.commit_until,
            reveal_until=ceremony.out_at,
            now=self._rooms.clock(),
            sealed=len(draw.witnesses),
            opened=sum(1 for witness in draw.witnesses if witness.secret),
            url=draw_url(draw.id),
            events_from=events_from,
        )

    async def deputy(self, who: Person | None) -> DeputyPage:
        """The draws that wait for this deputy, the most urgent first."""
        person = require(who, Deed.WITNESS)
        now = self._rooms.clock()
        duties = []
        for draw in await self._rooms.draws.store.all_open():
            if draw.ceremony and draw.ceremony.commit_until:
                duties.append(await self._duty(draw, draw.ceremony, person, now))
        waiting = [duty for duty in duties if duty.step in ("seal", "wait", "open", "done")]
        return DeputyPage(sorted(waiting, key=lambda duty: duty.commit_until), now)

    async def _duty(self, draw: Draw, ceremony: Source, person: Person, now: datetime) -> Duty:
        assert ceremony.commit_until is not None
        step = witness_step(draw, person.mark, now)
        card = await self._cards.episode(draw.episode)
        url = f"{draw_url(draw.id)}/witness"
        return Duty(draw.id, draw.of.value, card, step, ceremony.commit_until, ceremony.out_at, url)


def draw_url(draw_id: str) -> str:
    """A draw's page."""
    return f"/draws/{draw_id}"


def _announced(draw: Draw) -> dict[str, Any]:
    """What the page says just as the draw does."""
    same = "id attempt announced_at pool_sha256 members tickets excluded wanted filter key drawn_at voided_at void_code"
    said = {name: getattr(draw, name) for name in (*same.split(), "void_reason")}
    return {
        **said,
        "of": draw.of.value,
        "algorithm": draw.algorithm.value,
        "pool_url": f"{draw_url(draw.id)}/pool.txt",
    }


def chain_view(chain: Chain) -> ChainView:
    """The beacon's parameters."""
    return ChainView(chain.hash, chain.key, chain.genesis, chain.period)


def draw_link(draw: Draw, now: datetime) -> DrawLink:
    """A draw as its episode shows it."""
    return DrawLink(
        id=draw.id,
        of=draw.of.value,
        attempt=draw.attempt,
        standing=standing(draw, now),
        next_at=next_moment(draw, now),
        drawn_at=draw.drawn_at,
        pool_size=draw.members,
        url=draw_url(draw.id),
    )


def standing(draw: Draw, now: datetime) -> str:
    """How a draw stands, in one word."""
    if draw.drawn_at:
        return "drawn"
    if draw.voided_at:
        return "void"
    ceremony = draw.ceremony
    if ceremony and ceremony.value is None and ceremony.commit_until:
        return "sealing" if now < ceremony.commit_until else "opening"
    return "awaited"


def next_moment(draw: Draw, now: datetime) -> datetime | None:
    """The next moment at which something is due."""
    if not draw.is_open:
        return None
    moments = [at for s in draw.sources if s.value is None for at in (s.commit_until, s.out_at) if at and at > now]
    return min(moments, default=None)


def witness_step(draw: Draw, mark: str, now: datetime) -> str:
    """What is a deputy's turn: see WitnessPage."""
    known, ceremony = draw.witness(mark), draw.ceremony
    assert ceremony is not None
    assert ceremony.commit_until is not None
    if known is None:
        open_still = draw.is_open and now < ceremony.commit_until
        return "seal" if open_still else "late"
    if known.secret:
        return "done"
    if not draw.is_open or ceremony.value is not None or now > ceremony.out_at:
        return "over" if draw.void_code == "operator" else "missed"
    return "wait" if now < ceremony.commit_until else "open"


def source_view(number: int, source: Source, names: Mapping[str, str]) -> SourceView:
    """A source as its draw shows it."""
    return SourceView(
        number=number,
        kind=source.kind.value,
        out_at=source.out_at,
        chain=source.chain,
        round=source.round,
        name=source.name,
        commit_until=source.commit_until,
        draw_url=draw_url(source.draw) if source.draw else None,
        value=source.value,
        fell=source.fell,
        proof=source.proof,
        missing=[named(mark, names) for mark in source.missing],
        decided_at=source.decided_at,
    )


def witness_views(draw: Draw, names: Mapping[str, str]) -> Sequence[WitnessView]:
    """Who sealed and who opened, in the order in which they sealed."""
    missing = {mark for source in draw.sources for mark in source.missing}
    return [
        WitnessView(
            mark=witness.mark,
            name=named(witness.mark, names),
            commitment=witness.commitment,
            committed_at=witness.committed_at,
            opening=witness.secret,
            revealed_at=witness.revealed_at,
            is_missing=witness.mark in missing,
        )
        for witness in draw.witnesses
    ]


def lot_view(member: str, pseudonym: str, of: Of, names: Mapping[str, str]) -> LotView:
    """One who was drawn: targets with their page, inspectors on duty by name."""
    url = target_url(member) if of is Of.TARGET else None
    return LotView(member, named(member, names), url, pseudonym)


def recusal_view(entry: Entry, names: Mapping[str, str]) -> RecusalView:
    """A change of the team."""
    body = entry.fact.body
    return RecusalView(entry.fact.at, entry.index, named(body["inspector"], names), named(body["replaced_by"], names))


def named(mark: str, names: Mapping[str, str]) -> str:
    """A name, or the beginning of a mark that nobody has any more."""
    return names.get(mark, mark[:UNNAMED_DIGITS])
