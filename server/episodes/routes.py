"""Doors that plan an episode."""

from datetime import tzinfo

from aiohttp import web

from server.episodes.actions import Episodes
from server.episodes.lifecycle import Method, Phase
from server.episodes.watching import MAX_SESSION_CHARACTERS, Watching
from server.kit.doors import Doors
from server.kit.forms import form, id_in_path
from server.kit.replies import Answer, Done
from server.people.model import Deed
from server.people.routes import person

MAX_TITLE = 60


def desk(episode_id: str) -> str:
    """Where an operator goes on."""
    return f"/operator/episodes/{episode_id}"


def add_doors(doors: Doors, episodes: Episodes, watching: Watching, zone: tzinfo) -> None:
    """Create, draw; and the beat of whoever watches."""

    async def create(request: web.Request) -> Answer:
        sent = await form(request)
        episode = await episodes.create(
            person(request),
            title=sent.text("title", max_length=MAX_TITLE),
            method=sent.choice("method", Method),
            plan={Phase.LIVE.value: sent.moment("live_at", zone)},
            district=sent.text("district", required=False),
            category=sent.text("category", required=False),
        )
        return Done(desk(episode.id), {"id": episode.id, "number": episode.number})

    async def draw(request: web.Request) -> Answer:
        done = await episodes.draw(person(request), id_in_path(request))
        return Done(desk(done.episode), {"draw": done.id, "winners": done.winners})

    async def beat(request: web.Request) -> Answer:
        session = (await form(request)).text("session", max_length=MAX_SESSION_CHARACTERS)
        watching.beat(id_in_path(request), session)
        return web.Response(status=204)

    doors.act("/episodes", create, deed=Deed.PLAN)
    doors.act("/episodes/{id}/draw", draw, deed=Deed.DRAW)
    doors.act("/episodes/{id}/watching", beat, deed=Deed.WATCH)
