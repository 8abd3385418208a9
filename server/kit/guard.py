"""Middlewares around every door: errors into replies, safe headers, same-origin writes, who is asking."""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware

from server.kit.doors import WHO
from server.kit.errors import N_, NotAllowed, Refusal
from server.kit.ids import new_id
from server.kit.replies import TRANSLATE, ErrorPage, failed, refused

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Recognise = Callable[[str], Awaitable[object | None]]
"""The person behind a session secret, or None."""

SESSION_COOKIE = "session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
}


SENTENCES = {
    404: N_("There is nothing at this address."),
    405: N_("This address does not take that kind of request."),
    413: N_("What was sent is too large. Send less at once, or a smaller photo."),
}
"""What is said where no handler of ours was reached."""


class CrossSite(NotAllowed):
    """A write that another site's page tried to make in the name of our visitor."""


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refusals and accidents as the one error shape; an accident gets a number that the log also has."""
    try:
        return await handler(request)
    except Refusal as refusal:
        # A cross-site write is refused before anybody is recognised; signing in would not help.
        known = request.get(WHO) is not None or isinstance(refusal, CrossSite)
        return refused(request, refusal, known=known)
    except web.HTTPException as problem:
        if problem.status < HTTPStatus.BAD_REQUEST:
            raise
        phrase = HTTPStatus(problem.status).phrase
        message = request.app[TRANSLATE](request, Refusal(SENTENCES.get(problem.status, phrase)))
        reply = failed(request, ErrorPage(problem.status, phrase, message))
        if "Allow" in problem.headers:
            reply.headers["Allow"] = problem.headers["Allow"]
        return reply
    except ConnectionResetError:
        raise  # The asker has gone; there is nobody to answer.
    except Exception:
        number = new_id("err")
        log.exception("accident %s at %s %s", number, request.method, _route(request))
        return failed(request, ErrorPage(500, "Accident", number))


def _route(request: web.Request) -> str:
    """The route's pattern, never the address itself: addresses of private links hold secrets."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "(no route)"


async def set_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Safe headers on everything; a page about a person is never kept by a cache. Signal: on_response_prepare."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store" if request.get(WHO) else "no-cache")


@web.middleware
async def real_address(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Behind a reverse proxy of ours: the asker's address is the last in X-Forwarded-For, which that proxy added."""
    forwarded = request.headers.get("X-Forwarded-For", "").rsplit(",", 1)[-1].strip()
    return await handler(request.clone(remote=forwarded) if forwarded else request)


@web.middleware
async def same_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses writes from other sites' pages by Sec-Fetch-Site, or by Origin where a browser is old.

    A request with a Bearer token carries its own authority and no cookie is looked at, so it may come
    from anywhere (WHIP from another page or program).
    """
    if request.method not in SAFE_METHODS and not _bearer(request) and _foreign(request):
        raise CrossSite("This request came from another site. Open the page here and try again.")
    return await handler(request)


def _bearer(request: web.Request) -> bool:
    """Never Basic: a browser adds that by itself, to another site's requests too."""
    return request.headers.get("Authorization", "").lower().startswith("bearer ")


def _foreign(request: web.Request) -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    try:
        return origin is not None and urlsplit(origin).netloc != request.host
    except ValueError:
        return True


def recogniser(recognise: Recognise) -> Middleware:
    """A middleware that knows who is asking by the session cookie."""

    @web.middleware
    async def who(request: web.Request, handler: Handler) -> web.StreamResponse:
        secret = request.cookies.get(SESSION_COOKIE)
        if secret and not _bearer(request):
            person = await recognise(secret)
            if person is not None:
                request[WHO] = person
        return await handler(request)

    return who
