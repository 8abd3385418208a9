"""What operators do with nominations: every verb is on record, every reason public."""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from server.kit.clock import Clock
from server.kit.errors import Duplicate
from server.kit.mongo import Database, Tx
from server.ledger.model import Fact, Kind
from server.nominations.actions import Nominations
from server.nominations.model import (
    OPEN,
    RESOLVED,
    BadMerge,
    Code,
    Follower,
    Nomination,
    NoSuchMove,
    State,
    newcomers,
    reason_digest,
)
from server.nominations.similar import Named, Suggestion, searches, suggested
from server.people.model import Deed, Person, require
from server.targets.actions import Targets
from server.targets.model import Target

Change = Callable[[Tx, Nomination], Awaitable[Nomination]]
CANDIDATES = 2000
"""Duplicates are looked for among so many nominations of an episode, the most supported ones."""


@dataclass(frozen=True)
class Suggestions:
    """What may be the same: other nominations of the episode, and targets of the registry where none is known yet."""

    nominations: Sequence[Suggestion]
    targets: Sequence[Suggestion]


class Curation:
    """The verbs of operators. `version` is the state they decided about: ChangedMeanwhile when it is another by now."""

    def __init__(self, database: Database, nominations: Nominations, targets: Targets, clock: Clock) -> None:
        self._database = database
        self._targets = targets
        self._clock = clock
        self._moves = nominations.moves
        self._store = nominations.store

    async def release(self, actor: Person | None, nomination_id: str, version: int | None = None) -> Nomination:
        """Makes the proposer's words public."""
        person = require(actor, Deed.CURATE)

        async def change(tx: Tx, nomination: Nomination) -> Nomination:
            if nomination.released:
                raise NoSuchMove("These words are public already.")
            now = self._clock()
            released = replace(nomination, released_at=now, hidden_at=None, hidden_reason="", hidden_salt="")
            body = {"target": nomination.target}
            fact = Fact(Kind.NOMINATION_RELEASED, now, nomination.id, person.mark, body, nomination.episode)
            return await self._moves.change(tx, released, fact, "released")

        return await self._change(nomination_id, version, change)

    async def hide(
        self, actor: Person | None, nomination_id: str, reason: str, version: int | None = None
    ) -> Nomination:
        """Keeps the proposer's words from the public, for a reason that is public; the nomination itself stays."""
        person = require(actor, Deed.CURATE)

        async def change(tx: Tx, nomination: Nomination) -> Nomination:
            now, salt = self._clock(), secrets.token_hex(16)
            hidden = replace(nomination, hidden_at=now, hidden_reason=reason, hidden_salt=salt)
            body = {"reason_digest": reason_digest(salt, reason)}
            fact = Fact(Kind.NOMINATION_HIDDEN, now, nomination.id, person.mark, body, nomination.episode)
            return await self._moves.change(tx, hidden, fact, "hidden")

        return await self._change(nomination_id, version, change)

    async def exclude(
        self, actor: Person | None, nomination_id: str, code: Code, version: int | None = None
    ) -> Nomination:
        """Takes a nomination out, with a reason code."""
        person = require(actor, Deed.CURATE)

        async def change(tx: Tx, nomination: Nomination) -> Nomination:
            nomination.check_move(State.EXCLUDED)
            return await self._moves.move(tx, nomination, State.EXCLUDED, person.mark, code=code.value)

        return await self._change(nomination_id, version, change)

    async def shortlist(self, actor: Person | None, nomination_id: str, version: int | None = None) -> Nomination:
        """Puts a nomination on the shortlist."""
        person = require(actor, Deed.CURATE)

        async def change(tx: Tx, nomination: Nomination) -> Nomination:
            nomination.check_move(State.SHORTLISTED)
            return await self._moves.move(tx, nomination, State.SHORTLISTED, person.mark)

        return await self._change(nomination_id, version, change)

    async def resolve(
        self, actor: Person | None, nomination_id: str, target: str, version: int | None = None
    ) -> Nomination:
        """Says which registered target a described one is; the description stays as it was typed."""
        person = require(actor, Deed.CURATE)
        await self._targets.get(target)

        async def change(tx: Tx, nomination: Nomination) -> Nomination:
            if nomination.target is not None or nomination.state not in OPEN:
                raise NoSuchMove("This proposal cannot take that step from where it stands. Load its page again.")
            state = nomination.state
            return await self._moves.move(tx, nomination, state, person.mark, code=RESOLVED, into=target, target=target)

        try:
            return await self._change(nomination_id, version, change)
        except Duplicate:
            raise BadMerge(
                "The same person has proposed this target as well. Merge the two instead.", where="target"
            ) from None

    async def merge(
        self, actor: Person | None, nomination_id: str, into: str, version: int | None = None
    ) -> Nomination:
        """Makes a duplicate part of another: whoever supported it supports the other one now, everybody once."""
        person = require(actor, Deed.CURATE)

        async def change(tx: Tx, nomination: Nomination) -> Nomination:
            other = await self._moves.get(into, tx)
            nomination.check_merge(other)
            coming = newcomers(await self._store.followers(nomination.id, tx), await self._store.followers(into, tx))
            await self._store.add_followers((_moved(follower, into) for follower in coming), tx)
            # Saved even when nobody comes: of two merges that meet, A into B and B into A, both write both documents.
            await self._store.save(replace(other, supporters=other.supporters + len(coming)), tx)
            return await self._moves.move(tx, nomination, State.MERGED, person.mark, into=into)

        return await self._change(nomination_id, version, change)

    async def _change(self, nomination_id: str, version: int | None, change: Change) -> Nomination:
        async def work(tx: Tx) -> Nomination:
            return await change(tx, await self._moves.get(nomination_id, tx, version))

        return await self._database.transact(work)

    # Duplicates

    async def suggestions(self, nominations: Sequence[Nomination]) -> dict[str, Suggestions]:
        """What each of these nominations of one episode may be the same as; none of them decides anything."""
        if not nominations:
            return {}
        states = {"$in": [state.value for state in OPEN]}
        others = await self._store.find(nominations[0].episode, state=states, limit=CANDIDATES)
        targets = await self._targets.get_many([n.target for n in (*others, *nominations) if n.target])
        known = [named(n, targets) for n in others]
        return {
            n.id: Suggestions(
                suggested(named(n, targets), known) if n.state in OPEN else [],
                await self._registered(n) if n.target is None and n.state in OPEN else [],
            )
            for n in nominations
        }

    async def _registered(self, nomination: Nomination) -> list[Suggestion]:
        found: dict[str, Target] = {}
        for words in searches(nomination.words.name):
            targets, _ = await self._targets.search(words)
            found |= {target.id: target for target in targets}
        candidates = [Named(t.id, t.name, t.address, t.id) for t in found.values()]
        return suggested(named(nomination, {}), candidates)


def named(nomination: Nomination, targets: dict[str, Target]) -> Named:
    """A nomination by the name of its target, or as it was described."""
    target = targets.get(nomination.target or "")
    if target:
        return Named(nomination.id, target.name, target.address, target.id)
    return Named(nomination.id, nomination.words.name, nomination.words.place, nomination.target)


def _moved(follower: Follower, into: str) -> Follower:
    return replace(follower, id=f"{follower.id}_{into}", nomination=into, proposed=False)
