"""Ordering rectifications and moving them to their end."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo

from scheduler.deadlines import Calendar, add_working_days
from server.inspections.model import Finding, NoSuchInspection, words_digest
from server.inspections.store import InspectionStore
from server.kit.clock import Clock
from server.kit.ids import digest_of, new_id, new_secret
from server.kit.mongo import Database, Tx
from server.ledger.actions import Ledger
from server.ledger.model import Fact, Kind
from server.people.model import Deed, Person, Role, require
from server.rectifications.model import (
    OPEN,
    BadLink,
    NoSuchRectification,
    Rectification,
    State,
    Step,
    check_words,
)
from server.rectifications.store import RectificationStore
from server.targets.actions import Targets

Settled = Callable[[Tx, str], Awaitable[None]]
"""Told, in the transaction, that a rectification of this episode is no longer open."""


async def _nothing(_tx: Tx, _episode: str) -> None:
    return None


class Rectifications:
    """The verbs of a rectification. `on_settled` is set by the front door once every room stands."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        targets: Targets,
        clock: Clock,
        *,
        zone: tzinfo,
        days: int,
        objection_days: int,
        calendar: Calendar | None = None,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._targets = targets
        self._clock = clock
        self._zone = zone
        self._days = days
        self._objection_days = objection_days
        self._calendar = calendar or Calendar()
        self._inspections = InspectionStore(database)
        self.store = RectificationStore(database)
        self.on_settled: Settled = _nothing

    def today(self) -> date:
        """The day in the city."""
        return self._clock().astimezone(self._zone).date()

    async def get(self, rectification_id: str, tx: Tx | None = None) -> Rectification:
        """The rectification with this id."""
        rectification = await self.store.get(rectification_id, tx)
        if rectification is None:
            raise NoSuchRectification("There is no such rectification.")
        return rectification

    async def order(self, tx: Tx, finding: Finding, item_title: str, by: str) -> None:
        """Orders what a failing finding asks for, in the finding's transaction."""
        now = self._clock()
        target = await self._targets.get(finding.target)
        step = Step(now, None, State.ORDERED, by, Role.INSPECTOR, finding.words, finding.salt)
        rectification = Rectification(
            id=new_id("re"),
            finding=finding.id,
            inspection=finding.inspection,
            episode=finding.episode,
            target=finding.target,
            district=target.district,
            what=item_title,
            severity=finding.severity,
            state=State.ORDERED,
            ordered_at=now,
            due_on=add_working_days(self.today(), self._days, self._calendar),
            steps=(step,),
        )
        await self.store.take_turn(finding.episode, tx)
        await self.store.insert(rectification, tx)
        body = {
            "finding": finding.id,
            "inspection": finding.inspection,
            "target": finding.target,
            "due_on": rectification.due_on.isoformat(),
        }
        fact = Fact(Kind.RECTIFICATION_ORDERED, now, rectification.id, by, body, finding.episode)
        await self._ledger.record(tx, fact)

    async def withdraw(self, tx: Tx, finding: Finding, by: str) -> None:
        """Ends what a withdrawn finding had set going, in its transaction."""
        rectification = await self.store.of_finding(finding.id, tx)
        if rectification and rectification.open:
            words = finding.withdrawn_reason or ""
            await self._step(tx, rectification, State.WITHDRAWN, by, Role.INSPECTOR, words)

    async def open_of_episode(self, episode: str, tx: Tx) -> int:
        """How many rectifications of an episode are still followed; none is ordered or settled meanwhile."""
        await self.store.take_turn(episode, tx)
        return (await self.store.count_open([episode], tx)).get(episode, 0)

    async def move(self, actor: Person | None, rectification_id: str, to: State, words: str) -> Rectification:
        """An officer's step."""
        person = require(actor, Deed.MOVE_RECTIFICATION)
        return await self._move(rectification_id, to, person.mark, person.role, words)

    async def hand_in(self, link: str, rectification_id: str, words: str) -> Rectification:
        """A business's step, by its private link."""
        inspection = await self.open_link(link)
        rectification = await self.get(rectification_id)
        if rectification.inspection != inspection:
            raise NoSuchRectification("There is no such rectification.")
        mark = f"business:{digest_of(rectification.target)}"
        return await self._move(rectification_id, State.SUBMITTED, mark, Role.BUSINESS, words)

    async def _move(self, rectification_id: str, to: State, mark: str, role: Role, words: str) -> Rectification:
        check_words(to, words)

        async def work(tx: Tx) -> Rectification:
            rectification = await self.get(rectification_id, tx)
            rectification.check_move(to, role, mark, self._clock())
            return await self._step(tx, rectification, to, mark, role, words)

        return await self._database.transact(work)

    async def _step(
        self, tx: Tx, rectification: Rectification, to: State, mark: str, role: Role, words: str
    ) -> Rectification:
        now = self._clock()
        step = Step(now, rectification.state, to, mark, role, words, secrets.token_hex(16))
        moved = replace(
            rectification,
            state=to,
            steps=(*rectification.steps, step),
            due_on=self._due_on(rectification, to),
            objections_until=self._objections_until(rectification, to, now),
        )
        await self.store.save(moved, tx)
        body = {
            "from": rectification.state.value,
            "to": to.value,
            "words_digest": words_digest(step.salt, words),
            "due_on": moved.due_on.isoformat(),
        }
        fact = Fact(Kind.RECTIFICATION_MOVED, now, moved.id, mark, body, moved.episode)
        await self._ledger.record(tx, fact)
        if to not in OPEN:
            await self.store.take_turn(moved.episode, tx)
            await self.on_settled(tx, moved.episode)
        return moved

    def _due_on(self, rectification: Rectification, to: State) -> date:
        if to is State.EXTENDED:
            return add_working_days(max(rectification.due_on, self.today()), self._days, self._calendar)
        if to in (State.RETURNED, State.REOPENED):
            return max(rectification.due_on, add_working_days(self.today(), self._days, self._calendar))
        return rectification.due_on

    def _objections_until(self, rectification: Rectification, to: State, now: datetime) -> datetime | None:
        if to is State.OBJECTION:
            return now + timedelta(days=self._objection_days)
        return None if to is State.REOPENED else rectification.objections_until

    # Private links

    async def make_link(self, actor: Person | None, inspection: str) -> str:
        """A private link for the inspected business; the one before it ends. Shown once, kept as a digest."""
        person = require(actor, Deed.MOVE_RECTIFICATION)
        visit = await self._inspections.get(inspection)
        if visit is None:
            raise NoSuchInspection("There is no such inspection.")
        if person.role is Role.INSPECTOR:
            visit.check_team(person.id)
        secret = new_secret()
        await self.store.keep_link(digest_of(secret), inspection, self._clock())
        return secret

    async def open_link(self, secret: str) -> str:
        """The inspection that a private link opens."""
        inspection = await self.store.link(digest_of(secret))
        if inspection is None:
            raise BadLink("This link opens nothing (any more). Ask the authority for a new one.")
        return inspection
