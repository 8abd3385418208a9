"""Doors of citizens: who a browser is known as, work to do, a code by telephone, a provider that verifies."""

from aiohttp import web

from server.citizens.actions import COOKIE, Citizens
from server.citizens.model import Citizen, Tier, Unidentified
from server.kit.doors import Doors
from server.kit.forms import form
from server.kit.replies import Answer, json_reply
from server.people.model import Deed

CITIZENS: web.AppKey[Citizens] = web.AppKey("citizens", Citizens)
MAX_SCOPE = 80


class Cookies:
    """The citizen's cookie: never readable by scripts, never sent along by other sites' forms."""

    def __init__(self, *, secure: bool, days: int) -> None:
        self._secure = secure
        self._seconds = days * 24 * 3600

    def set(self, response: web.StreamResponse, text: str) -> web.StreamResponse:
        """Gives the browser what it is known by."""
        return self.put(response, COOKIE, text, self._seconds)

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


def add_doors(doors: Doors, citizens: Citizens, cookies: Cookies) -> None:
    """The page, then the ways to be known."""
    doors.app[CITIZENS] = citizens

    async def challenge(request: web.Request) -> Answer:
        scope = (await form(request)).text("scope", max_length=MAX_SCOPE)
        who, text = citizen(request), ""
        if who is None:
            who, text = citizens.new_device()
        reply: web.StreamResponse = json_reply(citizens.challenge(who, scope), headers={"Cache-Control": "no-store"})
        return cookies.set(reply, text) if text else reply

    doors.act("/citizen/challenge", challenge, deed=Deed.IDENTIFY)
