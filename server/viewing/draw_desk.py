"""The operator's section about draws: what may be announced, typed in, called off; who may step back."""

from datetime import datetime

from server.draws.model import Draw, SourceKind
from server.episodes.model import Episode
from server.inspections.model import Inspection, State
from server.viewing.draw_facts import Member, OpenDraw, TypedIn
from server.viewing.draws import draw_url, standing
from server.viewing.rooms import Rooms

TYPED = (SourceKind.NUMBERS, SourceKind.BEACON)


class DrawDesk:
    """Gathers what an operator may do with an episode's draws and its team; the server checks each again."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def open_draws(self, episode: Episode) -> list[OpenDraw]:
        """The episode's draws that are still to be decided."""
        now = self._rooms.clock()
        draws = await self._rooms.draws.store.all_of_episode(episode.id)
        return [open_draw(draw, now) for draw in draws if draw.is_open]

    async def members(self, inspection: Inspection | None) -> list[Member]:
        """Who may be recused: the team, before the visit begins."""
        if inspection is None or inspection.state is not State.PLANNED:
            return []
        return [Member(person.mark, person.name) for person in await self._rooms.people.find(inspection.team)]


def open_draw(draw: Draw, now: datetime) -> OpenDraw:
    """A draw with the sources that somebody may type in."""
    waiting = [
        TypedIn(number, source.kind.value, source.name, source.round, source.chain, source.out_at, now >= source.out_at)
        for number, source in enumerate(draw.sources)
        if source.value is None and source.kind in TYPED
    ]
    may_void = now < draw.first_out_at and not draw.witnesses and draw.sources[0].kind is not SourceKind.DRAW
    return OpenDraw(draw.id, draw.of.value, standing(draw, now), waiting, may_void, draw_url(draw.id))
