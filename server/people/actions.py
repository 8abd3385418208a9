"""Inviting people, signing them in and out, knowing who asks."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.kit.clock import Clock
from server.kit.errors import Invalid, NotAllowed, NotFound
from server.kit.ids import digest_of, new_id, new_secret
from server.kit.mongo import Database, Duplicate, Tx
from server.ledger.actions import Ledger
from server.ledger.model import Fact, Kind
from server.people.model import (
    INVITED_ROLES,
    NAME_LENGTH,
    Account,
    Deed,
    Invitation,
    Person,
    Role,
    Session,
    check_password,
    normal_login,
    require,
)
from server.people.passwords import Passwords
from server.people.store import PeopleStore
from server.people.throttle import Throttle

REMEMBER_SECONDS = 2
"""How long a recognised session is believed without asking the database: a revocation elsewhere holds after that."""
MOST_REMEMBERED = 10_000
TOUCH_AFTER = timedelta(minutes=1)


class WrongPassword(NotAllowed):
    """Login and password do not belong together; which of them is wrong is not said."""


class BadInvitation(NotFound):
    """An invitation that opens nothing (any more)."""


class LoginTaken(Invalid):
    """Somebody else signs in by this."""


@dataclass(frozen=True)
class Remembered:
    """A session as this server last saw it."""

    person: Person
    session: Session
    until: datetime


@dataclass(frozen=True)
class Spans:
    """How long things last."""

    idle: timedelta
    session: timedelta
    invitation: timedelta


class People:
    """The verbs of people."""

    def __init__(self, database: Database, ledger: Ledger, clock: Clock, *, spans: Spans, attempts: int) -> None:
        self._database = database
        self._ledger = ledger
        self._clock = clock
        self._spans = spans
        self._attempts = attempts
        self._passwords = Passwords()
        self._remembered: dict[str, Remembered] = {}
        self._revocations = 0
        self._throttle = Throttle(database, clock, b"", attempts)
        self.store = PeopleStore(database)

    async def prepare(self) -> None:
        """Indexes, and the key under which attempts are counted."""
        await self.store.prepare()
        key = await self.store.secret("throttle", secrets.token_bytes(32))
        self._throttle = Throttle(self._database, self._clock, key, self._attempts)
        await self._throttle.prepare()

    # Accounts

    async def invite(
        self,
        actor: Person | None,
        role: Role,
        name: str,
        *,
        department: str = "",
        certificate: str = "",
        districts: Iterable[str] = (),
        categories: Iterable[str] = (),
    ) -> tuple[Invitation, str]:
        """An invitation and its secret, which is shown once."""
        require(actor, Deed.INVITE)
        if role not in INVITED_ROLES:
            raise Invalid("Nobody can be invited as “{role}”.", where="role", role=role.value)
        name = name.strip()
        if not 0 < len(name) <= NAME_LENGTH:
            raise Invalid("A name has 1 to {most} characters.", where="name", most=NAME_LENGTH)
        secret, now = new_secret(), self._clock()
        invitation = Invitation(
            id=new_id("iv"),
            digest=digest_of(secret),
            role=role,
            name=name,
            created_at=now,
            expires_at=now + self._spans.invitation,
            department=department.strip(),
            certificate=certificate.strip(),
            districts=tuple(districts),
            categories=tuple(categories),
        )
        await self.store.insert_invitation(invitation)
        return invitation, secret

    async def invitation(self, secret: str) -> Invitation:
        """The invitation behind a link, while it is open."""
        invitation = await self.store.invitation(_digest(secret))
        if invitation is None or not invitation.is_open(self._clock()):
            raise BadInvitation("This invitation was used or has expired. Ask the operator for a new one.")
        return invitation

    async def accept(self, secret: str, login: str, password: str) -> Person:
        """Opens the account that an invitation is for; the invitation is used up with it, once."""
        invitation = await self.invitation(secret)
        login = normal_login(login)
        check_password(password, login)
        account = self._account(invitation, login, await self._passwords.hash(password))

        async def work(tx: Tx) -> None:
            if not await self.store.use_invitation(invitation.digest, account.opened_at, tx):
                raise BadInvitation("This invitation was used or has expired. Ask the operator for a new one.")
            await self.store.insert_account(account, tx)
            mark = account.person().mark
            fact = Fact(Kind.ACCOUNT_OPENED, account.opened_at, mark, mark, {"role": account.role.value})
            await self._ledger.record(tx, fact)

        try:
            await self._database.transact(work)
        except Duplicate:
            raise LoginTaken("This login is taken. Please choose another.", where="login") from None
        return account.person()

    def _account(self, invitation: Invitation, login: str, password_hash: str) -> Account:
        return Account(
            id=new_id("ac"),
            name=invitation.name,
            role=invitation.role,
            login=login,
            password_hash=password_hash,
            salt=secrets.token_bytes(16),
            opened_at=self._clock(),
            department=invitation.department,
            certificate=invitation.certificate,
            districts=invitation.districts,
            categories=invitation.categories,
        )

    async def disable(self, actor: Person | None, account_id: str) -> None:
        """Closes an account and ends its sessions."""
        require(actor, Deed.INVITE)
        if not await self.store.disable(account_id, self._clock()):
            raise NotFound("There is no such account.")
        await self.revoke_all(account_id)

    async def find(self, ids: Iterable[str]) -> list[Person]:
        """People by their ids, in the order given; whoever is gone is left out."""
        return [a.person() for a in await self.store.accounts(ids)]

    async def by_role(self, role: Role) -> list[Person]:
        """Everybody of a role whose account is open."""
        return [a.person() for a in await self.store.active(role)]

    # Sessions

    async def sign_in(self, login: str, password: str, address: str) -> tuple[Person, str]:
        """Who it is, and the secret of their new session. Wrong and unknown look alike and take as long."""
        try:
            login = normal_login(login)
        except Invalid:
            login = ""
        await self._throttle.admit(login, address)
        account = await self.store.account_by_login(login) if login else None
        right = await self._passwords.is_right(account.password_hash if account else None, password)
        if account is None or not right or account.disabled_at:
            raise WrongPassword("Login or password is wrong. Please check both.", where="password")
        await self._throttle.forgive(login, address)
        if self._passwords.is_outdated(account.password_hash):
            await self.store.set_hash(account.id, await self._passwords.hash(password))
        return account.person(), await self.begin_session(account.id)

    async def begin_session(self, account_id: str) -> str:
        """A new session's secret."""
        secret, now = new_secret(), self._clock()
        session = Session(
            id=new_id("se"),
            account_id=account_id,
            digest=digest_of(secret),
            began_at=now,
            seen_at=now,
            idle_until=now + self._spans.idle,
            ends_at=now + self._spans.session,
        )
        await self.store.insert_session(session)
        return secret

    async def recognise(self, secret: str) -> Person | None:
        """Who a session belongs to, None when it is none or over."""
        digest, now = _digest(secret), self._clock()
        known = self._remembered.get(digest)
        if known is None or known.until <= now or known.session.is_over(now):
            known = await self._look_up(digest, now)
        return known.person if known else None

    async def _look_up(self, digest: str, now: datetime) -> Remembered | None:
        self._remembered.pop(digest, None)
        revocations = self._revocations
        session = await self.store.session(digest)
        if session is None or session.is_over(now):
            return None
        account = await self.store.account(session.account_id)
        if account is None or account.disabled_at:
            return None
        if now - session.seen_at > TOUCH_AFTER:
            await self.store.touch(digest, now, now + self._spans.idle)
        known = Remembered(account.person(), session, now + timedelta(seconds=REMEMBER_SECONDS))
        if revocations == self._revocations:  # Else what was read may have been revoked since.
            self._remember(digest, known)
        return known

    def _remember(self, digest: str, known: Remembered) -> None:
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[digest] = known

    def _forget(self) -> None:
        """After sessions ended: what is remembered, and what is being looked up, is believed no more."""
        self._revocations += 1
        self._remembered.clear()

    async def sign_out(self, secret: str) -> None:
        """Ends a session."""
        if await self.store.end_session(digest=_digest(secret)):
            self._forget()

    async def sessions(self, actor: Person | None) -> list[Session]:
        """One's own sessions that are not over."""
        person, now = require(actor, Deed.OWN_ACCOUNT), self._clock()
        return [s for s in await self.store.sessions(person.id) if not s.is_over(now)]

    async def revoke(self, actor: Person | None, session_id: str) -> None:
        """Ends one of one's own sessions."""
        person = require(actor, Deed.OWN_ACCOUNT)
        if not await self.store.end_session(id=session_id, account_id=person.id):
            raise NotFound("There is no such session.")
        self._forget()

    async def revoke_all(self, account_id: str) -> None:
        """Ends every session of an account."""
        await self.store.end_sessions(account_id)
        self._forget()


def _digest(secret: str) -> str:
    """What a secret from outside is looked up by. Ours are ASCII; other texts are nobody's, and may not even encode."""
    return digest_of(secret) if secret.isascii() else ""
