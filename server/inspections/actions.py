"""Planning, starting and concluding a visit; publishing what it finds."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from server.episodes.actions import Episodes, ReasonNeeded
from server.episodes.lifecycle import Phase
from server.episodes.model import Episode
from server.inspections.model import (
    Inspection,
    Line,
    NoSuchInspection,
    PictureCut,
    State,
    check_gate,
    gate,
    result_codes,
    summarise,
)
from server.inspections.store import InspectionStore
from server.kit.clock import Clock
from server.kit.ids import digest_of, new_secret
from server.kit.mongo import Database, Tx
from server.ledger.actions import Ledger
from server.ledger.model import Fact, Kind
from server.people.actions import People
from server.people.model import SYSTEM, Deed, Person, Role, require
from server.targets.actions import Targets
from server.targets.model import Checklist

TOKEN_LIFE = timedelta(minutes=10)
"""A token opens a connection; the connection may outlast it."""


Started = Callable[[Tx, Inspection], Awaitable[None]]
"""What else happens when a visit begins, in the same transaction."""


class Following(Protocol):
    """What is still to be put right (server.rectifications)."""

    async def open_of_episode(self, episode: str, tx: Tx) -> int: ...


@dataclass(frozen=True)
class Pass:
    """What a publishing token opens: one inspection's channel, for one person."""

    inspection: Inspection
    person: str
    mark: str


