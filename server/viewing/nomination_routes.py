"""The pages about nominations. What they show depends on who looks, so no cache keeps them."""

from aiohttp import web

from server.citizens.routes import citizen
from server.kit.doors import Doors
from server.kit.forms import id_in_path, whole_number
from server.kit.replies import Answer, Page
from server.people.model import Deed
from server.people.routes import person
from server.viewing.nominations import NominationPages

MAX_WORDS = 100
MAX_ID = 64
OWN = {"Cache-Control": "no-store"}


def add_doors(doors: Doors, pages: NominationPages) -> None:
    """Proposing, the list, one nomination, one's own; the operator's desk."""

    async def nominate(request: web.Request) -> Answer:
        query = request.query
        q, target = query.get("q", "").strip()[:MAX_WORDS], query.get("target", "")[:MAX_ID]
        described = query.get("described") in ("1", "true")
        facts = await pages.nominate(citizen(request), id_in_path(request), q, target, described)
        return Page("nominations/nominate.html", facts, headers=OWN)

    async def listed(request: web.Request) -> Answer:
        facts = await pages.listed(citizen(request), id_in_path(request), _page(request))
        return Page("nominations/list.html", facts, headers=OWN)

    async def nomination(request: web.Request) -> Answer:
        facts = await pages.nomination(citizen(request), id_in_path(request))
        return Page("nominations/nomination.html", facts, headers=OWN)

    async def mine(request: web.Request) -> Answer:
        return Page("nominations/mine.html", await pages.inbox(citizen(request)), headers=OWN)

    async def desk(request: web.Request) -> Answer:
        facts = await pages.desk(person(request), id_in_path(request), _page(request))
        return Page("nominations/desk.html", facts)

    doors.page("/episodes/{id}/nominate", nominate, deed=Deed.NOMINATE)
    doors.page("/episodes/{id}/nominations", listed, deed=Deed.READ)
    doors.page("/nominations/{id}", nomination, deed=Deed.READ)
    doors.page("/mine", mine, deed=Deed.NOMINATE)
    doors.page("/operator/episodes/{id}/nominations", desk, deed=Deed.CURATE)


def _page(request: web.Request) -> int:
    return whole_number(request, "page", 1, least=1, most=10_000)
