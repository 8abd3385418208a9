"""Publishing what is found while the camera runs, and striking out what was wrong."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from server.episodes.actions import ReasonNeeded
from server.inspections.actions import Inspections
from server.inspections.evidence import EvidenceStore
from server.inspections.model import (
    Finding,
    Inspection,
    NoSuchFinding,
    NotLive,
    OffTheChecklist,
    Photo,
    Result,
    Severity,
    check_words,
    plausible,
    words_digest,
)
from server.kit.clock import Clock, iso
from server.kit.ids import new_id
from server.kit.mongo import Database, Duplicate, Tx
from server.ledger.actions import Ledger
from server.ledger.model import Fact, Kind
from server.people.model import Deed, Person, require


class Orders(Protocol):
    """What a failing finding sets going, in the same transaction (server.rectifications)."""

    async def order(self, tx: Tx, finding: Finding, item_title: str, by: str) -> None: ...

    async def withdraw(self, tx: Tx, finding: Finding, by: str) -> None: ...


@dataclass(frozen=True)
class Draft:
    """A finding as it comes from the console; `key` is the sender's name for it."""

    item: str
    result: Result
    severity: Severity
    words: str
    key: str
    photos: Sequence[bytes] = ()
    media_at: datetime | None = None


class Findings:
    """The verbs of a finding."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        inspections: Inspections,
        orders: Orders,
        evidence: EvidenceStore,
        clock: Clock,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._inspections = inspections
        self._orders = orders
        self.evidence = evidence
        self._clock = clock
        self.store = inspections.store

    async def get(self, finding_id: str, tx: Tx | None = None) -> Finding:
        """The finding with this id."""
        finding = await self.store.finding(finding_id, tx)
        if finding is None:
            raise NoSuchFinding("There is no such finding.")
        return finding

    async def publish(self, actor: Person | None, inspection_id: str, draft: Draft) -> Finding:
        """Publishes a finding while the camera runs. The same key twice is the same finding."""
        person = require(actor, Deed.PUBLISH_FINDING)
        inspection = await self._inspections.get(inspection_id)
        inspection.check_team(person.id)
        known = await self.store.finding_by_key(inspection_id, draft.key)
        if known:
            return known
        inspection.check_live()
        check_words(draft.result, draft.words)
        item = (await self._inspections.checklist_of(inspection)).item(draft.item)
        if item is None:
            raise OffTheChecklist(
                "The item {item} is not on this inspection's checklist. Choose one that is.",
                where="item",
                item=draft.item,
            )
        kept = [await self.evidence.keep(data) for data in draft.photos]
        photos = list(dict.fromkeys(kept))  # The same picture twice is shown once.

        async def work(tx: Tx) -> Finding:
            return await self._keep_finding(tx, inspection, draft, photos, item.title_zh, person)

        try:
            return await self._database.transact(work)
        except (Duplicate, NotLive):  # The same finding arrived twice at once, perhaps as the inspection ended.
            known = await self.store.finding_by_key(inspection_id, draft.key)
            if known is None:
                raise
            return known

    async def _keep_finding(
        self, tx: Tx, inspection: Inspection, draft: Draft, photos: list[Photo], title: str, person: Person
    ) -> Finding:
        if not await self.store.count_one(inspection.id, tx):
            (await self._inspections.get(inspection.id, tx)).check_live()
        salt, finding_id, now = secrets.token_hex(16), new_id("fi"), self._clock()
        media_at = plausible(draft.media_at, inspection, now)
        body = {
            "inspection": inspection.id,
            "target": inspection.target,
            "item": draft.item,
            "result": draft.result.value,
            "severity": draft.severity.value,
            "words_digest": words_digest(salt, draft.words),
            "photos": [p.sha256 for p in photos],
            "media_at": iso(media_at) if media_at else None,
        }
        fact = Fact(Kind.FINDING_PUBLISHED, now, finding_id, person.mark, body, inspection.episode)
        finding = Finding(
            id=finding_id,
            inspection=inspection.id,
            episode=inspection.episode,
            target=inspection.target,
            item=draft.item,
            result=draft.result,
            severity=draft.severity,
            words=draft.words,
            photos=tuple(photos),
            by=person.id,
            at=now,
            salt=salt,
            key=draft.key,
            ticket=await self._ledger.record(tx, fact),
            media_at=media_at,
        )
        await self.store.insert_finding(finding, tx)
        if finding.result is Result.FAIL:
            await self._orders.order(tx, finding, title, person.mark)
        return finding

    async def settle(self, finding: Finding) -> None:
        """Waits a moment until the finding has its index, so that the sender is told it."""
        await self._ledger.settled(finding.ticket)

    async def withdraw(self, actor: Person | None, finding_id: str, reason: str) -> Finding:
        """Strikes a finding out; it stays visible with the reason."""
        person = require(actor, Deed.WITHDRAW_FINDING)
        if not reason:
            raise ReasonNeeded("Please give the reason; everybody will read it.", where="reason")

        async def work(tx: Tx) -> Finding:
            finding = await self.get(finding_id, tx)
            (await self._inspections.get(finding.inspection, tx)).check_team(person.id)
            if finding.withdrawn_at:
                return finding
            now = self._clock()
            withdrawn = replace(finding, withdrawn_at=now, withdrawn_reason=reason)
            await self.store.save_finding(withdrawn, tx)
            body = {"inspection": finding.inspection, "reason_digest": words_digest(finding.salt, reason)}
            fact = Fact(Kind.FINDING_WITHDRAWN, now, finding.id, person.mark, body, finding.episode)
            await self._ledger.record(tx, fact)
            if finding.result is Result.FAIL:
                await self._orders.withdraw(tx, withdrawn, person.mark)
            return withdrawn

        return await self._database.transact(work)
