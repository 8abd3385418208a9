"""How this room says no over HTTP: one JSON error shape, cross-origin headers included."""

from collections.abc import Awaitable, Callable

from aiohttp import web

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
    "Access-Control-Expose-Headers": "Location, ETag, Link, Retry-After",
    "Access-Control-Max-Age": "86400",
}
CHALLENGES = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "5"}}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Refusal(Exception):
    """A request that cannot be served; `message` says what was wrong, where, and what to do."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message

    def reply(self) -> web.Response:
        """The refusal as HTTP."""
        body = {"error": {"status": self.status, "kind": self.kind, "message": self.message, "where": None}}
        return web.json_response(body, status=self.status, headers=CORS | CHALLENGES.get(self.status, {}))


def refusing(handler: Handler) -> Handler:
    """Wrap a handler so that a `Refusal` raised inside becomes its reply."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refusal as refusal:
            return refusal.reply()

    return guarded
