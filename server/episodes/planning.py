"""Planning an episode by hand: what is asked for must be there, and its moments must be to come."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from server.episodes.actions import Episodes
from server.episodes.lifecycle import Method
from server.episodes.model import Episode
from server.episodes.steps import check_plan
from server.kit.clock import Clock
from server.kit.errors import Invalid
from server.people.model import Deed, Person, require
from server.targets.actions import Targets

GRACE = timedelta(minutes=1)
"""Forms know minutes only: “now” may be a minute old."""


class UnknownFilter(Invalid):
    """No target has this district or category."""


class Planning:
    """Checks, then creates."""

    def __init__(self, episodes: Episodes, targets: Targets, clock: Clock) -> None:
        self._episodes = episodes
        self._targets = targets
        self._clock = clock

    async def create(
        self,
        actor: Person | None,
        *,
        title: str,
        method: Method,
        plan: Mapping[str, datetime],
        district: str = "",
        category: str = "",
        timed: bool = False,
    ) -> Episode:
        """A new episode; its filter names what the registry has, its steps follow one another from now on."""
        require(actor, Deed.PLAN)
        check_plan(plan, self._clock() - GRACE)
        if district and district not in await self._targets.districts():
            raise UnknownFilter("No target of the registry is in “{name}”.", where="district", name=district)
        if category and category not in await self._targets.categories():
            raise UnknownFilter("No target of the registry is of the kind “{name}”.", where="category", name=category)
        return await self._episodes.create(
            actor, title=title, method=method, plan=plan, district=district, category=category, timed=timed
        )
