"""Doors of citizens: who a browser is known as, work to do, a code by telephone, a provider that verifies."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from aiohttp import web

from server.citizens.actions import COOKIE, Citizens
from server.citizens.model import Citizen, Tier, Unidentified
from server.citizens.phones import Phones
from server.citizens.provider import MINUTES, Provider
from server.kit.doors import Doors
from server.kit.errors import NotFound
from server.kit.forms import form
from server.kit.replies import Answer, Done, Page, done, json_reply
from server.people.model import Deed, is_own_path

CITIZENS: web.AppKey[Citizens] = web.AppKey("citizens", Citizens)
MAX_SCOPE = 80
PAGE = "/citizen"
CALLBACK = "/citizen/verify/callback"
VERIFY_COOKIE = "citizen_verify"
Say = Callable[[web.Request, str], str]
"""A sentence of ours in the asker's language."""


@dataclass(frozen=True)
class Verifying:
    """The provider, and what people call it."""

    provider: Provider
    name: str


@dataclass(frozen=True)
class CitizenPage:
    """Facts of citizens/citizen.html: how well this browser is known, and what could make it better known."""

    tier: Tier | None
    phone: bool
    code_waits: bool
    verified: bool
    provider: str
    days: int
    next: str


class Cookies:
    """The citizen's cookie: never readable by scripts, never sent along by other sites' forms."""

    def __init__(self, *, secure: bool, days: int) -> None:
        self._secure = secure
        self.days = days

    def set(self, response: web.StreamResponse, text: str) -> web.StreamResponse:
        """Gives the browser what it is known by."""
        return self.put(response, COOKIE, text, self.days * 24 * 3600)

    def put(self, response: web.StreamResponse, name: str, text: str, seconds: int) -> web.StreamResponse:
        """Any cookie of this room."""
        response.set_cookie(name, text, max_age=seconds, path="/", httponly=True, samesite="Lax", secure=self._secure)
        return response

    def clear(self, response: web.StreamResponse, name: str = COOKIE) -> web.StreamResponse:
        """Takes it away."""
        response.del_cookie(name, path="/", httponly=True, samesite="Lax", secure=self._secure)
        return response


def citizen(request: web.Request) -> Citizen | None:
    """Who asks, by their cookie."""
    return request.app[CITIZENS].recognise(request.cookies.get(COOKIE))


def require_citizen(request: web.Request, least: Tier = Tier.DEVICE) -> Citizen:
    """Who asks; refuses strangers, and those who are known less well than this."""
    who = citizen(request)
    if who is None:
        raise Unidentified("This browser is not known here yet. Please load the page again and allow its cookie.")
    if not who.tier.reaches(least):
        raise Unidentified("Please identify yourself better first, on the page “My identity”.")
    return who


def add_doors(
    doors: Doors, citizens: Citizens, phones: Phones, verifying: Verifying | None, cookies: Cookies, say: Say
) -> None:
    """The page and the work, then the ways to be better known."""
    doors.app[CITIZENS] = citizens
    _add_knowing(doors, phones, verifying, cookies)
    _add_phone(doors, phones, cookies, say)
    _add_verifying(doors, verifying, cookies)


def _add_knowing(doors: Doors, phones: Phones, verifying: Verifying | None, cookies: Cookies) -> None:
    citizens = doors.app[CITIZENS]

    async def page(request: web.Request) -> Answer:
        who = citizen(request)
        facts = CitizenPage(
            tier=who.tier if who else None,
            phone=phones.on,
            code_waits=await phones.waits(who),
            verified=verifying is not None,
            provider=verifying.name if verifying else "",
            days=cookies.days,
            next=_next(request.query.get("next", "")),
        )
        return Page("citizens/citizen.html", facts, headers={"Cache-Control": "no-store"})

    async def challenge(request: web.Request) -> Answer:
        scope = (await form(request)).text("scope", max_length=MAX_SCOPE)
        who, text = citizen(request), ""
        if who is None:
            who, text = citizens.new_device()
        reply: web.StreamResponse = json_reply(citizens.challenge(who, scope), headers={"Cache-Control": "no-store"})
        return cookies.set(reply, text) if text else reply

    async def forget(request: web.Request) -> Answer:
        return cookies.clear(done(request, Done(PAGE, status=200)))

    doors.page(PAGE, page, deed=Deed.IDENTIFY)
    doors.act("/citizen/challenge", challenge, deed=Deed.IDENTIFY)
    doors.act("/citizen/forget", forget, deed=Deed.IDENTIFY)


def _add_phone(doors: Doors, phones: Phones, cookies: Cookies, say: Say) -> None:
    citizens = doors.app[CITIZENS]

    async def send(request: web.Request) -> Answer:
        sent, who = await form(request), require_citizen(request)
        number, after = sent.text("number", max_length=40), _next(sent.text("next", required=False))
        proof = sent.text("proof", required=False)
        await phones.send(who, number, proof, request.remote or "", lambda text: say(request, text))
        return Done(_with_next(after) + "#code", {"tier": who.tier}, 200)

    async def confirm(request: web.Request) -> Answer:
        sent, who = await form(request), require_citizen(request)
        after = _next(sent.text("next", required=False))
        known = await phones.confirm(who, sent.text("code", max_length=20))
        reply = done(request, Done(after or PAGE, {"tier": known.tier}, 200))
        return cookies.set(reply, citizens.cookie_of(known))

    doors.act("/citizen/phone", send, deed=Deed.IDENTIFY)
    doors.act("/citizen/phone/code", confirm, deed=Deed.IDENTIFY)


def _add_verifying(doors: Doors, verifying: Verifying | None, cookies: Cookies) -> None:
    citizens = doors.app[CITIZENS]

    def offered() -> Verifying:
        if verifying is None:
            raise NotFound("Verification by a provider is not offered here.")
        return verifying

    async def begin(request: web.Request) -> Answer:
        provider, who, text = offered().provider, citizen(request), ""
        if who is None:
            who, text = citizens.new_device()
        address, sealed = await provider.begin(who.device, _next(request.query.get("next", "")))
        reply = web.Response(status=303, headers={"Location": address, "Cache-Control": "no-store"})
        cookies.put(reply, VERIFY_COOKIE, sealed, MINUTES * 60)
        return cookies.set(reply, text) if text else reply

    async def back(request: web.Request) -> Answer:
        provider, who = offered().provider, citizen(request)
        sealed = request.cookies.get(VERIFY_COOKIE, "")
        issuer, subject, after = await provider.finish(who.device if who else "", sealed, request.query)
        assert who is not None  # A sealed cookie names a device, and it was this one.
        known = Citizen(who.device, Tier.VERIFIED, citizens.identity(Tier.VERIFIED, issuer, subject))
        reply = web.Response(status=303, headers={"Location": after or PAGE, "Cache-Control": "no-store"})
        return cookies.clear(cookies.set(reply, citizens.cookie_of(known)), VERIFY_COOKIE)

    doors.get("/citizen/verify", begin, deed=Deed.IDENTIFY)
    doors.get(CALLBACK, back, deed=Deed.IDENTIFY)


def _next(path: str) -> str:
    """Where to go once somebody is known: on this site only."""
    return path if is_own_path(path) else ""


def _with_next(after: str) -> str:
    return f"{PAGE}?next={quote(after)}" if after else PAGE
