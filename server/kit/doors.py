"""Where requests come in: every route is added here, with the deed it allows, so that one table holds them all."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from server.kit.replies import Answer, Done, Page, done, page

Handler = Callable[[web.Request], Awaitable[Answer]]
Permit = Callable[[object, str], None]
"""Refuses (NotAllowed) when this asker may not do this deed."""


@dataclass(frozen=True)
class Door:
    """One route as the documentation and the permissions test see it."""

    method: str
    path: str
    deed: str


DOORS: web.AppKey[list[Door]] = web.AppKey("doors", list[Door])
PERMIT: web.AppKey[Permit] = web.AppKey("permit", Callable)  # type: ignore[arg-type]  # AppKey wants a class
WHO: web.RequestKey[object] = web.RequestKey("who", object)


class Doors:
    """Adds routes to an application."""

    def __init__(self, app: web.Application) -> None:
        self.app = app
        if DOORS not in app:
            app[DOORS] = []

    def page(self, path: str, handler: Handler, *, deed: str) -> None:
        """A page and its JSON twin at the same address with `.json` behind it."""
        self.get(json_twin(path), handler, deed=deed)
        self.get(path, handler, deed=deed)

    def get(self, path: str, handler: Handler, *, deed: str) -> None:
        """A reading door; it answers HEAD as well (RFC 9110, 9.1)."""
        self.add("GET", path, handler, deed=deed)
        self.app.router.add_route("HEAD", path, _guarded(handler, deed))

    def act(self, path: str, handler: Handler, *, deed: str) -> None:
        """A writing door."""
        self.add("POST", path, handler, deed=deed)

    def add(self, method: str, path: str, handler: Handler, *, deed: str) -> None:
        """A door of any method."""
        self.app[DOORS].append(Door(method, path, deed))
        self.app.router.add_route(method, path, _guarded(handler, deed))


def json_twin(path: str) -> str:
    """`/episodes/{id}` → `/episodes/{id}.json`; the root's twin is `/index.json`."""
    return "/index.json" if path == "/" else f"{path}.json"


def _guarded(handler: Handler, deed: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def opened(request: web.Request) -> web.StreamResponse:
        request.app[PERMIT](request.get(WHO), deed)
        answer = await handler(request)
        if isinstance(answer, Page):
            return page(request, answer)
        if isinstance(answer, Done):
            return done(request, answer)
        return answer

    return opened
