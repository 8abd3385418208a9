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
        chosen = request.query.get(COOKIE)
        if chosen in self._known:  # As a header: cookies were written into the headers before this signal.
            response.headers.add("Set-Cookie", f"{COOKIE}={chosen}; Max-Age={YEAR_SECONDS}; Path=/; SameSite=Lax")
