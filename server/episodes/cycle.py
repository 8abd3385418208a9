"""The steps of the weekly cycle: taken at their moments by themselves, and held, moved, brought forward by hand.

What a step does is handed in; when, and whether at all, is decided here. All state is in the episode's document, so
that any server may go on where another stopped.
"""

import contextlib
import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from server.draws.actions import Draws
from server.draws.model import Of
from server.episodes.actions import Episodes, ReasonNeeded
from server.episodes.holds import BY_OPERATOR, MISSED, Change, Hold, What
from server.episodes.lifecycle import Method, Phase
from server.episodes.model import Episode
from server.episodes.steps import (
    Standing,
    check_changeable,
    check_moment,
    check_next,
    is_held,
    next_step,
    standing,
)
from server.kit.clock import Clock, iso
from server.kit.errors import ChangedMeanwhile, Refusal, TooLate, TooMany, Unavailable
from server.kit.mongo import Database, Tx
from server.ledger.actions import Ledger
from server.ledger.model import Fact, Kind
from server.nominations.model import reason_digest
from server.people.model import SYSTEM, Deed, Person, require

log = logging.getLogger(__name__)

Take = Callable[[Person, Episode], Awaitable[object]]
"""Does what a step does: opens nominations, opens the ballot, announces the draw, opens the broadcast."""


class StepHeld(TooLate):
    """The step is held already, or is not."""


class NotYet(TooLate):
    """What the step waits for comes by itself."""


PASSING = (NotYet, Unavailable, TooMany, ChangedMeanwhile)
"""Refusals that need not last: the step is tried again at the next round, as long as its window is open."""


