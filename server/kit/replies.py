"""Facts into replies: HTML or its JSON twin, one shape for every error. Alone in knowing HTTP's numbers."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any
from urllib.parse import quote

from aiohttp import web

from server.kit.clock import iso
from server.kit.errors import Invalid, NotAllowed, NotFound, Refusal, TooLate, TooMany, Unavailable

Render = Callable[[web.Request, str, object], str]
"""Draws a template (request, name, facts) as HTML."""
Translate = Callable[[web.Request, Refusal], str]
"""Says a refusal in the asker's language."""

RENDER: web.AppKey[Render] = web.AppKey("render", Callable)  # type: ignore[arg-type]  # AppKey wants a class
TRANSLATE: web.AppKey[Translate] = web.AppKey("translate", Callable)  # type: ignore[arg-type]  # the same
SIGN_IN = "/sign-in"

STATUS: Mapping[type[Refusal], int] = {
    Invalid: 400,
    NotAllowed: 403,
    NotFound: 404,
    TooLate: 409,
    TooMany: 429,
    Unavailable: 503,
}


@dataclass(frozen=True)
class Page:
    """What a reading handler returns: a template's name and the facts it shows."""

    template: str
    facts: object
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """What a writing handler returns: where to look now, and the facts for a program."""

    location: str
    facts: object = field(default_factory=dict)
    status: int = 201


Answer = Page | Done | web.StreamResponse


@dataclass(frozen=True)
class ErrorPage:
    """Facts of error.html: HTTP status, the kind of refusal, the sentence, the field it is about."""

    status: int
    kind: str
    message: str
    where: str | None = None


def wants_json(request: web.Request) -> bool:
    """A `.json` address, or a client that accepts JSON and not HTML."""
    accept = request.headers.get("Accept", "")
    return request.path.endswith(".json") or ("application/json" in accept and "text/html" not in accept)


def page(request: web.Request, answer: Page) -> web.Response:
    """The facts as HTML or as JSON."""
    headers = {"Vary": "Accept", **answer.headers}
    if wants_json(request):
        return json_reply(answer.facts, status=answer.status, headers=headers)
    text = _sendable(request.app[RENDER](request, answer.template, answer.facts))
    return web.Response(text=text, status=answer.status, headers=headers, content_type="text/html")


def done(request: web.Request, answer: Done) -> web.Response:
    """JSON facts for a program; for a form, 303 to the page that shows what happened (RFC 9110, 15.4.4)."""
    if wants_json(request):
        return json_reply(answer.facts, status=answer.status, headers={"Location": answer.location})
    return web.Response(status=303, headers={"Location": answer.location})


def json_reply(facts: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Any facts as UTF-8 JSON."""
    text = _sendable(json.dumps(jsonable(facts), ensure_ascii=False))
    return web.Response(text=text, status=status, headers=headers, content_type="application/json")


def _sendable(text: str) -> str:
    """Broken characters that somebody sent, and that a message repeats, become question marks."""
    return text.encode("utf-8", "replace").decode()


def jsonable(value: Any) -> Any:
    """Dataclasses, moments, days and enums as plain JSON values."""
    match value:
        case datetime():
            return iso(value)
        case date():
            return value.isoformat()
        case Enum():
            return value.value
        case bytes():
            return value.hex()
        case Mapping():
            return {str(key): jsonable(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [jsonable(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: jsonable(getattr(value, f.name)) for f in dataclasses.fields(value)}
    return value


def refused(request: web.Request, refusal: Refusal, *, known: bool) -> web.Response:
    """A refusal as a reply; a page that needs a sign-in sends an unknown asker there."""
    status = next((code for kind, code in STATUS.items() if isinstance(refusal, kind)), 400)
    if status == 403 and not known:
        if request.method == "GET" and not wants_json(request):
            return web.Response(status=303, headers={"Location": f"{SIGN_IN}?next={quote(request.path_qs)}"})
        status = 401
    message = request.app[TRANSLATE](request, refusal)
    reply = failed(request, ErrorPage(status, type(refusal).__name__, message, refusal.where))
    wait = getattr(refusal, "retry_after", None)
    if wait:
        reply.headers["Retry-After"] = str(max(1, round(wait)))
    return reply


def failed(request: web.Request, facts: ErrorPage) -> web.Response:
    """The one error shape: `{"error": {status, kind, message, where}}`, or error.html for who asks for HTML."""
    if wants_json(request) or "text/html" not in request.headers.get("Accept", ""):
        return json_reply({"error": facts}, status=facts.status)
    text = _sendable(request.app[RENDER](request, "error.html", facts))
    return web.Response(text=text, status=facts.status, content_type="text/html")
