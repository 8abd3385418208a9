"""What WHIP and WHEP share over HTTP: the offer in, the answer and its resource out, cross-origin replies."""

import secrets
from collections.abc import Iterable, Sequence

from aiohttp import hdrs, web

from streaming.peer import IceServer
from streaming.refusals import CORS, Refusal

SDP = "application/sdp"
OFFER_BYTES = 64 * 1024


def bearer(request: web.Request) -> str:
    """The bearer token of a request (RFC 6750, section 2.1)."""
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refusal(401, "no_token", f"{request.path} needs a token: send the header Authorization: Bearer <token>.")
    if not token.isascii():
        raise Refusal(401, "unknown_token", "This token is unknown or has expired: ask for a new one.")
    return token.strip()


async def read_offer(request: web.Request) -> str:
    """The SDP offer in the body (RFC 9725, section 4.2)."""
    if request.content_type != SDP:
        raise Refusal(415, "not_sdp", f"The body is {request.content_type}: send the offer with Content-Type: {SDP}.")
    body = bytearray()
    async for part in request.content.iter_any():
        body += part
        if len(body) > OFFER_BYTES:
            raise Refusal(413, "offer_too_large", f"The offer is longer than {OFFER_BYTES} bytes: shorten it.")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Refusal(400, "bad_offer", "The offer is not UTF-8 text: send the browser's SDP.") from error


def new_session() -> str:
    """A name for a connection that cannot be guessed."""
    return secrets.token_urlsafe(16)


def created(request: web.Request, session: str, answer: str, ice_servers: Iterable[IceServer]) -> web.Response:
    """201 with the answer, its resource, and the servers to ask for addresses (RFC 9725, 4.2, 4.6)."""
    reply = web.Response(status=201, text=answer, content_type=SDP, headers=CORS)
    reply.headers[hdrs.LOCATION] = f"{request.path}/{session}"
    reply.headers[hdrs.ETAG] = f'"{session}"'
    for server in ice_servers:
        reply.headers.add("Link", _link(server))
    return reply


async def options(_request: web.Request) -> web.Response:
    """The preflight reply, and what may be posted (RFC 9725, section 4.2)."""
    return web.Response(status=204, headers=CORS | {"Accept-Post": SDP})


async def patch(request: web.Request) -> web.Response:
    """Candidates all travel in offer and answer; trickling them is not supported (RFC 9725, section 4.3)."""
    raise Refusal(405, "no_trickle", f"{request.path} takes no PATCH: send every candidate in the offer.")


def bad_offer(error: Exception) -> Refusal:
    """The refusal of an offer that is not to be understood."""
    return Refusal(400, "bad_offer", f"The offer cannot be answered: {error}. Send a complete SDP offer.")


def no_codec(needed: Sequence[str]) -> Refusal:
    """The refusal of an offer without the codecs that are carried here."""
    return Refusal(415, "no_codec", f"The offer shares no codec: offer {' and '.join(needed)}.")


def _link(server: IceServer) -> str:
    link = f'<{server.url}>; rel="ice-server"'
    if server.username is not None:
        link += f'; username="{server.username}"; credential="{server.credential}"; credential-type="password"'
    return link
