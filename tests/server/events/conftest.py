import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.events import routes
from server.events.hub import Hub
from server.kit import guard
from server.kit.doors import PERMIT, Doors
from server.kit.replies import TRANSLATE
from server.kit.tasks import Tasks
from server.ledger.actions import Ledger
from server.ledger.model import Fact, Kind

AT = datetime(2026, 3, 6, 2, 0, 0, tzinfo=UTC)


@dataclass
class Event:
    """One server-sent event, as a browser would parse it."""

    id: str | None = None
    event: str = "message"
    data: str = ""
    comment: str | None = None

    @property
    def said(self):
        return json.loads(self.data)


@dataclass
class Stream:
    """One open event stream."""

    response: aiohttp.ClientResponse
    last_id: str | None = None
    seen: list = field(default_factory=list)

    async def next(self, *, comments=False, whispers=False):
        """The next event; comments, `retry` and whispers are passed over unless asked for."""
        while True:
            event = await asyncio.wait_for(self._parse(), 10)
            if event is None:
                raise EOFError
            self.last_id = event.id or self.last_id
            if event.data and (whispers or event.event == "fact"):
                return event
            if event.comment is not None and comments:
                return event

    async def indexes(self, count):
        return [int((await self.next()).id) for _ in range(count)]

    async def _parse(self):
        event = Event()
        while line := await self.response.content.readline():
            text = line.decode().removesuffix("\n")
            if not text:
                return event
            name, _, value = text.partition(": ")
            if text.startswith(":"):
                name, value = "comment", text[1:].strip()
            if name in ("id", "event", "data", "comment"):
                setattr(event, name, value)
        return None


class Site:
    """A server with a ledger and a hub, on a real socket."""

    def __init__(self, database, key, **knobs):
        self.database = database
        self.tasks = Tasks()
        self.ledger = Ledger(database, key, "inspect.example/ledger")
        self.drawn = []
        self.hub = Hub(self.ledger, self.shown, **knobs)

    async def shown(self, entry):
        self.drawn.append(entry.index)
        return {"title": f"片 {entry.index}"}

    async def start(self, port=None):
        app = web.Application(middlewares=[guard.errors])
        app[PERMIT] = lambda who, deed: None
        app[TRANSLATE] = lambda request, refusal: str(refusal)
        app.on_response_prepare.append(guard.set_headers)
        routes.add_doors(Doors(app), self.hub)
        app.on_shutdown.append(lambda app: self.hub.close())
        await self.ledger.open()
        self.tasks.keep("sequencer", self.ledger.sequence_forever)
        self.tasks.keep("hub", self.hub.run)
        self.server = TestServer(app, port=port)
        await self.server.start_server()
        self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self

    async def stop(self):
        await self.session.close()
        await self.server.close()
        await self.tasks.close()

    def url(self, **query):
        return self.server.make_url("/events").with_query({k.rstrip("_"): v for k, v in query.items()})

    @asynccontextmanager
    async def stream(self, last_id=None, **query):
        headers = {"Last-Event-ID": last_id} if last_id is not None else {}
        async with self.session.get(self.url(**query), headers=headers) as response:
            assert response.status == 200, await response.text()
            yield Stream(response)

    async def record(self, *facts):
        """Records facts; their places."""

        async def work(tx):
            return [await self.ledger.record(tx, fact) for fact in facts]

        tickets = await self.database.transact(work)
        return [await self.ledger.settled(ticket, 10) for ticket in tickets]


def moved(number, episode="ep_1", reason=""):
    body = {"from": "draft", "to": "nominating", "reason": reason}
    return Fact(Kind.EPISODE_MOVED, AT, f"subject {number}", "mark", body, episode)


@pytest.fixture
def fact():
    """Makes the numbered fact."""
    return moved


@pytest_asyncio.fixture
async def sites(database):
    """Makes servers on one database and stops them all."""
    key, made = Ed25519PrivateKey.generate(), []

    async def make(port=None, **knobs):
        site = await Site(database, key, **knobs).start(port)
        made.append(site)
        return site

    yield make
    for site in made:
        await site.stop()
