"""The pages about draws."""

from aiohttp import web

from server.kit.doors import Doors
from server.kit.forms import id_in_path
from server.kit.replies import Answer, Page
from server.people.model import Deed
from server.people.routes import person
from server.viewing.draws import DrawPages
from server.viewing.why import WhyPages

OWN = {"Cache-Control": "no-store"}


def add_doors(doors: Doors, pages: DrawPages, whys: WhyPages) -> None:
    """A draw for everybody, and why an episode has its target; a deputy's page of a draw, and their desk."""

    async def draw(request: web.Request) -> Answer:
        return Page("draws/draw.html", await pages.draw(id_in_path(request)))

    async def witness(request: web.Request) -> Answer:
        return Page("draws/witness.html", await pages.witness(person(request), id_in_path(request)), headers=OWN)

    async def deputy(request: web.Request) -> Answer:
        return Page("draws/deputy.html", await pages.deputy(person(request)), headers=OWN)

    async def why(request: web.Request) -> Answer:
        return Page("draws/why.html", await whys.why(id_in_path(request)))

    doors.page("/episodes/{id}/why", why, deed=Deed.READ)
    doors.page("/draws/{id}", draw, deed=Deed.READ)
    doors.page("/draws/{id}/witness", witness, deed=Deed.WITNESS)
    doors.page("/deputy", deputy, deed=Deed.WITNESS)
