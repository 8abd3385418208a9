"""The door of live events: GET /events?episode=ID&from=INDEX, as text/event-stream."""

import re

from aiohttp import web

from server.events.hub import Hub
from server.events.viewer import Viewer
from server.kit.doors import Doors
from server.kit.errors import Invalid

READ = "read"
MAX_ID = 64
LAG_SECONDS = 3.0
"""How far this server may lag behind the one that a viewer comes from."""


def add_doors(doors: Doors, hub: Hub) -> None:
    """Everybody may watch, and everybody is sent the same bytes."""

    async def events(request: web.Request) -> web.StreamResponse:
        episode = _episode(request)
        after = await _after(request, hub)
        return await Viewer(hub, request, episode, after + 1).serve()

    doors.add("GET", "/events", events, deed=READ)  # No HEAD: an endless reply has no length to tell.


def _episode(request: web.Request) -> str | None:
    episode = request.query.get("episode")
    if episode is not None and not 0 < len(episode) <= MAX_ID:
        raise Invalid("“{episode}” is not the id of an episode.", where="episode", episode=episode[:MAX_ID])
    return episode


async def _after(request: web.Request, hub: Hub) -> int:
    """The last index that the viewer has; a browser that comes back says it in a header, which then counts."""
    where = "Last-Event-ID" if request.headers.get("Last-Event-ID") else "from"
    text = request.headers.get("Last-Event-ID") or request.query.get("from")
    if text is None:
        return hub.ledger.head.size - 1
    if not re.fullmatch(r"-1|[0-9]{1,15}", text):
        raise Invalid("“{text}” is not the index of an event, nor -1.", where=where, text=text[:40])
    index = int(text)
    if index >= hub.ledger.head.size and not await hub.ledger.wait_beyond(index, LAG_SECONDS):
        raise Invalid(
            "There is no event {index} to go on from; the ledger has {size} entries. Load the page again.",
            where=where,
            index=index,
            size=hub.ledger.head.size,
        )
    return index
