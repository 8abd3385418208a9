"""A shorter way in for votes: plain requests are read and answered without the machinery that every other door needs.

What arrives whole in one piece, on a connection where nothing else is going on, and looks exactly like what the voting
page sends, is taken here. Everything else, and every vote that is refused before it waits, goes the ordinary way
untouched (`routes.py`), so nothing ever depends on this file but the number of votes a second.
"""

import asyncio
import json
import re
import time
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus

from aiohttp import web
from aiohttp.http import SERVER_SOFTWARE

from server.ballots.actions import Ballots
from server.ballots.model import Receipt
from server.ballots.receipts import spoken
from server.ballots.routes import NOT_KEPT, options
from server.citizens.actions import COOKIE, Citizens
from server.kit.errors import Refusal
from server.kit.guard import HEADERS, SESSION_COOKIE
from server.kit.language import COOKIE as LANGUAGE
from server.kit.replies import STATUS, ErrorPage, jsonable

_HEAD = re.compile(rb"POST /ballots/(ba_[0-9a-z]{16})/votes HTTP/1\.1((?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\0]*)*)")
_FIELD = re.compile(rb"\r\n([^:]+):[ \t]*([^\r]*)")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,10})[ \t]*(?:\r\n|\Z)", re.IGNORECASE)
_CODED = re.compile(rb"\r\n(?:transfer-encoding|upgrade)", re.IGNORECASE)
_ODD = frozenset({b"transfer-encoding", b"expect", b"upgrade", b"authorization", b"content-encoding", b"trailer"})
_JSON = frozenset({b"application/json", b"application/json; charset=utf-8", b"application/json;charset=utf-8"})
_BEGINNING = b"POST /ballots/"
_HEADERS = "".join(f"{name}: {value}\r\n" for name, value in {**HEADERS, **NOT_KEPT}.items())
_SAFE = _HEADERS + f"Content-Type: application/json; charset=utf-8\r\nServer: {SERVER_SOFTWARE}\r\n"

PIECE_BYTES = 16 * 1024
"""How much is read at once. asyncio's own 256 KiB are allocated and given back for every request."""

Say = Callable[[Refusal, str], str]
"""A refusal in the language whose name a cookie holds, or that is empty."""


class FastDoor:
    """Makes the protocols of a server's connections; one for all of them."""

    def __init__(self, ballots: Ballots, citizens: Citizens, say: Say, *, behind_proxy: bool) -> None:
        self._ballots = ballots
        self._citizens = citizens
        self._say = say
        self._behind_proxy = behind_proxy
        self.taken = 0
        """Votes that came this way, since the start."""
        self._second = 0
        self._constant = ""

    def connection(self, server: web.Server) -> web.RequestHandler:
        """The protocol of a new connection to this server."""
        return VoteProtocol(self, server)

    def take(self, protocol: "VoteProtocol", data: bytes) -> bool:
        """Takes a vote; False, with nothing done, where the ordinary way is needed."""
        head, _, body = data.partition(b"\r\n\r\n")
        matched = _HEAD.fullmatch(head)
        if matched is None:
            return False
        fields = _FIELD.findall(matched[2])
        headers = {name.lower(): value for name, value in fields}
        if len(headers) < len(fields) or not _is_plain(headers, body):
            return False
        cookies = _cookies(headers.get(b"cookie", b""))
        sent = _fields(body)
        if cookies is None or sent is None or cookies.get(SESSION_COOKIE):
            return False
        citizen = self._citizens.recognise(cookies.get(COOKIE))
        if citizen is None:
            return False
        choices, key, proof = sent
        language = cookies.get(LANGUAGE, "")

        def answer(said: Receipt | Refusal, new: bool) -> None:
            protocol.answered(self._reply(said, new, language))

        try:
            vote = self._ballots.checked(
                citizen, self._address(protocol, headers), matched[1].decode(), options(choices), key, proof
            )
        except (KeyError, Refusal):
            return False
        self.taken += 1
        protocol.wait()
        try:
            self._ballots.put(vote, answer)
        except Refusal as busy:
            protocol.answered(self._reply(busy, False, language))
        return True

    def _address(self, protocol: "VoteProtocol", headers: dict[bytes, bytes]) -> str:
        forwarded = headers.get(b"x-forwarded-for", b"") if self._behind_proxy else b""
        if last := forwarded.rpartition(b",")[2].strip():
            return last.decode("latin-1")
        peer = protocol.peername
        return str(peer[0]) if peer else ""

    def _reply(self, said: Receipt | Refusal, new: bool, language: str) -> bytes:
        more = ""
        if isinstance(said, Receipt):
            status, body = ("201 Created" if new else "200 OK"), receipt_json(said).encode()
        else:
            code = next((number for kind, number in STATUS.items() if isinstance(said, kind)), 400)
            status = f"{code} {HTTPStatus(code).phrase}"
            page = ErrorPage(code, type(said).__name__, self._say(said, language), said.where)
            body = json.dumps({"error": jsonable(page)}, ensure_ascii=False).encode()
            if wait := getattr(said, "retry_after", None):
                more = f"Retry-After: {max(1, round(wait))}\r\n"
        return f"HTTP/1.1 {status}\r\n{self._always()}{more}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def _always(self) -> str:
        """The headers that are the same for a second."""
        second = int(time.time())
        if second != self._second:
            self._second, self._constant = second, f"Date: {formatdate(second, usegmt=True)}\r\n{_SAFE}"
        return self._constant


