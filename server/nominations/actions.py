"""What citizens do: propose a target, support a proposal. What other rooms ask of it and tell it."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from server.citizens.model import Citizen
from server.kit.clock import Clock
from server.kit.errors import Duplicate
from server.kit.ids import new_id
from server.kit.mongo import Database, Tx
from server.ledger.actions import Ledger
from server.ledger.model import Fact, Kind
from server.nominations.model import (
    MOVES,
    Code,
    Follower,
    Nomination,
    ProposedAlready,
    State,
    SupportedAlready,
    Words,
)
from server.nominations.moves import Moves
from server.nominations.store import NominationStore
from server.notifications.actions import Notifications
from server.targets.actions import Targets
from server.targets.model import tidy

DAY_HOURS = 24
SUPPORTS_PER_PROPOSAL = 10
"""Supporting is this many times cheaper than proposing: an operator has to read what is proposed."""

Accepting = Callable[[str], Awaitable[None]]
"""Refuses when that episode does not take nominations now."""


class Identity(Protocol):
    """What is needed of the citizens' room: work done, and how often somebody comes."""

    def check_work(self, citizen: Citizen, scope: str, proof: str) -> None: ...

    async def admit(
        self, what: str, citizen: Citizen, address: str, *, per_citizen: int, per_network: int, hours: float
    ) -> None: ...

    def subkey(self, name: str) -> bytes: ...


@dataclass(frozen=True)
class Limits:
    """Proposals a day, of one person and of one network; 0 is no limit."""

    per_day: int
    per_network: int


