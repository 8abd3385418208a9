"""How a draw's sources arrive: witnesses seal and open, numbers are given, the beacon is asked; then it is decided."""

import asyncio
import contextlib
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from server.draws import beacon, shuffle
from server.draws.actions import Draws
from server.draws.model import BadSource, Draw, NotYet, Source, SourceKind, Witness, WrongValue
from server.kit.clock import Clock
from server.kit.errors import ChangedMeanwhile, Invalid, Refusal
from server.kit.mongo import Database, Tx
from server.ledger.actions import Ledger
from server.ledger.model import Fact, Kind
from server.people.model import SYSTEM, Deed, Person, require

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
MAX_NUMBERS = 50
_HEX_64 = re.compile("[0-9a-f]{64}")
_WHOLE = re.compile("[0-9]{1,20}")
_SIGNATURE = re.compile("[0-9a-f]{96}")

Fetch = Callable[[str, int], Awaitable[str | None]]
"""Asks a beacon for the signature (hex) of a chain's round; None when it does not answer or does not have it yet."""


class Sources:
    """Brings the sources of open draws in, each when its time has come. Everything is decided from the database, so
    any server may do it, and it does not matter when one was away."""

    def __init__(
        self, database: Database, ledger: Ledger, draws: Draws, clock: Clock, fetch: Fetch | None = None
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._draws = draws
        self._clock = clock
        self._fetch = fetch
        self.wake = asyncio.Event()
        self._verifying = asyncio.Lock()

    # Witnesses

    async def witness(self, actor: Person | None, draw_id: str, commitment: str) -> Draw:
        """A deputy seals a secret: only its commitment is published now."""
        person = require(actor, Deed.WITNESS)
        if not _HEX_64.fullmatch(commitment):
            raise Invalid("A commitment has 64 hex digits; the page makes it.", where="commitment")

        async def work(tx: Tx) -> Draw:
            draw, now = await self._draws.get(draw_id, tx), self._clock()
            draw.check_may_commit(person.mark, now)
            added = (*draw.witnesses, Witness(person.mark, commitment, now))
            kept = await self._draws.store.save(replace(draw, witnesses=added), tx)
            await self._record(tx, Kind.DRAW_WITNESSED, now, kept, person.mark, {"commitment": commitment})
            return kept

        return await self._database.transact(work)

    async def reveal(self, actor: Person | None, draw_id: str, secret: str) -> Draw:
        """The same deputy opens it; the same secret once more changes nothing."""
        person = require(actor, Deed.WITNESS)
        if not _HEX_64.fullmatch(secret):
            raise Invalid("A secret has 64 hex digits; the page kept it when you sealed it.", where="secret")

        async def work(tx: Tx) -> Draw:
            draw, now = await self._draws.get(draw_id, tx), self._clock()
            known = draw.witness(person.mark)
            if known and known.secret == secret:
                return draw
            witness = draw.check_may_reveal(person.mark, now)
            if shuffle.commitment(draw.id, person.mark, bytes.fromhex(secret)) != witness.commitment:
                raise WrongValue("This is not the secret that you sealed for this draw.", where="secret")
            opened = replace(witness, secret=secret, revealed_at=now)
            witnesses = tuple(opened if w.mark == person.mark else w for w in draw.witnesses)
            kept = await self._draws.store.save(replace(draw, witnesses=witnesses), tx)
            await self._record(tx, Kind.DRAW_REVEALED, now, kept, person.mark, {"secret": secret})
            return kept

        draw = await self._database.transact(work)
        self.wake.set()
        return draw

    # What is typed in

    async def give(self, actor: Person | None, draw_id: str, number: int, text: str) -> Draw:
        """An operator types in public numbers, or a beacon round's signature, which is verified like any other."""
        person = require(actor, Deed.DRAW)
        draw = await self._draws.get(draw_id)
        source = _waiting(draw, number)
        if self._clock() < source.out_at:
            raise NotYet(
                "This source is out at {moment}, not before.", moment=source.out_at.isoformat(timespec="seconds")
            )
        if source.kind is SourceKind.NUMBERS:
            return await self._decided(draw_id, number, _numbers(text), "", person.mark)
        if source.kind is SourceKind.BEACON:
            signature = text.strip().lower()
            return await self._decided(draw_id, number, await self._genuine(source, signature), signature, person.mark)
        raise BadSource("Only public numbers and a beacon’s signature can be typed in.", where="source")

    async def _genuine(self, source: Source, signature: str) -> str:
        if not _SIGNATURE.fullmatch(signature):
            raise WrongValue("The signature of a round has 96 hex digits.", where="value")
        key = bytes.fromhex(self._draws.chain.key)
        try:
            async with self._verifying:  # A quarter of a second of pure Python: one at a time lets others breathe.
                value = await asyncio.to_thread(beacon.verify, key, source.round, bytes.fromhex(signature))
        except beacon.NotGenuine:
            raise WrongValue(
                "This is not the beacon’s signature of round {round}. Nothing was changed.",
                where="value",
                round=source.round,
            ) from None
        return value.hex()

    # By itself

    async def tend(self) -> None:
        """Looks after open draws for ever; the background task of every server."""
        while True:
            self.wake.clear()
            for draw in await self._draws.store.all_open():
                await self._tend_one(draw)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self.wake.wait()

    async def _tend_one(self, draw: Draw) -> None:
        try:
            await self.advance(draw.id)
        except ChangedMeanwhile:
            pass  # Another server, or a witness, was faster: the next look sees what they did.
        except Refusal as refusal:
            log.warning("draw %s waits: %s", draw.id, refusal)

    async def advance(self, draw_id: str) -> Draw:
        """Decides whatever of a draw's sources has come by now, and the draw itself when all have."""
        draw = await self._draws.get(draw_id)
        for number, source in enumerate(draw.sources):
            if draw.is_open and source.value is None:
                draw = await self._advance(draw, number, source)
        if draw.is_open and draw.values is not None:
            return await self._settled(draw.id)
        return draw

    async def _advance(self, draw: Draw, number: int, source: Source) -> Draw:
        now = self._clock()
        if source.kind is SourceKind.CEREMONY and _ceremony_is_over(draw, source, now):
            return await self._end_ceremony(draw.id, number)
        if source.kind is SourceKind.BEACON and now >= source.out_at and self._fetch:
            signature = await self._fetch(source.chain, source.round)
            if signature is not None:
                value = await self._genuine(source, signature)
                return await self._decided(draw.id, number, value, signature, SYSTEM.mark)
        return draw

    async def _end_ceremony(self, draw_id: str, number: int) -> Draw:
        """All secrets, or none: one that is missing takes the others out too, and its witness is named."""

        async def work(tx: Tx) -> Draw:
            draw = await self._draws.get(draw_id, tx)
            if draw.sources[number].value is not None or not draw.is_open:
                return draw
            missing = [w.mark for w in draw.witnesses if w.secret is None]
            whole = draw.witnesses and not missing
            value = "".join(f"{w.secret}." for w in draw.witnesses) if whole else shuffle.FALLEN
            return await self._draws.decide(tx, draw, number, value, SYSTEM.mark, missing=missing)

        return await self._database.transact(work)

    async def _decided(self, draw_id: str, number: int, value: str, proof: str, by: str) -> Draw:
        async def work(tx: Tx) -> Draw:
            draw = await self._draws.get(draw_id, tx)
            _waiting(draw, number)
            kept = await self._draws.decide(tx, draw, number, value, by, proof=proof)
            return await self._draws.settle(tx, kept, by)

        return await self._database.transact(work)

    async def _settled(self, draw_id: str) -> Draw:
        async def work(tx: Tx) -> Draw:
            return await self._draws.settle(tx, await self._draws.get(draw_id, tx), SYSTEM.mark)

        return await self._database.transact(work)

    async def _record(self, tx: Tx, kind: Kind, at: datetime, draw: Draw, by: str, body: dict[str, str]) -> None:
        """`at` is the moment that was compared with the deadlines: the record must not say a later one."""
        await self._ledger.record(tx, Fact(kind, at, draw.id, by, body, draw.episode))


def _ceremony_is_over(draw: Draw, source: Source, now: datetime) -> bool:
    """At the deadline, or as soon as nobody can seal any more and everybody who did has opened."""
    assert source.commit_until is not None
    return now > source.out_at or (now >= source.commit_until and all(w.secret for w in draw.witnesses))


def _waiting(draw: Draw, number: int) -> Source:
    draw.check_open()
    if not 0 <= number < len(draw.sources):
        raise BadSource("This draw has no such source.", where="source")
    if draw.sources[number].value is not None:
        raise BadSource("This source is in already, and what it said stands.", where="source")
    return draw.sources[number]


def _numbers(text: str) -> str:
    try:
        parts = re.split(r"[\s,;，；、]+", text.strip())
        if len(parts) > MAX_NUMBERS or not all(_WHOLE.fullmatch(part) for part in parts):
            raise ValueError(text)
        return shuffle.numbers_value([int(part) for part in parts])
    except ValueError:
        raise WrongValue(
            "Type the public numbers as whole numbers, separated by spaces, at most {most} of them.",
            where="value",
            most=MAX_NUMBERS,
        ) from None
