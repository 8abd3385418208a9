"""Doors to a ballot's pages; voting itself is `server/ballots/routes.py`."""

from aiohttp import web

from server.citizens.routes import citizen
from server.kit.doors import Doors
from server.kit.forms import id_in_path
from server.kit.replies import Answer, Page
from server.people.model import Deed
from server.people.routes import person
from server.viewing.ballots import BallotPages


def add_doors(doors: Doors, pages: BallotPages) -> None:
    """Everybody may read them."""

    async def ballot(request: web.Request) -> Answer:
        facts = await pages.page(citizen(request), person(request), id_in_path(request))
        return Page("ballots/ballot.html", facts, headers={"Cache-Control": "no-cache"})

    async def receipt(request: web.Request) -> Answer:
        return Page("ballots/receipt.html", await pages.receipt(id_in_path(request)))

    doors.page("/ballots/{id}", ballot, deed=Deed.READ)
    doors.page("/ballots/{id}/receipt", receipt, deed=Deed.READ)
