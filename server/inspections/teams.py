"""Who inspects: the roster that lots are drawn from, the team that came of them, who replaces whoever steps back."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from server.draws.actions import Draws
from server.draws.model import Draw, Of
from server.draws.pool import Member
from server.draws.team import TEAM_SIZE, Duty, Place
from server.draws.team import called as called_of
from server.episodes.actions import Episodes, ReasonNeeded
from server.episodes.lifecycle import Phase
from server.episodes.model import Episode, WrongPhase
from server.inspections.model import Inspection, NotOnTheTeam, NotPlanned, State, TooFewInspectors
from server.inspections.store import InspectionStore
from server.kit.clock import Clock
from server.kit.ids import digest_of, new_id
from server.kit.mongo import Database, Tx
from server.ledger.actions import Ledger
from server.ledger.model import Fact, Kind
from server.people.actions import People
from server.people.model import SYSTEM, Deed, Person, Role, require
from server.targets.actions import Targets

BURDEN_DAYS = 90
"""Visits of the last quarter count as burden."""
NO_CERTIFICATE, RESTING = "no_certificate", "resting"
ACCOUNT_CLOSED = "account closed"


class Teams:
    """Roster, team, recusal."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        people: People,
        targets: Targets,
        draws: Draws,
        episodes: Episodes,
        store: InspectionStore,
        clock: Clock,
        *,
        rest_days: int,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._people = people
        self._targets = targets
        self._draws = draws
        self._episodes = episodes
        self._store = store
        self._clock = clock
        self._rest_days = rest_days
        draws.place_of = self._place_of_draw

    async def roster(self) -> list[Member]:
        """All inspectors as members of a pool: those without a certificate or resting are left out, with the code."""
        now = self._clock()
        visits = await self._store.duties(now - timedelta(days=max(BURDEN_DAYS, self._rest_days)))
        burden = Counter(who for who, at in visits if now - at <= timedelta(days=BURDEN_DAYS))
        rest = timedelta(days=self._rest_days)
        tired = {who for who, at in visits if rest and now - at < rest}
        inspectors = await self._people.by_role(Role.INSPECTOR)
        return [_member(person, burden[person.id], person.id in tired) for person in inspectors]

    async def assign(self, actor: Person | None, episode_id: str, checklist: str | None = None) -> Inspection:
        """Plans the visit with the team that the lots named, and makes the episode ready."""
        person = require(actor, Deed.ASSIGN)
        episode = await self._episodes.get(episode_id)
        episode.check_phase(Phase.DRAWING, Phase.VOTING)
        target = await self._targets.get(episode.drawn())
        version = await self._targets.current_checklist(checklist or target.category)
        draw = await self._drawn(episode)

        async def work(tx: Tx) -> Inspection:
            people = await self._people_by_mark()
            order = await self._order(draw)
            called = _call(order, (), people)
            inspection = Inspection(
                id=new_id("in"),
                episode=episode.id,
                target=target.id,
                team=tuple(people[mark].id for mark in called.team),
                checklist=version.code,
                checklist_version=version.version,
                state=State.PLANNED,
                planned_at=self._clock(),
                recused=tuple(change.gone for change in called.changes),
            )
            await self._store.insert(inspection, tx)
            await self._record_changes(tx, draw, called.changes, SYSTEM.mark, ACCOUNT_CLOSED)
            current = await self._episodes.get(episode_id, tx)
            await self._episodes.move(tx, current, Phase.READY, person.mark, inspection=inspection.id)
            body = {
                "target": target.id,
                "team": list(called.team),
                "checklist": f"{version.code}/{version.version}",
            }
            fact = Fact(Kind.INSPECTION_PLANNED, self._clock(), inspection.id, person.mark, body, episode.id)
            await self._ledger.record(tx, fact)
            return inspection

        return await self._database.transact(work)

    async def recuse(self, actor: Person | None, inspection_id: str, inspector: str, reason: str) -> Inspection:
        """An inspector with an interest steps back, by themselves or by an operator; the next drawn moves up.

        `inspector` is a mark or an account id. Only before the start: afterwards a visit keeps its team.
        """
        person = require(actor, Deed.RECUSE)
        named = (await self._people_by_mark()).get(inspector)
        inspector = named.id if named else inspector
        if person.role is Role.INSPECTOR and person.id != inspector:
            raise NotOnTheTeam("You can step back yourself; for somebody else an operator decides.")
        if not reason:
            raise ReasonNeeded("Please give the reason; everybody will read it.", where="reason")

        async def work(tx: Tx) -> Inspection:
            inspection = await self._store.get(inspection_id, tx)
            if inspection is None or inspector not in inspection.team:
                raise NotOnTheTeam("This inspector is not on the team of this inspection.")
            if inspection.state is not State.PLANNED:
                raise NotPlanned("The visit has begun; its team can no longer change.")
            return await self._recuse(tx, inspection, inspector, reason, person.mark)

        return await self._database.transact(work)

    async def _recuse(self, tx: Tx, inspection: Inspection, inspector: str, reason: str, by: str) -> Inspection:
        episode = await self._episodes.get(inspection.episode, tx)
        draw = await self._drawn(episode)
        order = await self._order(draw)
        before = [mark for mark in order if mark not in inspection.recused]
        mark = before[inspection.team.index(inspector)]
        people = await self._people_by_mark()
        called = _call(order, (*inspection.recused, mark), people)
        first = Change(mark, _new(before[:TEAM_SIZE], [one for one in before if one != mark][:TEAM_SIZE]))
        gone = (mark, *(change.gone for change in called.changes))
        team = tuple(people[one].id for one in called.team)
        changed = replace(inspection, team=team, recused=(*inspection.recused, *gone))
        await self._store.save(changed, tx)
        await self._record_changes(tx, draw, [first], by, reason)
        await self._record_changes(tx, draw, called.changes, SYSTEM.mark, ACCOUNT_CLOSED)
        return changed

    async def _record_changes(self, tx: Tx, draw: Draw, changes: Sequence["Change"], by: str, reason: str) -> None:
        """One fact for each who goes, naming who comes; both opened, so that anybody finds their lines."""
        for change in changes:
            body = {
                "inspector": change.gone,
                "inspector_salt": self._draws.opened(draw, change.gone).salt,
                "replaced_by": change.comes,
                "salt": self._draws.opened(draw, change.comes).salt,
                "reason_digest": digest_of(reason),
            }
            fact = Fact(Kind.INSPECTOR_RECUSED, self._clock(), draw.id, by, body, draw.episode)
            await self._ledger.record(tx, fact)

    async def _order(self, draw: Draw) -> list[str]:
        """The marks of all who are qualified, in the order in which they are called.

        For the place that the draw was decided for: a register that changes afterwards changes no team.
        """
        assert draw.key is not None
        assert draw.place is not None
        ids = self._draws.files.ids(draw.pool_sha256)
        steps = await self._draws.walk(
            draw, bytes.fromhex(draw.key), Place(draw.place["category"], draw.place["district"])
        )
        return [ids[at] for at in called_of(steps)]

    async def _drawn(self, episode: Episode) -> Draw:
        draw = await self._draws.store.of_episode(episode.id, Of.INSPECTORS)
        if draw is None or draw.drawn_at is None:
            raise WrongPhase("The inspectors of this episode are not drawn yet. Announce the draw, and wait for it.")
        return draw

    async def _people_by_mark(self) -> dict[str, Person]:
        return {p.mark: p for p in await self._people.by_role(Role.INSPECTOR)}

    async def _place_of_draw(self, tx: Tx, draw: Draw) -> Place:
        """What a draw of inspectors must know of the visit when it is decided."""
        episode = await self._episodes.get(draw.episode, tx)
        if episode.target is None:
            return Place("", "")
        target = await self._targets.get(episode.target)
        return Place(target.category, target.district)


