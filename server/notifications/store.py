"""How news is kept."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from server.kit.documents import document, noun
from server.kit.mongo import Database, Tx
from server.notifications.model import Message

UNREAD = {"read_at": None}


class MessageStore:
    """News, of which old ones go by themselves, and letters that are still to be delivered."""

    def __init__(self, database: Database, keep: timedelta) -> None:
        self._messages = database.collection("messages")
        self._letters = database.collection("letters")
        self._keep = keep

    async def prepare(self) -> None:
        """Indexes: one for the inbox, newest first, one for the count of what is unread, one that forgets."""
        await self._messages.ensure_index([("inbox", 1), ("at", -1)])
        await self._messages.ensure_index([("inbox", 1)], partial=UNREAD, name="unread")
        await self._messages.ensure_index([("at", 1)], expire_after=self._keep)

    async def insert(self, messages: Iterable[Message], tx: Tx) -> None:
        """Keeps new news."""
        await self._messages.insert_many([document(m) for m in messages], tx=tx)

    async def put_off(self, letter: Message, tx: Tx) -> None:
        """Keeps a piece of news whose `inbox` is a topic, to be delivered to all who follow it."""
        await self._letters.insert(document(letter), tx=tx)

    async def waiting(self) -> list[Message]:
        """What is to be delivered, oldest first."""
        return [noun(Message, d) for d in await self._letters.find({}, sort=[("at", 1)])]

    async def deliver(self, messages: Sequence[Message]) -> None:
        """Keeps those that are not there yet."""
        await self._messages.insert_many([document(m) for m in messages])

    async def done(self, letter: Message) -> None:
        """Forgets a letter that everybody has."""
        await self._letters.delete({"_id": letter.id})

    async def find(self, inboxes: Sequence[str], limit: int) -> list[Message]:
        """The newest of these inboxes."""
        wanted = {"inbox": {"$in": list(inboxes)}}
        found = await self._messages.find(wanted, sort=[("at", -1), ("_id", -1)], limit=limit)
        return [noun(Message, d) for d in found]

    async def count_unread(self, inboxes: Sequence[str]) -> int:
        """How many are not read yet."""
        return await self._messages.count({"inbox": {"$in": list(inboxes)}, **UNREAD})

    async def read_all(self, inboxes: Sequence[str], until: datetime, now: datetime) -> None:
        """Marks as read what had come by a moment."""
        wanted = {"inbox": {"$in": list(inboxes)}, "at": {"$lte": until}, **UNREAD}
        await self._messages.update_all(wanted, {"$set": {"read_at": now}})
