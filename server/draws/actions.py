"""Drawing lots in public: announced with a frozen pool, decided by sources that came later, opened by name."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from server.draws import shuffle
from server.draws.beacon import Chain
from server.draws.model import (
    Algorithm,
    BadSource,
    Draw,
    DrawOver,
    EmptyPool,
    Lot,
    NoSuchDraw,
    Of,
    Source,
    SourceKind,
    check_sources,
)
from server.draws.pool import Member, Pool, freeze, lines_of, salt, tickets_of
from server.draws.store import DrawStore, PoolFiles
from server.draws.team import TEAM_SIZE, Duty, Place, Step, duty_of, walk
from server.draws.team import called as called_of
from server.kit.clock import Clock, iso
from server.kit.errors import Invalid
from server.kit.ids import digest_of, new_id
from server.kit.mongo import Database, Tx
from server.ledger.actions import Ledger
from server.ledger.model import Fact, Kind
from server.people.model import Deed, Person, require

SECRET_BYTES = 32
MAX_WANTED = 500
NO_SOURCE = "no_source_left"
BY_OPERATOR = "operator"
WITH_PARENT = "with_the_draw_before"

Drawn = Callable[[Tx, Draw], Awaitable[None]]
"""What a room does with an outcome, in the transaction that records it."""
Where = Callable[[Tx, Draw], Awaitable[Place]]
"""What a draw of inspectors must know: where they go, and who was recused."""


@dataclass(frozen=True)
class Announcement:
    """What is announced. `by` is the mark of who announces."""

    of: Of
    episode: str
    pool: Pool
    wanted: int
    sources: tuple[Source, ...]
    by: str
    algorithm: Algorithm = Algorithm.SHA256
    filter: Mapping[str, str] | None = None


class Draws:
    """Announces, decides and voids draws. Whoever may announce one is the caller's rule.

    An outcome is a function of what was published: `finish` can be repeated after a crash and gives the same.
    """

    def __init__(
        self, database: Database, ledger: Ledger, clock: Clock, *, folder: Path, chain: Chain, lead: timedelta
    ) -> None:
        self.store = DrawStore(database)
        self.files = PoolFiles(folder)
        self.chain = chain
        self.lead = lead
        self.on_drawn: dict[Of, Drawn] = {}
        self.place_of: Where | None = None
        self._database = database
        self._ledger = ledger
        self._clock = clock

    async def get(self, draw_id: str, tx: Tx | None = None) -> Draw:
        """The draw with this id."""
        draw = await self.store.get(draw_id, tx)
        if draw is None:
            raise NoSuchDraw("There is no such draw.")
        return draw

    # Announcing

    async def freeze(self, members: Iterable[Member]) -> Pool:
        """Fixes a pool, and makes its files durable. In a thread: a million members take seconds."""
        pool = await asyncio.to_thread(freeze, members, secrets.token_bytes(SECRET_BYTES))
        await asyncio.to_thread(self.files.keep, pool)
        return pool

    async def announce(self, tx: Tx, asked: Announcement) -> Draw:
        """Announces a draw in the caller's transaction; DrawOver unless the one before it is void."""
        now, pool = self._clock(), asked.pool
        self._check_pool(pool, asked)
        check_sources(asked.sources, asked.algorithm, now, self.lead)
        draw_id = new_id("dr")
        attempt = await self._next_attempt(tx, asked)
        body = {
            "of": asked.of.value,
            "attempt": attempt,
            "pool_sha256": pool.sha256,
            "members": pool.members,
            "tickets": pool.tickets,
            "excluded": dict(pool.excluded),
            "wanted": asked.wanted,
            "algorithm": asked.algorithm.value,
            "sources": [announced(source) for source in asked.sources],
            "filter": dict(asked.filter or {}),
        }
        fact = Fact(Kind.DRAW_ANNOUNCED, now, draw_id, asked.by, body, asked.episode)
        ticket = await self._ledger.record(tx, fact)
        draw = Draw(
            id=draw_id,
            of=asked.of,
            episode=asked.episode,
            attempt=attempt,
            wanted=asked.wanted,
            algorithm=asked.algorithm,
            filter=dict(asked.filter or {}),
            pool_sha256=pool.sha256,
            members=pool.members,
            tickets=pool.tickets,
            excluded=dict(pool.excluded),
            secret=pool.secret.hex(),
            sources=asked.sources,
            announced_at=now,
            ticket=ticket,
        )
        await self.store.insert(draw, tx)
        return draw

    def _check_pool(self, pool: Pool, asked: Announcement) -> None:
        eligible, wanted = pool.members - sum(pool.excluded.values()), asked.wanted
        if asked.algorithm is Algorithm.RFC3797 and pool.tickets > shuffle.MAX_RFC3797_TICKETS:
            raise BadSource(
                "RFC 3797 draws from at most {most} tickets; this pool has {tickets}. Choose SHA-256.",
                where="algorithm",
                most=shuffle.MAX_RFC3797_TICKETS,
                tickets=pool.tickets,
            )
        if asked.of is Of.TARGET and not 1 <= wanted <= MAX_WANTED:
            raise Invalid("From 1 to {most} can be drawn at once.", where="wanted", most=MAX_WANTED)
        if eligible < wanted:
            raise EmptyPool(
                "The pool has {size} members that may be drawn, but {wanted} are to be drawn. Widen the filter.",
                where="filter",
                size=eligible,
                wanted=wanted,
            )

    async def _next_attempt(self, tx: Tx, asked: Announcement) -> int:
        """Only a void draw may be followed by another: nobody draws until they like the outcome."""
        last = await self.store.of_episode(asked.episode, asked.of, tx)
        if last is None:
            return 1
        if last.voided_at is None:
            raise DrawOver(
                "These lots are drawn already, or will be: a draw is repeated only when it was void. See its page.",
                where="draw",
            )
        return last.attempt + 1

    # Ending

    async def void(self, actor: Person | None, draw_id: str, reason: str) -> Draw:
        """An operator calls a draw off, in public, and only while nobody can know anything of its outcome."""
        person = require(actor, Deed.DRAW)
        if not reason:
            raise Invalid("Please give the reason; everybody will read it.", where="reason")

        async def work(tx: Tx) -> Draw:
            draw = await self.get(draw_id, tx)
            draw.check_open()
            if any(source.kind is SourceKind.DRAW for source in draw.sources):
                raise DrawOver("This draw goes with the one before it; it cannot be called off alone.")
            if self._clock() >= draw.first_out_at or draw.witnesses:
                raise DrawOver(
                    "This draw’s randomness may be known to somebody by now, so it can no longer be called off. "
                    "It is decided when its sources are in."
                )
            return await self._void(tx, draw, BY_OPERATOR, person.mark, reason=reason)

        return await self._database.transact(work)

    async def settle(self, tx: Tx, draw: Draw, by: str) -> Draw:
        """Finishes or voids a draw whose sources are all decided, and the draws that hang on it; else nothing."""
        values = draw.values
        if values is None or not draw.is_open:
            return draw
        if all(value == shuffle.FALLEN for value in values):
            return await self._void(tx, draw, NO_SOURCE, by, missing=[m for s in draw.sources for m in s.missing])
        done = await self._finish(tx, draw, values, by)
        for child in await self.store.following(draw.id, tx):
            assert done.key is not None
            decided = await self.decide(tx, child, _position(child, draw.id), done.key, by)
            await self.settle(tx, decided, by)
        return done

    async def decide(
        self, tx: Tx, draw: Draw, number: int, value: str, by: str, *, proof: str = "", missing: Sequence[str] = ()
    ) -> Draw:
        """Records what one source says (its place in the list is `number`), in the caller's transaction."""
        now = self._clock()
        said = replace(draw.sources[number], value=value, proof=proof, missing=tuple(missing), decided_at=now)
        sources = (*draw.sources[:number], said, *draw.sources[number + 1 :])
        kept = await self.store.save(replace(draw, sources=sources), tx)
        body = {"source": number, "value": value, "proof": proof, "missing": list(missing)}
        await self._ledger.record(tx, Fact(Kind.DRAW_SOURCED, now, draw.id, by, body, draw.episode))
        return kept

    async def _finish(self, tx: Tx, draw: Draw, values: tuple[str, ...], by: str) -> Draw:
        key = shuffle.key(draw.id, draw.pool_sha256, values)
        place = None if draw.of is Of.TARGET else await self._place(tx, draw)
        if place is None:
            positions = await asyncio.to_thread(self._targets, draw, key, values)
        else:
            positions = called_of(await self.walk(draw, key, place))[:TEAM_SIZE]
        told = {"category": place.category, "district": place.district} if place else None
        done = replace(draw, key=key.hex(), drawn=await self._open(draw, positions), drawn_at=self._clock(), place=told)
        kept = await self.store.save(done, tx)
        body = {"key": key.hex(), "drawn": [[lot.member, lot.salt] for lot in done.drawn], "place": told}
        await self._ledger.record(tx, Fact(Kind.DRAW_DRAWN, self._clock(), draw.id, by, body, draw.episode))
        if draw.of in self.on_drawn:
            await self.on_drawn[draw.of](tx, kept)
        return kept

    def _targets(self, draw: Draw, key: bytes, values: tuple[str, ...]) -> list[int]:
        tickets = tickets_of(self.files.file(draw.pool_sha256))
        if draw.algorithm is Algorithm.RFC3797:
            return shuffle.lots_rfc3797(values, tickets, draw.wanted)
        return shuffle.lots(key, tickets, draw.wanted)

    async def walk(self, draw: Draw, key: bytes, place: Place) -> list[Step]:
        """The walk down the drawn order of inspectors, as it stands with these recusals."""

        def work() -> list[Step]:
            lines = lines_of(self.files.file(draw.pool_sha256))
            order = shuffle.lots(key, [line.tickets for line in lines], len(lines))
            duties = [duty_of(line.note) if line.tickets else Duty() for line in lines]
            return walk(order, duties, self.files.ids(draw.pool_sha256), place)

        return await asyncio.to_thread(work)

    async def _place(self, tx: Tx, draw: Draw) -> Place:
        return await self.place_of(tx, draw) if self.place_of else Place("", "")

    async def _open(self, draw: Draw, positions: Sequence[int]) -> tuple[Lot, ...]:
        ids = await asyncio.to_thread(self.files.ids, draw.pool_sha256)
        return tuple(self.opened(draw, ids[position]) for position in positions)

    def opened(self, draw: Draw, member: str) -> Lot:
        """A member with the salt that proves which line is theirs."""
        secret = salt(bytes.fromhex(draw.secret), member)
        return Lot(member, shuffle.pseudonym(secret, member), secret.hex())

    async def _void(
        self, tx: Tx, draw: Draw, code: str, by: str, *, reason: str = "", missing: Sequence[str] = ()
    ) -> Draw:
        void = replace(draw, voided_at=self._clock(), void_code=code, void_reason=reason)
        kept = await self.store.save(void, tx)
        body = {"code": code, "missing": list(missing), "reason_digest": digest_of(reason) if reason else None}
        await self._ledger.record(tx, Fact(Kind.DRAW_VOIDED, self._clock(), draw.id, by, body, draw.episode))
        for child in await self.store.following(draw.id, tx):
            await self._void(tx, child, WITH_PARENT, by)
        return kept


def announced(source: Source) -> dict[str, str | int]:
    """A source as the announcement names it."""
    match source.kind:
        case SourceKind.BEACON:
            return {"kind": source.kind.value, "chain": source.chain, "round": source.round}
        case SourceKind.NUMBERS:
            return {"kind": source.kind.value, "name": source.name, "due": iso(source.out_at)}
        case SourceKind.CEREMONY:
            assert source.commit_until is not None
            until = {"commit_until": iso(source.commit_until), "reveal_until": iso(source.out_at)}
            return {"kind": source.kind.value, **until}
        case SourceKind.DRAW:
            return {"kind": source.kind.value, "draw": source.draw}


def _position(draw: Draw, parent: str) -> int:
    return next(n for n, source in enumerate(draw.sources) if source.draw == parent)
