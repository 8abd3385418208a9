"""A draw's pool, to draw again from."""

from aiohttp import web

from server.draws.actions import Draws
from server.kit.doors import Doors
from server.kit.forms import id_in_path
from server.people.model import Deed


def add_doors(doors: Doors, draws: Draws) -> None:
    """The pool as text: one id a line, in order, each line ended by a line feed; its SHA-256 is the pool's digest."""

    async def pool(request: web.Request) -> web.StreamResponse:
        draw = await draws.get(id_in_path(request))
        return web.Response(text="".join(f"{member}\n" for member in draw.pool))

    doors.get("/draws/{id}/pool.txt", pool, deed=Deed.READ)
