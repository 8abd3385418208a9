from dataclasses import dataclass

import pytest
from aiohttp import web

from server.kit import guard
from server.kit.doors import PERMIT, WHO, Doors
from server.kit.errors import NotAllowed, TooLate
from server.kit.replies import RENDER, TRANSLATE, Done, Page

SECRET = "the private link"


@dataclass(frozen=True)
class Facts:
    word: str


def permit(who, deed):
    if deed == "work" and who is None:
        raise NotAllowed("Only workers may work. Please sign in.")


async def recognise(secret):
    return "Wang" if secret == "good" else None


class House:
    """A small application with the real middlewares and a door of every sort."""

    def __init__(self):
        self.app = web.Application(
            middlewares=[guard.errors, guard.same_origin, guard.recogniser(recognise)], client_max_size=1000
        )
        self.app[PERMIT] = permit
        self.app[RENDER] = lambda request, template, facts: f"<p>{template} {facts}</p>"
        self.app[TRANSLATE] = lambda request, refusal: refusal.sentence()
        self.app.on_response_prepare.append(guard.set_headers)
        self.done = []
        doors = Doors(self.app)
        doors.page("/", self.look, deed="read")
        doors.page("/things/{id}", self.look, deed="read")
        doors.page("/work", self.look, deed="work")
        doors.act("/work", self.act, deed="work")
        doors.act("/open", self.act, deed="read")
        doors.act("/late", self.late, deed="read")
        doors.get("/private/{token}", self.accident, deed="read")
        doors.get("/who", self.who, deed="read")
        doors.add("PUT", "/put", self.act, deed="read")

    async def look(self, request):
        return Page("page.html", Facts(request.match_info.get("id", "票")))

    async def act(self, request):
        self.done.append(await request.read())
        return Done("/things/1", Facts("done"))

    async def late(self, request):
        raise TooLate("The ballot closed at {moment}.", where="choice", moment="noon")

    async def accident(self, request):
        raise RuntimeError("nobody expected this")

    async def who(self, request):
        return web.Response(text=str(request.get(WHO)))


@pytest.fixture
def house():
    return House()


@pytest.fixture
async def client(aiohttp_client, house):
    return await aiohttp_client(house.app)
