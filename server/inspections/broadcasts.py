"""What streaming asks and tells: who may publish to an inspection's channel, and what happened to its picture."""

import logging

from server.inspections.actions import Inspections
from server.inspections.model import State
from server.kit.errors import Unavailable
from server.ledger.actions import Ledger
from server.ledger.model import Kind
from server.people.model import SYSTEM
from streaming.channels import ChannelEvent, EventKind
from streaming.whip import Publisher, Refused

log = logging.getLogger(__name__)

RUNNING = frozenset({Kind.BROADCAST_STARTED, Kind.BROADCAST_RESUMED})
OF_BROADCASTS = [
    Kind.BROADCAST_STARTED,
    Kind.BROADCAST_INTERRUPTED,
    Kind.BROADCAST_RESUMED,
    Kind.BROADCAST_ENDED,
]


class Broadcasts:
    """A channel's name is its inspection's id; a publisher's identity is the mark of a person on the team."""

    def __init__(self, inspections: Inspections, ledger: Ledger) -> None:
        self._inspections = inspections
        self._ledger = ledger

    async def may_publish(self, token: str, channel: str) -> Publisher | None:
        """For streaming.whip: whose token this is, and whether it opens this channel now."""
        opened = await self._inspections.look_up(token)
        if opened is None:
            return None
        if opened.inspection.id != channel:
            return Publisher(opened.mark, Refused.WRONG_CHANNEL)
        live = opened.inspection.state is State.LIVE and opened.inspection.cut_at is None
        return Publisher(opened.mark, None if live else Refused.NOT_LIVE)

    async def happened(self, event: ChannelEvent) -> None:
        """For streaming.channels: records what happened. A start after an earlier start is a resumption."""
        kind = Kind(f"broadcast.{event.kind.value}")
        if kind is Kind.BROADCAST_STARTED and await self._last(event.channel):
            kind = Kind.BROADCAST_RESUMED
        body: dict[str, str] = {}
        if event.kind is not EventKind.ENDED:
            body["publisher"] = event.publisher
        if event.kind in (EventKind.INTERRUPTED, EventKind.ENDED):
            body["reason"] = event.reason
        try:
            await self._inspections.note_broadcast(kind, event.channel, event.publisher or SYSTEM.mark, **body)
        except Unavailable:
            # The picture goes on without the database; the gap in the record is closed by `recover`.
            log.warning("the database is away: %s of channel %s is not recorded", kind, event.channel)

    async def recover(self) -> None:
        """After a start: a broadcast that ran when the server stopped was interrupted, and the record says so."""
        for inspection in await self._inspections.store.find(state=State.LIVE):
            if await self._last(inspection.id) in RUNNING:
                await self._inspections.note_broadcast(
                    Kind.BROADCAST_INTERRUPTED,
                    inspection.id,
                    SYSTEM.mark,
                    publisher=SYSTEM.mark,
                    reason="the server stopped",
                )

    async def _last(self, inspection: str) -> Kind | None:
        last = None
        async for entry in self._ledger.about(inspection, kinds=OF_BROADCASTS):
            last = entry.fact.kind
        return last
