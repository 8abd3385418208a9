"""Doors of people: signing in and out, invitations, one's own account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from server.kit.doors import WHO, Doors
from server.kit.forms import form, id_in_path
from server.kit.guard import SESSION_COOKIE
from server.kit.ids import digest_of
from server.kit.replies import Answer, Done, Page, done
from server.people.actions import People
from server.people.model import Deed, Person, is_own_path, require, start_page


@dataclass(frozen=True)
class SignInPage:
    """Facts of people/sign_in.html."""

    next: str


@dataclass(frozen=True)
class InvitationPage:
    """Facts of people/invitation.html."""

    name: str
    role: str
    token: str
    expires_at: datetime


@dataclass(frozen=True)
class SessionView:
    """A signed-in browser."""

    id: str
    seen_at: datetime
    current: bool


@dataclass(frozen=True)
class AccountPage:
    """Facts of people/account.html."""

    name: str
    role: str
    login: str
    sessions: Sequence[SessionView]


class Cookies:
    """The session cookie: never readable by scripts, never sent along by other sites' forms."""

    def __init__(self, *, secure: bool, days: int) -> None:
        self._secure = secure
        self._seconds = days * 24 * 3600

    def set(self, response: web.StreamResponse, secret: str) -> web.StreamResponse:
        """Gives the browser its session."""
        response.set_cookie(
            SESSION_COOKIE,
            secret,
            max_age=self._seconds,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=self._secure,
        )
        return response

    def clear(self, response: web.StreamResponse) -> web.StreamResponse:
        """Takes it away."""
        response.del_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="Lax", secure=self._secure)
        return response


def person(request: web.Request) -> Person | None:
    """Who is asking."""
    who = request.get(WHO)
    return who if isinstance(who, Person) else None


def add_doors(doors: Doors, people: People, cookies: Cookies) -> None:
    """Signing in and out, then invitations, then the account."""
    _add_signing(doors, people, cookies)
    _add_invitations(doors, people, cookies)
    _add_account(doors, people)


def _add_signing(doors: Doors, people: People, cookies: Cookies) -> None:
    async def page(request: web.Request) -> Answer:
        return Page("people/sign_in.html", SignInPage(_next(request.query.get("next", ""))))

    async def sign_in(request: web.Request) -> Answer:
        sent = await form(request)
        login, wanted = sent.text("login", max_length=200), _next(sent.text("next", required=False))
        who, secret = await people.sign_in(login, sent.secret("password"), request.remote or "")
        await _end_old_session(request, people)
        location = wanted or start_page(who.role)
        return cookies.set(done(request, Done(location, {"name": who.name, "role": who.role}, 200)), secret)

    async def sign_out(request: web.Request) -> Answer:
        await _end_old_session(request, people)
        return cookies.clear(done(request, Done("/", status=200)))

    doors.page("/sign-in", page, deed=Deed.SIGN_IN)
    doors.act("/sign-in", sign_in, deed=Deed.SIGN_IN)
    doors.act("/sign-out", sign_out, deed=Deed.SIGN_IN)


def _add_invitations(doors: Doors, people: People, cookies: Cookies) -> None:
    async def page(request: web.Request) -> Answer:
        token = request.match_info["token"]
        invitation = await people.invitation(token)
        facts = InvitationPage(invitation.name, invitation.role.value, token, invitation.expires_at)
        return Page("people/invitation.html", facts, headers={"Cache-Control": "no-store"})

    async def accept(request: web.Request) -> Answer:
        sent = await form(request)
        who = await people.accept(
            request.match_info["token"], sent.text("login", max_length=200), sent.secret("password")
        )
        secret = await people.begin_session(who.id)
        await _end_old_session(request, people)
        return cookies.set(done(request, Done(start_page(who.role), {"name": who.name, "role": who.role})), secret)

    doors.page("/invitations/{token}", page, deed=Deed.SIGN_IN)
    doors.act("/invitations/{token}", accept, deed=Deed.SIGN_IN)


def _add_account(doors: Doors, people: People) -> None:
    async def page(request: web.Request) -> Answer:
        who = require(person(request), Deed.OWN_ACCOUNT)
        current = digest_of(request.cookies.get(SESSION_COOKIE, ""))
        sessions = [SessionView(s.id, s.seen_at, s.digest == current) for s in await people.sessions(who)]
        return Page("people/account.html", AccountPage(who.name, who.role.value, who.login, sessions))

    async def revoke(request: web.Request) -> Answer:
        await people.revoke(person(request), id_in_path(request))
        return Done("/account", status=200)

    doors.page("/account", page, deed=Deed.OWN_ACCOUNT)
    doors.act("/account/sessions/{id}/revoke", revoke, deed=Deed.OWN_ACCOUNT)


async def _end_old_session(request: web.Request, people: People) -> None:
    """A browser has one session at a time: the one it came with must not outlive its cookie."""
    await people.sign_out(request.cookies.get(SESSION_COOKIE, ""))


def _next(path: str) -> str:
    """Where to go after signing in: on this site only."""
    return path if is_own_path(path) else ""
