"""Drawing lots in two recorded steps: the commitment, then the draw that it bound."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace

from server.draws import shuffle
from server.draws.model import Draw, EmptyPool, Of, context_of
from server.draws.store import DrawStore
from server.kit.clock import Clock
from server.kit.errors import NotFound, Unavailable
from server.kit.ids import new_id
from server.kit.mongo import Database, Tx
from server.ledger.actions import Ledger
from server.ledger.model import Fact, Kind

SECRET_BYTES = 32


class NoSuchDraw(NotFound):
    """No draw has this id."""


class LedgerSlow(Unavailable):
    """The commitment has no place in the ledger yet, so nothing may be drawn."""


class Draws:
    """Commits to a pool and a secret, and draws once the ledger holds the commitment.

    Whoever may draw is the caller's rule. `finish` can be repeated after a crash: the same commitment gives the same
    winners, so a draw is never run a second time with another outcome.
    """

    def __init__(self, database: Database, ledger: Ledger, clock: Clock) -> None:
        self.store = DrawStore(database)
        self._ledger = ledger
        self._clock = clock

    async def get(self, draw_id: str) -> Draw:
        """The draw with this id."""
        draw = await self.store.get(draw_id)
        if draw is None:
            raise NoSuchDraw("There is no such draw.")
        return draw

    async def commit(
        self,
        tx: Tx,
        *,
        of: Of,
        episode: str,
        pool: Iterable[str],
        wanted: int,
        filter: Mapping[str, str],
        by: str,
    ) -> Draw:
        """Fixes the pool and the secret, and records the commitment to both, in the caller's transaction."""
        ids = tuple(sorted(pool))
        if len(ids) < wanted:
            raise EmptyPool(
                "The pool has {size} members, but {wanted} are to be drawn. Widen the filter.",
                where="filter",
                size=len(ids),
                wanted=wanted,
            )
        secret, now, draw_id = secrets.token_bytes(SECRET_BYTES), self._clock(), new_id("dr")
        digest, commitment = shuffle.pool_digest(ids).hex(), shuffle.commitment(secret).hex()
        body = {
            "of": of.value,
            "pool_size": len(ids),
            "pool_digest": digest,
            "commitment": commitment,
            "filter": dict(filter),
        }
        ticket = await self._ledger.record(tx, Fact(Kind.DRAW_COMMITTED, now, draw_id, by, body, episode))
        draw = Draw(draw_id, of, episode, wanted, ids, digest, filter, secret.hex(), commitment, now, ticket)
        await self.store.insert(draw, tx)
        return draw

    async def seed_of(self, draw: Draw) -> bytes:
        """The seed that the commitment's place in the ledger decides."""
        index = await self._ledger.settled(draw.ticket, timeout=10)
        if index is None:
            raise LedgerSlow(
                "The commitment is waiting for its place in the ledger. Draw again in a moment.",
                retry_after=2,
            )
        entry = await self._ledger.entry(index)
        context = context_of(entry, await self._ledger.root_at(index + 1))
        return shuffle.seed(bytes.fromhex(draw.secret), bytes.fromhex(draw.pool_digest), context)

    def order(self, draw: Draw) -> list[str]:
        """The whole pool in the order of a finished draw: who replaces a winner that drops out."""
        return shuffle.ranking(bytes.fromhex(draw.seed or ""), draw.pool)

    async def finish(self, tx: Tx, draw: Draw, seed: bytes, by: str) -> Draw:
        """Draws the winners, and reveals the secret, in the caller's transaction."""
        winners = tuple(shuffle.ranking(seed, draw.pool)[: draw.wanted])
        done = replace(draw, drawn_at=self._clock(), seed=seed.hex(), winners=winners)
        await self.store.save(done, tx)
        body = {"secret": draw.secret, "seed": done.seed, "winners": list(winners)}
        await self._ledger.record(tx, Fact(Kind.DRAW_DRAWN, self._clock(), draw.id, by, body, draw.episode))
        return done
