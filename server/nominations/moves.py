"""One step of a nomination's fate: saved, on record, and told to everybody who follows it."""

from dataclasses import replace
from typing import Any

from server.kit.clock import Clock
from server.kit.errors import ChangedMeanwhile
from server.kit.mongo import Tx
from server.ledger.actions import Ledger
from server.ledger.model import Fact, Kind
from server.nominations.model import Nomination, NoSuchNomination, State
from server.nominations.store import NominationStore
from server.notifications.actions import Notifications

TOLD_AT_ONCE = 200
"""More followers than these are told after the commit: no ballot or draw waits for a hundred thousand letters."""


class Moves:
    """What citizens' verbs, operators' verbs and other rooms' `note` have in common."""

    def __init__(self, store: NominationStore, ledger: Ledger, notifications: Notifications, clock: Clock) -> None:
        self.store = store
        self._ledger = ledger
        self._notifications = notifications
        self._clock = clock

    async def get(self, nomination_id: str, tx: Tx | None = None, version: int | None = None) -> Nomination:
        """The nomination with this id, if need be in the version that somebody decided about."""
        nomination = await self.store.get(nomination_id, tx)
        if nomination is None:
            raise NoSuchNomination("There is no such proposal.")
        if version is not None and nomination.version != version:
            raise ChangedMeanwhile
        return nomination

    async def move(
        self,
        tx: Tx,
        nomination: Nomination,
        to: State,
        by: str,
        *,
        code: str | None = None,
        into: str | None = None,
        **changes: Any,
    ) -> Nomination:
        """Takes a step that was checked; `code` and `into` say why and where to, `changes` are further fields."""
        now = self._clock()
        body = {"from": nomination.state.value, "to": to.value, "code": code, "into": into}
        moved = replace(nomination, state=to, code=code, into=into, **changes)
        fact = Fact(Kind.NOMINATION_MOVED, now, moved.id, by, body, moved.episode)
        news = code if code and to is nomination.state else to.value
        return await self.change(tx, moved, fact, news, why=code or "", into=into or "")

    async def change(self, tx: Tx, changed: Nomination, fact: Fact, news: str, **parameters: str) -> Nomination:
        """Saves a change with its fact, and tells the followers."""
        await self.store.save(changed, tx)
        await self._ledger.record(tx, fact)
        said = {"nomination": changed.id, **{name: value for name, value in parameters.items() if value}}
        if changed.supporters > TOLD_AT_ONCE:
            await self._notifications.tell_later(tx, changed.id, f"nomination.{news}", changed.url, **said)
        else:
            followers = await self.store.inboxes(changed.id, tx)
            await self._notifications.tell(tx, followers, f"nomination.{news}", changed.url, **said)
        return replace(changed, version=changed.version + 1)
