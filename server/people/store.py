"""How people are kept: accounts, sessions and invitations, secrets by their digests only."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from server.kit.documents import document, maybe, noun
from server.kit.mongo import Database, Tx
from server.people.model import Account, Invitation, Role, Session


class PeopleStore:
    """Three collections; expired sessions and invitations are deleted by the database."""

    def __init__(self, database: Database) -> None:
        self._accounts = database.collection("accounts")
        self._sessions = database.collection("sessions")
        self._invitations = database.collection("invitations")
        self._secrets = database.collection("secrets")

    async def prepare(self) -> None:
        """Indexes."""
        await self._accounts.ensure_index([("login", 1)], unique=True)
        await self._accounts.ensure_index([("role", 1)])
        await self._sessions.ensure_index([("digest", 1)], unique=True)
        await self._sessions.ensure_index([("account_id", 1)])
        await self._sessions.ensure_index([("ends_at", 1)], expire_after=timedelta(0))
        await self._invitations.ensure_index([("digest", 1)], unique=True)
        await self._invitations.ensure_index([("expires_at", 1)], expire_after=timedelta(days=7))

    async def secret(self, name: str, fresh: bytes) -> bytes:
        """A random secret that all servers share, made by whoever asks first."""
        kept = await self._secrets.find_one_and_update({"_id": name}, {"$setOnInsert": {"value": fresh}}, upsert=True)
        assert kept is not None
        return bytes(kept["value"])

    # Accounts

    async def account(self, account_id: str) -> Account | None:
        """The account with this id."""
        return maybe(Account, await self._accounts.find_one({"_id": account_id}))

    async def account_by_login(self, login: str) -> Account | None:
        """The account that signs in by this."""
        return maybe(Account, await self._accounts.find_one({"login": login}))

    async def accounts(self, ids: Iterable[str]) -> list[Account]:
        """Accounts by their ids, in the order of those ids."""
        wanted = list(ids)
        found = {d["_id"]: noun(Account, d) for d in await self._accounts.find({"_id": {"$in": wanted}})}
        return [found[i] for i in wanted if i in found]

    async def active(self, role: Role) -> list[Account]:
        """Accounts of a role that are not disabled, oldest first."""
        found = await self._accounts.find({"role": role.value, "disabled_at": None}, sort=[("opened_at", 1)])
        return [noun(Account, d) for d in found]

    async def insert_account(self, account: Account, tx: Tx) -> None:
        """Keeps a new account; Duplicate when the login is taken."""
        await self._accounts.insert(document(account), tx=tx)

    async def set_hash(self, account_id: str, password_hash: str) -> None:
        """Keeps the password hashed anew."""
        await self._accounts.update({"_id": account_id}, {"$set": {"password_hash": password_hash}})

    async def disable(self, account_id: str, at: datetime) -> int:
        """Closes an account; 0 when there is none that is open."""
        return await self._accounts.update({"_id": account_id, "disabled_at": None}, {"$set": {"disabled_at": at}})

    # Sessions

    async def insert_session(self, session: Session) -> None:
        """Keeps a new session."""
        await self._sessions.insert(document(session))

    async def session(self, digest: str) -> Session | None:
        """The session behind a secret's digest."""
        return maybe(Session, await self._sessions.find_one({"digest": digest}))

    async def sessions(self, account_id: str) -> list[Session]:
        """Somebody's sessions, the newest first."""
        found = await self._sessions.find({"account_id": account_id}, sort=[("seen_at", -1)])
        return [noun(Session, d) for d in found]

    async def touch(self, digest: str, seen_at: datetime, idle_until: datetime) -> None:
        """A session was used."""
        change = {"$set": {"seen_at": seen_at, "idle_until": idle_until}}
        await self._sessions.update({"digest": digest}, change)

    async def end_session(self, **which: str) -> int:
        """Ends one session, by its digest, or by its id and account."""
        wanted = {("_id" if name == "id" else name): value for name, value in which.items()}
        return await self._sessions.delete(wanted)

    async def end_sessions(self, account_id: str) -> None:
        """Ends all sessions of an account."""
        await self._sessions.delete_all({"account_id": account_id})

    # Invitations

    async def insert_invitation(self, invitation: Invitation) -> None:
        """Keeps a new invitation."""
        await self._invitations.insert(document(invitation))

    async def invitation(self, digest: str) -> Invitation | None:
        """The invitation behind a secret's digest."""
        return maybe(Invitation, await self._invitations.find_one({"digest": digest}))

    async def use_invitation(self, digest: str, at: datetime, tx: Tx) -> int:
        """Uses an invitation up; 0 when somebody has."""
        wanted = {"digest": digest, "used_at": None, "expires_at": {"$gt": at}}
        return await self._invitations.update(wanted, {"$set": {"used_at": at}}, tx=tx)
