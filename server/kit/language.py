"""Which language somebody reads: the one asked for in the address, else the one chosen before, else the default."""

from aiohttp import web

COOKIE = "lang"
YEAR_SECONDS = 365 * 24 * 3600


class Languages:
    """The languages there are; the first is the default."""

    def __init__(self, *known: str) -> None:
        self._known = known

    def of(self, request: web.Request) -> str:
        """The language of this request."""
        for wanted in (request.query.get(COOKIE), request.cookies.get(COOKIE)):
            if wanted in self._known:
                return str(wanted)
        return self._known[0]

    async def remember(self, request: web.Request, response: web.StreamResponse) -> None:
        """Keeps a choice made in the address. Signal: on_response_prepare."""
        if request.query.get(COOKIE) in self._known and not response.prepared:
            response.set_cookie(COOKIE, request.query[COOKIE], max_age=YEAR_SECONDS, samesite="Lax")
