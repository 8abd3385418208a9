from datetime import timedelta

import pytest
from aiohttp import CookieJar, web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.kit import guard
from server.kit.doors import PERMIT, Doors
from server.kit.replies import RENDER, TRANSLATE, json_reply
from server.ledger.actions import Ledger
from server.people.actions import People, Spans
from server.people.model import SYSTEM, Role, permit
from server.people.routes import Cookies, add_doors
from tests.fakes import FakeClock
from web.render import Renderer

PASSWORD = "a long enough password"
SPANS = Spans(idle=timedelta(hours=12), session=timedelta(days=30), invitation=timedelta(hours=72))


class Town:
    """People over a real database, whose clock the test holds."""

    def __init__(self, database):
        self.database = database
        self.clock = FakeClock()
        self.ledger = Ledger(database, Ed25519PrivateKey.generate(), "inspect.example/ledger")
        self.people = self.server()

    def server(self):
        """One more server on the same database."""
        return People(self.database, self.ledger, self.clock, spans=SPANS, attempts=5)

    async def hire(self, login, role=Role.INSPECTOR):
        _, secret = await self.people.invite(SYSTEM, role, f"Test {login}")
        return await self.people.accept(secret, login, PASSWORD)

    async def signed_in(self, login, address="192.0.2.1"):
        _, secret = await self.people.sign_in(login, PASSWORD, address)
        return secret

    async def facts(self):
        """What waits for its place in the ledger."""
        return [d["raw"].decode() for d in await self.database.collection("ledger_pending").find({})]


@pytest.fixture
async def town(database):
    town = Town(database)
    await town.ledger.open()
    await town.people.prepare()
    return town


@pytest.fixture(scope="session")
def renderer():
    return Renderer()


@pytest.fixture
def browser(town, renderer, aiohttp_client):
    """Opens a browser at the doors of people, with the real middlewares around them."""

    async def opened(*, secure=False):
        app = web.Application(
            middlewares=[guard.errors, guard.same_origin, guard.recogniser(town.people.recognise)],
            client_max_size=2**20,
        )
        app[PERMIT] = permit
        app[RENDER] = lambda request, template, facts: renderer.render(
            template, facts, lang="en", who=request.get(guard.WHO), path=request.path, now=town.clock()
        )
        app[TRANSLATE] = lambda request, refusal: refusal.sentence()
        app.on_response_prepare.append(guard.set_headers)
        doors = Doors(app)
        add_doors(doors, town.people, Cookies(secure=secure, days=30))

        async def who(request):
            return json_reply({"who": getattr(request.get(guard.WHO), "login", None)})

        doors.get("/who", who, deed="read")
        return await aiohttp_client(app, cookie_jar=CookieJar(unsafe=True))

    return opened