class Inspections:
    """The verbs of an inspection."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        people: People,
        targets: Targets,
        episodes: Episodes,
        following: Following,
        clock: Clock,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._people = people
        self._targets = targets
        self._episodes = episodes
        self._following = following
        self._clock = clock
        self.store = InspectionStore(database)
        self.on_started: Started | None = None

    async def get(self, inspection_id: str, tx: Tx | None = None) -> Inspection:
        """The inspection with this id."""
        inspection = await self.store.get(inspection_id, tx)
        if inspection is None:
            raise NoSuchInspection("There is no such inspection.")
        return inspection

    async def checklist_of(self, inspection: Inspection) -> Checklist:
        """The checklist in the version that the inspection began with."""
        return await self._targets.checklist(inspection.checklist, inspection.checklist_version)

    # Before

    async def gate(self, inspection: Inspection | None) -> tuple[Line, ...]:
        """What stands before the broadcast, line by line."""
        team = inspection.team if inspection else ()
        certified = [p for p in await self._people.by_role(Role.INSPECTOR) if p.certificate and p.id in team]
        return gate(inspection, len(certified))

    async def start(self, actor: Person | None, episode_id: str) -> Inspection:
        """Opens the broadcast; refused while the gate is red."""
        person = require(actor, Deed.CONDUCT)
        episode = await self._episodes.get(episode_id)
        episode.check_phase(Phase.READY)
        inspection = await self.get(episode.inspection or "")
        check_gate(await self.gate(inspection))

        async def work(tx: Tx) -> Inspection:
            current = await self._episodes.get(episode_id, tx)
            await self._episodes.move(tx, current, Phase.LIVE, person.mark)
            begun = replace(inspection, state=State.LIVE, started_at=self._clock())
            await self.store.save(begun, tx)
            body = {"target": inspection.target}
            await self._record(tx, Kind.INSPECTION_STARTED, begun, person.mark, body)
            if self.on_started:
                await self.on_started(tx, begun)
            return begun

        return await self._database.transact(work)

    # The broadcast

    async def issue_token(self, actor: Person | None, inspection_id: str) -> tuple[str, datetime]:
        """A short-lived token for publishing to this inspection's channel, and when it ends."""
        person = require(actor, Deed.BROADCAST_TOKEN)
        inspection = await self.get(inspection_id)
        inspection.check_team(person.id)
        inspection.check_live()
        if inspection.cut_at:
            raise PictureCut("The picture of this inspection was cut; it cannot be shown again.")
        secret, expires_at = new_secret(), self._clock() + TOKEN_LIFE
        await self.store.keep_token(digest_of(secret), inspection.id, person.id, person.mark, expires_at)
        return secret, expires_at

    async def look_up(self, token: str) -> Pass | None:
        """What a token opens, None when it opens nothing (any more)."""
        found = await self.store.token(digest_of(token), self._clock())
        if found is None or found["person"] not in {p.id for p in await self._people.by_role(Role.INSPECTOR)}:
            return None  # Whose account was closed meanwhile is nobody's publisher.
        return Pass(await self.get(found["inspection"]), found["person"], found["mark"])

    async def note_broadcast(self, kind: Kind, inspection_id: str, by: str, **body: str) -> None:
        """Records what happened to the picture."""
        inspection = await self.get(inspection_id)

        async def work(tx: Tx) -> None:
            await self._record(tx, kind, inspection, by, body)

        await self._database.transact(work)

    async def cut(self, actor: Person | None, inspection_id: str, reason: str) -> Inspection:
        """Ends the public picture for good; who and why is public. The caller stops the channel."""
        person = require(actor, Deed.CUT)
        if not reason:
            raise ReasonNeeded("Please give the reason; everybody will read it.", where="reason")

        async def work(tx: Tx) -> Inspection:
            inspection = await self.get(inspection_id, tx)
            inspection.check_live()
            if inspection.cut_at:
                return inspection  # The first to cut stands in the record; the caller makes sure of the channel.
            cut = replace(inspection, cut_at=self._clock())
            await self.store.save(cut, tx)
            await self._record(tx, Kind.BROADCAST_CUT, cut, person.mark, {"reason": reason})
            return cut

        await self.store.forget_tokens(inspection_id)
        return await self._database.transact(work)

    # After

    async def conclude(self, actor: Person | None, episode_id: str) -> Inspection:
        """Ends the visit; the episode follows its rectifications, or closes when there are none."""
        person = require(actor, Deed.CONDUCT)
        episode = await self._episodes.get(episode_id)
        episode.check_phase(Phase.LIVE)
        inspection = await self.get(episode.inspection or "")
        checklist = await self.checklist_of(inspection)

        async def work(tx: Tx) -> Inspection:
            findings = await self.store.findings(tx, inspection=inspection.id)
            ended = replace(
                await self.get(inspection.id, tx),
                state=State.CONCLUDED,
                concluded_at=self._clock(),
                results=result_codes(findings),
            )
            await self.store.save(ended, tx)
            summary = summarise(findings, len(checklist.items))
            body = {
                "target": inspection.target,
                "results": [code.value for code in ended.results],
                "checked": summary.checked,
                "passed": summary.passed,
                "failed": summary.failed,
            }
            await self._record(tx, Kind.INSPECTION_CONCLUDED, ended, person.mark, body)
            await self._follow(tx, episode_id, person.mark)
            return ended

        await self.store.forget_tokens(inspection.id)
        return await self._database.transact(work)

    async def cancel(self, actor: Person | None, episode_id: str, reason: str) -> Episode:
        """Ends an episode before its time, and its visit with it; the reason is public. The caller ends the channel."""
        person = require(actor, Deed.CONDUCT)
        if not reason:
            raise ReasonNeeded("Please give the reason; everybody will read it.", where="reason")

        async def work(tx: Tx) -> Episode:
            episode = await self._episodes.get(episode_id, tx)
            if episode.inspection:
                await self._cancel_visit(tx, episode.inspection)
            return await self._episodes.move(tx, episode, Phase.CANCELLED, person.mark, reason=reason)

        return await self._database.transact(work)

    async def _cancel_visit(self, tx: Tx, inspection_id: str) -> None:
        """A visit that was concluded stays so: what it found is followed in any case."""
        inspection = await self.get(inspection_id, tx)
        if inspection.state in (State.PLANNED, State.LIVE):
            await self.store.save(replace(inspection, state=State.CANCELLED, concluded_at=self._clock()), tx)
            await self.store.forget_tokens(inspection.id)

    async def _follow(self, tx: Tx, episode_id: str, by: str) -> None:
        current = await self._episodes.get(episode_id, tx)
        for to in (Phase.CONCLUDED, Phase.FOLLOWING):
            current = await self._episodes.move(tx, current, to, by)
        if not await self._following.open_of_episode(episode_id, tx):
            await self._episodes.move(tx, current, Phase.CLOSED, by)

    async def close_if_done(self, tx: Tx, episode_id: str) -> None:
        """Closes a followed episode once its last rectification is closed."""
        episode = await self._episodes.get(episode_id, tx)
        if episode.phase is Phase.FOLLOWING and not await self._following.open_of_episode(episode_id, tx):
            await self._episodes.move(tx, episode, Phase.CLOSED, SYSTEM.mark)

    async def _record(self, tx: Tx, kind: Kind, inspection: Inspection, by: str, body: Mapping[str, object]) -> None:
        fact = Fact(kind, self._clock(), inspection.id, by, body, inspection.episode)
        await self._ledger.record(tx, fact)
