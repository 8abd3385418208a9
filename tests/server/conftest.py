"""Every room over a real database, the people who play, and the whole application with somebody at its doors."""

import uuid
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import pytest_asyncio
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from server.app import HOUSE, build_app
from server.house import House
from server.kit.mongo import Database
from server.people import passwords
from server.people.model import Person
from tests.fakes import FakeClock
from tests.makers import Cast, hire_cast, open_house, settings_for_tests

JSON = {"Accept": "application/json"}
HTML = {"Accept": "text/html"}


@dataclass
class Site:
    """The application on a real socket; requests are made as anybody, without a cookie jar between them."""

    app: web.Application
    house: House
    client: TestClient

    async def signed_in(self, person: Person | None) -> dict[str, str]:
        """The header of a new session of this person; none for a stranger."""
        if person is None:
            return {}
        return {"Cookie": f"session={await self.house.people.begin_session(person.id)}"}

    async def ask(self, method, path, who=None, *, headers=JSON, language="en", **options):
        """One request as this person, who reads this language; redirects are not followed."""
        session = (await self.signed_in(who)).get("Cookie", "session=")
        headers = {**headers, "Cookie": f"lang={language}; {session}"}
        return await self.client.request(method, path, headers=headers, allow_redirects=False, **options)

    async def json(self, path, who=None, status=200, language="zh_CN"):
        """The JSON at an address."""
        async with await self.ask("GET", path, who, language=language) as reply:
            assert reply.status == status, f"{path}: {await reply.text()}"
            return await reply.json()

    async def html(self, path, who=None, language="zh_CN", status=200):
        """The page at an address, in a language."""
        async with await self.ask("GET", path, who, headers=HTML, language=language) as reply:
            assert reply.status == status, f"{path}: {await reply.text()}"
            return await reply.text()

    async def post(self, path, who=None, status=201, **fields):
        """Sends a form as a program does; the facts of the reply."""
        async with await self.ask("POST", path, who, data=fields) as reply:
            assert reply.status == status, f"{path}: {await reply.text()}"
            return await reply.json()


@pytest.fixture(autouse=True)
def cheap_passwords(request, monkeypatch):
    """Hashes cost next to nothing, except where the hashes themselves are tested."""
    if "test_passwords" not in request.node.nodeid:
        monkeypatch.setattr(passwords, "MEMORY_KIB", 64)
        monkeypatch.setattr(passwords, "PASSES", 1)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
async def house(database, tmp_path, clock):
    async with open_house(database, tmp_path, clock) as house:
        yield house


@pytest.fixture
async def cast(house) -> Cast:
    return await hire_cast(house)


@asynccontextmanager
async def open_site(database, folder, clock, **knobs):
    """The whole application, listening on a port of its own."""
    app = build_app(settings_for_tests(folder, **knobs), clock=clock, database=database)
    async with TestClient(TestServer(app), cookie_jar=CookieJar(unsafe=True)) as client:
        yield Site(app, app[HOUSE], client)


@pytest.fixture
async def site(database, tmp_path, clock):
    """The whole application."""
    async with open_site(database, tmp_path, clock) as site:
        yield site


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lasting_database(mongodb_uri, lasting_loop, leftovers):
    """An empty database for all tests of a file, whose tests run on one loop (`loop_scope="module"`)."""
    opened = Database.connect(mongodb_uri, f"test_{uuid.uuid4().hex}")
    yield opened
    await opened.close()
    lasting_loop.call_soon_threadsafe(leftovers.put_nowait, opened.name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lasting_site(lasting_database, tmp_path_factory):
    """The whole application, for all tests of a file that leave no trace in it."""
    async with open_site(lasting_database, tmp_path_factory.mktemp("site"), FakeClock()) as site:
        yield site