class Nominations:
    """The verbs of citizens, and what rooms above see. Operators' verbs are in `curation.py`."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        targets: Targets,
        citizens: Identity,
        notifications: Notifications,
        clock: Clock,
        *,
        accepting: Accepting,
        release_at_once: bool,
        limits: Limits,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._targets = targets
        self._citizens = citizens
        self._notifications = notifications
        self._clock = clock
        self.accepting = accepting
        self._release_at_once = release_at_once
        self._limits = limits
        self._key = citizens.subkey("nominations")
        self.store = NominationStore(database)
        self.moves = Moves(self.store, ledger, notifications, clock)

    async def get(self, nomination_id: str, tx: Tx | None = None) -> Nomination:
        """The nomination with this id."""
        return await self.moves.get(nomination_id, tx)

    def proposer(self, citizen: Citizen, episode: str) -> str:
        """What a citizen is called among one episode's nominations, and nowhere else."""
        return citizen.pseudonym(self._key, scope_of(episode))

    # Citizens

    async def propose(
        self,
        citizen: Citizen,
        address: str,
        episode: str,
        *,
        target: str | None = None,
        name: str = "",
        place: str = "",
        look_at: str = "",
        reason: str,
        proof: str,
    ) -> Nomination:
        """A new nomination, supported by its proposer; of a registered target, or of one that is described."""
        words = Words(look_at, reason) if target else Words(look_at, reason, tidy(name), tidy(place))
        words.check(described=target is None)
        if target:
            await self._targets.get(target)
        await self.accepting(episode)
        await self._admit("nominate", citizen, address, episode, proof, 1)

        async def work(tx: Tx) -> Nomination:
            return await self._make(tx, citizen, episode, target, words)

        try:
            return await self._database.transact(work)
        except Duplicate:
            raise ProposedAlready("You have already proposed this target for this episode.", where="target") from None

    async def _admit(self, what: str, citizen: Citizen, address: str, episode: str, proof: str, times: int) -> None:
        """Counts only what did its work, so that nobody uses up a network's share for nothing."""
        self._citizens.check_work(citizen, work_scope(episode), proof)
        await self._citizens.admit(
            what,
            citizen,
            address,
            per_citizen=self._limits.per_day * times,
            per_network=self._limits.per_network * times,
            hours=DAY_HOURS,
        )

    async def _make(self, tx: Tx, citizen: Citizen, episode: str, target: str | None, words: Words) -> Nomination:
        now, salt = self._clock(), secrets.token_hex(16)
        nomination = Nomination(
            id=new_id("no"),
            episode=episode,
            by=self.proposer(citizen, episode),
            tier=citizen.tier,
            words=words,
            salt=salt,
            made_at=now,
            target=target,
            released_at=now if self._release_at_once else None,
        )
        await self.store.insert(nomination, tx)
        await self.store.add_followers([self._follower(citizen, nomination, proposed=True)], tx)
        body = {"target": target, "tier": citizen.tier.value, "words_digest": words.digest(salt)}
        await self._record(tx, Kind.NOMINATION_MADE, nomination, body)
        if nomination.released:
            await self._record(tx, Kind.NOMINATION_RELEASED, nomination, {"target": target})
        return nomination

    async def _record(self, tx: Tx, kind: Kind, nomination: Nomination, body: Mapping[str, object]) -> None:
        by = "citizen" if kind is Kind.NOMINATION_MADE else "system"
        fact = Fact(kind, nomination.made_at, nomination.id, by, body, nomination.episode)
        await self._ledger.record(tx, fact)

    def _follower(self, citizen: Citizen, nomination: Nomination, *, proposed: bool = False) -> Follower:
        scope = scope_of(nomination.episode)
        return Follower(
            id=new_id("fo"),
            nomination=nomination.id,
            by=citizen.pseudonym(self._key, scope),
            device=citizen.device_pseudonym(self._key, scope),
            tier=citizen.tier,
            inbox=self._notifications.inbox(citizen),
            at=self._clock(),
            proposed=proposed,
        )

    async def follow(self, citizen: Citizen, address: str, nomination_id: str, proof: str) -> Nomination:
        """Supports a nomination, once; its news comes from now on."""
        nomination = await self.get(nomination_id)
        await self.accepting(nomination.episode)
        await self._admit("support", citizen, address, nomination.episode, proof, SUPPORTS_PER_PROPOSAL)

        async def work(tx: Tx) -> Nomination:
            current = await self.get(nomination_id, tx)
            current.check_support()
            follower = self._follower(citizen, current)
            if await self.store.follower(follower, tx):
                raise SupportedAlready("You support this proposal already; everybody counts once.")
            await self.store.add_followers([follower], tx)
            await self.store.count_support(nomination_id, 1, tx)
            return await self.get(nomination_id, tx)

        return await self._database.transact(work)

    async def unfollow(self, citizen: Citizen, nomination_id: str) -> Nomination:
        """Takes support back; without any, nothing happens."""

        async def work(tx: Tx) -> Nomination:
            current = await self.get(nomination_id, tx)
            follower = await self.store.follower(self._follower(citizen, current), tx)
            if follower is None:
                return current
            if follower.proposed:
                raise SupportedAlready("This is your own proposal; it stays counted as one.")
            await self.store.remove_follower(follower.id, tx)
            await self.store.count_support(nomination_id, -1, tx)
            return await self.get(nomination_id, tx)

        return await self._database.transact(work)

    async def support(self, citizen: Citizen | None, nomination: Nomination) -> Follower | None:
        """This citizen's support for a nomination, if they gave it."""
        return await self.store.follower(self._follower(citizen, nomination)) if citizen else None

    # Other rooms

    async def shortlisted(self, episode: str, tx: Tx | None = None) -> list[str]:
        """The targets on an episode's shortlist, each once, most supported first."""
        return await self.store.shortlisted(episode, tx)

    async def note(
        self,
        tx: Tx,
        episode: str,
        target: str,
        to: State,
        *,
        into: str | None = None,
        code: Code | None = None,
        by: str = "system",
    ) -> int:
        """Moves every nomination of a target whose fate is decided (drawn; excluded, `code` says why; inspected, `into`
        names the inspection), in the caller's transaction. What was noted before, or merged into another, stays.
        Returns how many moved.
        """
        moved = 0
        for nomination in await self.store.find(episode, target=target, tx=tx):
            if to in MOVES[nomination.state]:
                await self.moves.move(tx, nomination, to, by, code=code, into=into)
                moved += 1
        return moved


def scope_of(episode: str) -> str:
    """In what their pseudonyms name people."""
    return f"nominations:{episode}"


def work_scope(episode: str) -> str:
    """What the work is done for."""
    return f"nominate:{episode}"