class Cycle:
    """The verbs of a plan.

    Once every room stands, the house hands in what the steps do (`takes`), until when a ballot is open, and how the
    visit is planned as soon as lots named target and team (`prepare`).
    """

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        episodes: Episodes,
        draws: Draws,
        clock: Clock,
        *,
        window: timedelta,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._episodes = episodes
        self._draws = draws
        self._clock = clock
        self._window = window
        self.takes: dict[Phase, Take] = {}
        self.ballot_until: Callable[[Episode], Awaitable[datetime | None]] = _nothing
        self.prepare: Take = _nothing

    # By themselves

    async def take_due(self) -> None:
        """One round: of every timed episode the step that is due is taken, the one that was missed is held."""
        for episode in await self._episodes.store.timed():
            try:
                await self._look_at(episode)
            except Exception:
                log.exception("The next step of episode %s failed; it is tried again.", episode.id)

    async def next(self, episode: Episode) -> Phase | None:
        """The step that comes next."""
        return next_step(episode, announced=await self._announced(episode))

    async def _announced(self, episode: Episode) -> bool:
        """Whether the draw of the inspectors was announced, where no phase of the episode shows it."""
        if episode.method is not Method.VOTE:
            return False
        return await self._draws.store.of_episode(episode.id, Of.INSPECTORS) is not None

    async def _look_at(self, episode: Episode) -> None:
        if episode.target and episode.inspection is None:
            with contextlib.suppress(Refusal):  # The lots are still to fall; or the broadcast will say what is missing.
                await self.prepare(SYSTEM, episode)
        step = await self.next(episode)
        if step is None:
            return
        now = standing(episode, step, self._clock(), self._window)
        if now is Standing.DUE:
            await self._take(episode, step)
        elif now is Standing.MISSED:
            await self._stop(episode.id, step, MISSED)

    async def _take(self, episode: Episode, step: Phase) -> None:
        try:
            await self.takes[step](SYSTEM, episode)
        except PASSING as refusal:
            log.info("Step %s of episode %s waits: %s", step, episode.id, type(refusal).__name__)
        except Refusal as refusal:
            await self._stop(episode.id, step, code_of(refusal), refusal)

    async def _stop(self, episode_id: str, step: Phase, code: str, refusal: Refusal | None = None) -> None:
        """Holds a step that did not come, unless another server took or held it meanwhile."""

        async def work(tx: Tx) -> None:
            episode = await self._episodes.get(episode_id, tx)
            now = self._clock()
            if await self.next(episode) is not step or standing(episode, step, now, self._window) is Standing.HELD:
                return
            message = refusal.message if refusal else ""
            values = {name: str(value) for name, value in refusal.values.items()} if refusal else {}
            change = Change(now, step.value, What.HELD, code, message=message, values=values)
            await self._hold(tx, episode, change, SYSTEM.mark)
            log.warning("Step %s of episode %s is held: %s", step, episode.id, code)

        await self._database.transact(work)

    # By hand

    async def hold(self, actor: Person | None, episode_id: str, step: Phase, reason: str) -> Episode:
        """The step will not come by itself until it is resumed."""

        async def work(tx: Tx, episode: Episode, by: str) -> Episode:
            if is_held(episode, step):
                raise StepHeld("This step is held already.")
            change = _told(self._clock(), step, What.HELD, reason, code=BY_OPERATOR)
            return await self._hold(tx, episode, change, by)

        return await self._by_hand(actor, episode_id, step, reason, work)

    async def resume(self, actor: Person | None, episode_id: str, step: Phase, reason: str) -> Episode:
        """A held step comes again: at its moment, or at once when that has passed."""

        async def work(tx: Tx, episode: Episode, by: str) -> Episode:
            if not is_held(episode, step):
                raise StepHeld("This step is not held.")
            change = _told(self._clock(), step, What.RESUMED, reason)
            body = {"step": step.value, "reason_digest": _digest(change)}
            return await self._keep(tx, _released(episode, step, change.at), change, Kind.EPISODE_RESUMED, body, by)

        return await self._by_hand(actor, episode_id, step, reason, work)

    async def move(self, actor: Person | None, episode_id: str, step: Phase, to: datetime, reason: str) -> Episode:
        """The step comes at another moment; if it was held, it is so no longer."""

        async def work(tx: Tx, episode: Episode, by: str) -> Episode:
            not_before = await self.ballot_until(episode)
            check_moment(episode, step, to, self._clock(), not_before=not_before)
            return await self._replan(tx, episode, step, to, by, _told(self._clock(), step, What.MOVED, reason))

        return await self._by_hand(actor, episode_id, step, reason, work)

    async def bring_forward(self, actor: Person | None, episode_id: str, step: Phase, reason: str) -> Episode:
        """Takes the next step now. A refusal changes nothing, and whoever asked reads it."""
        person = require(actor, Deed.PLAN)
        _check_reason(reason)
        episode = await self._episodes.get(episode_id)
        check_next(episode, step, announced=await self._announced(episode))
        await self.takes[step](person, episode)

        async def work(tx: Tx) -> Episode:
            current, now = await self._episodes.get(episode_id, tx), self._clock()
            change = _told(now, step, What.BROUGHT_FORWARD, reason)
            return await self._replan(tx, current, step, now, person.mark, change)

        return await self._database.transact(work)

    async def _by_hand(
        self,
        actor: Person | None,
        episode_id: str,
        step: Phase,
        reason: str,
        work: Callable[[Tx, Episode, str], Awaitable[Episode]],
    ) -> Episode:
        person = require(actor, Deed.PLAN)
        _check_reason(reason)

        async def checked(tx: Tx) -> Episode:
            episode = await self._episodes.get(episode_id, tx)
            check_changeable(episode, step, announced=await self._announced(episode))
            return await work(tx, episode, person.mark)

        return await self._database.transact(checked)

    async def _hold(self, tx: Tx, episode: Episode, change: Change, by: str) -> Episode:
        held = replace(episode, holds={**episode.holds, change.step: Hold(change.at, change.code)})
        body = {"step": change.step, "code": change.code, "reason_digest": _digest(change)}
        return await self._keep(tx, held, change, Kind.EPISODE_HELD, body, by)

    async def _replan(self, tx: Tx, episode: Episode, step: Phase, to: datetime, by: str, change: Change) -> Episode:
        before = episode.plan[step]
        moved = replace(_released(episode, step, change.at), plan={**episode.plan, step.value: to})
        told = replace(change, before=before, after=to)
        body = {"step": step.value, "from": iso(before), "to": iso(to), "reason_digest": _digest(change)}
        return await self._keep(tx, moved, told, Kind.EPISODE_REPLANNED, body, by)

    async def _keep(
        self, tx: Tx, episode: Episode, change: Change, kind: Kind, body: Mapping[str, object], by: str
    ) -> Episode:
        kept = replace(episode, changes=(*episode.changes, change))
        await self._episodes.store.save(kept, tx)
        await self._ledger.record(tx, Fact(kind, change.at, episode.id, by, body, episode.id))
        return replace(kept, version=episode.version + 1)


def code_of(refusal: Refusal) -> str:
    """The kind of a refusal as a code: `EmptyPool` is `empty_pool`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(refusal).__name__).lower()


def _told(at: datetime, step: Phase, what: What, reason: str, *, code: str = "") -> Change:
    return Change(at, step.value, what, code, reason, salt=secrets.token_hex(16))


def _digest(change: Change) -> str | None:
    return reason_digest(change.salt, change.reason) if change.reason else None


def _released(episode: Episode, step: Phase, at: datetime) -> Episode:
    hold = episode.holds.get(step)
    return replace(episode, holds={**episode.holds, step.value: replace(hold, resumed_at=at)}) if hold else episode


def _check_reason(reason: str) -> None:
    if not reason:
        raise ReasonNeeded("Please give the reason; everybody will read it.", where="reason")


async def _nothing(*_: object) -> None:
    return None
