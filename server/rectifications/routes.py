"""Doors that move a rectification."""

from aiohttp import web

from server.kit.doors import Doors
from server.kit.forms import form, id_in_path
from server.kit.replies import Answer, Done
from server.people.model import Deed
from server.people.routes import person
from server.rectifications.actions import Rectifications
from server.rectifications.model import State

MAX_WORDS = 1000


def add_doors(doors: Doors, rectifications: Rectifications) -> None:
    """An officer's step, a business's step, and the making of a business's link."""

    async def move(request: web.Request) -> Answer:
        sent = await form(request)
        moved = await rectifications.move(
            person(request),
            id_in_path(request),
            sent.choice("to", State),
            sent.text("words", required=False, max_length=MAX_WORDS),
        )
        return Done(f"/rectifications/{moved.id}", {"id": moved.id, "state": moved.state})

    async def hand_in(request: web.Request) -> Answer:
        words = (await form(request)).text("words", max_length=MAX_WORDS)
        link = request.match_info["token"]
        moved = await rectifications.hand_in(link, id_in_path(request), words)
        return Done(f"/business/{link}", {"id": moved.id, "state": moved.state})

    async def make_link(request: web.Request) -> Answer:
        secret = await rectifications.make_link(person(request), id_in_path(request))
        return Done(f"/business/{secret}", {"url": f"/business/{secret}"})

    doors.act("/rectifications/{id}/move", move, deed=Deed.MOVE_RECTIFICATION)
    doors.act("/business/{token}/rectifications/{id}", hand_in, deed=Deed.BUSINESS_LINK)
    doors.act("/inspections/{id}/business-link", make_link, deed=Deed.MOVE_RECTIFICATION)
