"""Telling people what became of what they follow. `tell` is the only way in; further ways out begin behind it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from server.citizens.model import Citizen
from server.kit.clock import Clock
from server.kit.ids import new_id
from server.kit.mongo import Database, Tx
from server.notifications.model import Message, inbox_of, inboxes_of
from server.notifications.store import MessageStore

SHOWN = 100
KEPT = timedelta(days=400)
BATCH = 500
LOOK_SECONDS = 1.0

Followers = Callable[[str], AsyncIterator[str]]
"""The inboxes of everybody who follows a topic."""


class Notifications:
    """Inboxes under keyed pseudonyms: `key` is used for nothing else, so an inbox leads to nobody."""

    def __init__(self, database: Database, key: bytes, clock: Clock) -> None:
        self._key = key
        self._clock = clock
        self.store = MessageStore(database, KEPT)
        self.followers: Followers = _nobody

    def inbox(self, citizen: Citizen) -> str:
        """Where this citizen is told things; what followers are kept by."""
        return inbox_of(citizen, self._key)

    def inboxes(self, citizen: Citizen) -> tuple[str, ...]:
        """All that this citizen may read."""
        return inboxes_of(citizen, self._key)

    async def tell(self, tx: Tx, followers: Iterable[str], code: str, link: str, **parameters: str) -> None:
        """Puts one piece of news into every inbox, once, in the caller's transaction."""
        now = self._clock()
        told = dict.fromkeys(followers)
        await self.store.insert((Message(new_id("ms"), inbox, code, link, now, parameters) for inbox in told), tx)

    async def tell_later(self, tx: Tx, topic: str, code: str, link: str, **parameters: str) -> None:
        """Puts off what very many are to be told: one document in the caller's transaction, delivered after it."""
        await self.store.put_off(Message(new_id("ms"), topic, code, link, self._clock(), parameters), tx)

    async def deliver(self) -> None:
        """Delivers what was put off. Stopped in between, it is done again, and nobody is told twice."""
        for letter in await self.store.waiting():
            batch: list[Message] = []
            async for inbox in self.followers(letter.inbox):
                batch.append(replace(letter, id=f"{letter.id}/{inbox}", inbox=inbox))
                if len(batch) >= BATCH:
                    await self.store.deliver(batch)
                    batch = []
            await self.store.deliver(batch)
            await self.store.done(letter)

    async def deliver_forever(self) -> None:
        """The background task of every server."""
        while True:
            await self.deliver()
            await asyncio.sleep(LOOK_SECONDS)

    async def news(self, citizen: Citizen) -> list[Message]:
        """What this citizen was told, newest first."""
        return await self.store.find(self.inboxes(citizen), SHOWN)

    async def unread(self, citizen: Citizen | None) -> int:
        """How much of it is new; nothing for somebody whom we do not know."""
        return await self.store.count_unread(self.inboxes(citizen)) if citizen else 0

    async def read(self, citizen: Citizen, until: datetime | None = None) -> None:
        """Marks as read what was there when the page was drawn."""
        now = self._clock()
        await self.store.read_all(self.inboxes(citizen), min(until or now, now), now)


async def _nobody(_topic: str) -> AsyncIterator[str]:
    nobody: tuple[str, ...] = ()
    for inbox in nobody:
        yield inbox
