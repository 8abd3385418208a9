"""Doors through which an operator holds, resumes, moves and brings forward the steps of a plan."""

from collections.abc import Awaitable, Callable
from datetime import tzinfo

from aiohttp import web

from server.episodes.cycle import Cycle
from server.episodes.lifecycle import Phase
from server.episodes.model import Episode
from server.episodes.routes import desk
from server.episodes.steps import NoSuchStep
from server.kit.doors import Doors
from server.kit.forms import form, id_in_path
from server.kit.replies import Answer, Done
from server.people.model import Deed, Person
from server.people.routes import person

MAX_REASON = 500
Verb = Callable[[Person | None, str, Phase, str], Awaitable[Episode]]


def add_doors(doors: Doors, cycle: Cycle, zone: tzinfo) -> None:
    """Each asks for a reason, which is public."""

    def simply(verb: Verb) -> Callable[[web.Request], Awaitable[Answer]]:
        async def act(request: web.Request) -> Answer:
            reason = (await form(request)).text("reason", max_length=MAX_REASON)
            return _answer(await verb(person(request), id_in_path(request), _step(request), reason))

        return act

    async def move(request: web.Request) -> Answer:
        sent = await form(request)
        to, reason = sent.moment("at", zone), sent.text("reason", max_length=MAX_REASON)
        return _answer(await cycle.move(person(request), id_in_path(request), _step(request), to, reason))

    doors.act("/episodes/{id}/steps/{step}/hold", simply(cycle.hold), deed=Deed.PLAN)
    doors.act("/episodes/{id}/steps/{step}/resume", simply(cycle.resume), deed=Deed.PLAN)
    doors.act("/episodes/{id}/steps/{step}/move", move, deed=Deed.PLAN)
    doors.act("/episodes/{id}/steps/{step}/now", simply(cycle.bring_forward), deed=Deed.PLAN)


def _step(request: web.Request) -> Phase:
    try:
        return Phase(request.match_info["step"])
    except ValueError:
        raise NoSuchStep("This episode has no such step in its plan.") from None


def _answer(episode: Episode) -> Answer:
    return Done(desk(episode.id), {"id": episode.id, "plan": episode.plan, "phase": episode.phase})