@dataclass(frozen=True)
class Change:
    """Marks: who goes, and who moves up."""

    gone: str
    comes: str


@dataclass(frozen=True)
class Called:
    """The marks of a team, and who had to be passed over on the way because their account is closed."""

    team: tuple[str, ...]
    changes: tuple[Change, ...]


def _call(order: Sequence[str], recused: Sequence[str], people: Mapping[str, Person]) -> Called:
    """The first two in the order who were not recused and still have an account; refuses when there are no two."""
    left, changes = [mark for mark in order if mark not in recused], []
    while missing := [mark for mark in left[:TEAM_SIZE] if mark not in people]:
        after = [mark for mark in left if mark != missing[0]]
        changes.append(Change(missing[0], _new(left[:TEAM_SIZE], after[:TEAM_SIZE])))
        left = after
    _check_enough(left)
    return Called(tuple(left[:TEAM_SIZE]), tuple(changes))


def _new(before: Sequence[str], after: Sequence[str]) -> str:
    """Who is in a team now who was not before."""
    _check_enough(after)
    return next(mark for mark in after if mark not in before)


def _check_enough(marks: Sequence[str]) -> None:
    if len(marks) < TEAM_SIZE:
        raise TooFewInspectors(
            "Only {count} of the drawn inspectors may go; the drawn order has nobody left. Cancel the episode "
            "with the reason, or invite inspectors and plan another.",
            count=len(marks),
        )


def _member(person: Person, burden: int, tired: bool) -> Member:
    if not person.certificate:
        return Member(person.mark, 0, NO_CERTIFICATE)
    if tired:
        return Member(person.mark, 0, RESTING)
    duty = Duty(burden, tuple(person.categories), tuple(person.districts))
    return Member(person.mark, 1, duty.note())
