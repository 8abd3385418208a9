"""Doors of a draw: its pool, its witnesses, what is typed in, calling it off."""

from aiohttp import web

from server.draws.actions import Draws
from server.draws.sources import Sources
from server.kit.doors import Doors
from server.kit.forms import form, id_in_path
from server.kit.replies import Answer, Done
from server.people.model import Deed
from server.people.routes import person

FOR_EVER = "public, max-age=31536000, immutable"


def add_doors(doors: Doors, draws: Draws, sources: Sources) -> None:
    """The pool is a file named by its hash, so it may be kept by every cache."""

    async def pool(request: web.Request) -> web.StreamResponse:
        draw = await draws.get(id_in_path(request))
        headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": FOR_EVER}
        return web.FileResponse(draws.files.path(draw.pool_sha256), headers=headers)

    async def commit(request: web.Request) -> Answer:
        sent = await form(request)
        draw = await sources.witness(person(request), id_in_path(request), sent.text("commitment"))
        return Done(f"/draws/{draw.id}/witness", {"draw": draw.id, "witnesses": len(draw.witnesses)})

    async def reveal(request: web.Request) -> Answer:
        sent = await form(request)
        draw = await sources.reveal(person(request), id_in_path(request), sent.text("secret"))
        return Done(f"/draws/{draw.id}/witness", {"draw": draw.id})

    async def give(request: web.Request) -> Answer:
        sent = await form(request)
        number = int(sent.number("source", least=0, most=9))
        draw = await sources.give(person(request), id_in_path(request), number, sent.text("value"))
        return Done(f"/draws/{draw.id}", {"draw": draw.id, "drawn": list(draw.winners)})

    async def void(request: web.Request) -> Answer:
        sent = await form(request)
        draw = await draws.void(person(request), id_in_path(request), sent.text("reason"))
        return Done(f"/draws/{draw.id}", {"draw": draw.id})

    doors.get("/draws/{id}/pool.txt", pool, deed=Deed.READ)
    doors.act("/draws/{id}/commitments", commit, deed=Deed.WITNESS)
    doors.act("/draws/{id}/reveals", reveal, deed=Deed.WITNESS)
    doors.act("/draws/{id}/sources", give, deed=Deed.DRAW)
    doors.act("/draws/{id}/void", void, deed=Deed.DRAW)