class VoteProtocol(web.RequestHandler):
    """aiohttp's own protocol, which looks at what arrives before it is parsed.

    `_waiter` is aiohttp's: a future that is pending while the connection waits for the next request, and only then.
    """

    __slots__ = ("_done", "_door", "_held", "_voting", "_whole")

    def __init__(self, door: FastDoor, server: web.Server) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), access_log=None)  # type: ignore[arg-type]  # as AppRunner(access_log=None) does
        self._door = door
        self._voting = False
        self._whole = True  # Every piece so far was one whole request, so the parser holds no beginning of another.
        self._held = b""
        self._done: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As aiohttp does; pieces of a request are small, and asyncio makes room for a whole piece each time."""
        super().connection_made(transport)
        if hasattr(transport, "max_size"):
            transport.max_size = PIECE_BYTES

    def data_received(self, data: bytes) -> None:
        """A piece of what a client sends."""
        if self._voting:  # Its turn comes when the vote is answered.
            self._held += data
            if self.transport is not None:
                self.transport.pause_reading()
            return
        if data.startswith(_BEGINNING) and self._whole and self._idle() and self._door.take(self, data):
            return
        if self._whole and data:
            self._whole = is_whole(data)
        super().data_received(data)

    def _idle(self) -> bool:
        waiting = self._waiter is not None and not self._waiter.done()
        return waiting and not self._messages and not self._paused and not self._close and not self._force_close

    def wait(self) -> None:
        """A vote of this connection is under way."""
        self._voting = True

    def answered(self, reply: bytes) -> None:
        """Writes the answer to that vote; what arrived meanwhile is next."""
        self._voting = False
        if self._done is not None and not self._done.done():
            self._done.set_result(None)
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        transport.write(reply)
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        if self._held:
            held, self._held = self._held, b""
            transport.resume_reading()
            self.data_received(held)

    async def shutdown(self, timeout: float | None = 15.0) -> None:
        """Lets a vote that is under way be answered first."""
        if self._voting:
            self._done = self._loop.create_future()
            await asyncio.wait([self._done], timeout=timeout)
        await super().shutdown(timeout)


def is_whole(data: bytes) -> bool:
    """Whether a piece is exactly one request, head and body."""
    head, end, body = data.partition(b"\r\n\r\n")
    if not end or _CODED.search(head):
        return False
    length = _LENGTH.search(head)
    return len(body) == (int(length[1]) if length else 0)


def receipt_json(receipt: Receipt) -> str:
    """`receipt_facts` as JSON, spelled out: nothing in it needs an escape."""
    promise = receipt.promise
    path = ", ".join([f'"{node}"' for node in promise.path])
    choices = ", ".join([f'"{option}"' for option in receipt.choices])
    return (
        f'{{"ballot": "{receipt.ballot}", "code": "{receipt.code}", "choices": [{choices}], '
        f'"tier": "{receipt.tier.value}", "at": "{spoken(receipt.at)}", "promise": {{"index": {promise.index}, '
        f'"size": {promise.size}, "path": [{path}], "signature": "{promise.signature}"}}}}'
    )


def _is_plain(headers: dict[bytes, bytes], body: bytes) -> bool:
    """A JSON body of the length that is said, from a page of ours, by a client that keeps the connection."""
    if not _ODD.isdisjoint(headers) or headers.get(b"content-length") != b"%d" % len(body):
        return False
    if headers.get(b"content-type", b"").strip().lower() not in _JSON or b"text/html" in headers.get(b"accept", b""):
        return False
    return headers.get(b"connection", b"keep-alive").strip().lower() == b"keep-alive" and _is_ours(headers)


def _is_ours(headers: dict[bytes, bytes]) -> bool:
    """`guard.same_origin`, for what is surely ours."""
    site, host = headers.get(b"sec-fetch-site"), headers.get(b"host", b"").strip()
    if site is not None:
        return site.strip() in (b"same-origin", b"none")
    origin = headers.get(b"origin")
    return bool(host) and (origin is None or origin.strip() in (b"http://" + host, b"https://" + host))


def _cookies(text: bytes) -> dict[str, str] | None:
    """The cookies by name; None where one of ours is there twice."""
    pairs = [pair.partition("=") for pair in text.decode("latin-1").split(";")]
    found = {name.strip(): value.strip() for name, _, value in pairs}
    return found if len(found) == len(pairs) else None


def _fields(body: bytes) -> tuple[str, str, str] | None:
    """Choices, key and proof; None where the body is not three texts."""
    try:
        sent = json.loads(body.decode())
        choices, key, proof = sent["choices"], sent["key"], sent["proof"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not (isinstance(choices, str) and isinstance(key, str) and isinstance(proof, str)) or len(sent) > 3:
        return None
    return choices, key, proof
