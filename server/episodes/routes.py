"""Doors that plan an episode."""

from datetime import datetime, tzinfo

from aiohttp import web

from server.ballots.model import MAX_OPTIONS
from server.citizens.model import Tier
from server.draws.model import Algorithm
from server.draws.plan import Asked
from server.episodes.actions import Episodes
from server.episodes.choosing import Choosing
from server.episodes.eligibility import ByHand, Excluded
from server.episodes.lifecycle import Method, Phase
from server.episodes.planning import Planning
from server.episodes.steps import STEPS
from server.episodes.voting import Terms, Voting
from server.episodes.watching import MAX_SESSION_CHARACTERS, Watching
from server.kit.doors import Doors
from server.kit.forms import Form, form, id_in_path
from server.kit.replies import Answer, Done
from server.people.model import Deed
from server.people.routes import person

MAX_TITLE = 60
MAX_MINUTES = 60 * 24 * 30


def desk(episode_id: str) -> str:
    """Where an operator goes on."""
    return f"/operator/episodes/{episode_id}"


def add_doors(
    doors: Doors,
    episodes: Episodes,
    planning: Planning,
    choosing: Choosing,
    voting: Voting,
    watching: Watching,
    zone: tzinfo,
) -> None:
    """Create, open nominations and ballot, announce a draw; and the beat of whoever watches."""
    _add_planning(doors, episodes, planning, zone)

    async def draw(request: web.Request) -> Answer:
        sent = await form(request)
        announced = await choosing.announce(person(request), id_in_path(request), asked_of(sent, zone), _left_out(sent))
        return Done(desk(announced.episode), {"draw": announced.id})

    async def open_ballot(request: web.Request) -> Answer:
        ballot = await voting.open(person(request), id_in_path(request), terms_of(await form(request), zone))
        return Done(desk(ballot.episode), {"ballot": ballot.id})

    async def beat(request: web.Request) -> Answer:
        session = (await form(request)).text("session", max_length=MAX_SESSION_CHARACTERS)
        watching.beat(id_in_path(request), session)
        return web.Response(status=204)

    doors.act("/episodes/{id}/draw", draw, deed=Deed.DRAW)
    doors.act("/episodes/{id}/ballot", open_ballot, deed=Deed.HOLD_BALLOT)
    doors.act("/episodes/{id}/watching", beat, deed=Deed.WATCH)


def _add_planning(doors: Doors, episodes: Episodes, planning: Planning, zone: tzinfo) -> None:
    async def create(request: web.Request) -> Answer:
        sent = await form(request)
        title, method, timed = (
            sent.text("title", max_length=MAX_TITLE),
            sent.choice("method", Method),
            sent.flag("timed"),
        )
        episode = await planning.create(
            person(request),
            title=title,
            method=method,
            plan=_plan(sent, method, timed, zone),
            district=sent.text("district", required=False),
            category=sent.text("category", required=False),
            timed=timed,
        )
        return Done(desk(episode.id), {"id": episode.id, "number": episode.number})

    async def open_nominations(request: web.Request) -> Answer:
        episode = await episodes.advance(person(request), id_in_path(request), Phase.NOMINATING)
        return Done(desk(episode.id), {"id": episode.id, "phase": episode.phase})

    doors.act("/episodes", create, deed=Deed.PLAN)
    doors.act("/episodes/{id}/nominating", open_nominations, deed=Deed.PLAN)


def _plan(sent: Form, method: Method, timed: bool, zone: tzinfo) -> dict[str, datetime]:
    """The moments of the steps. All are needed where steps are taken by themselves, otherwise the last one."""
    fields = {step.value: f"{step.value}_at" for step in STEPS[method]}
    needed = {step for step, name in fields.items() if step == Phase.LIVE or sent.text(name, required=timed)}
    return {step: sent.moment(name, zone) for step, name in fields.items() if step in needed}


def asked_of(sent: Form, zone: tzinfo) -> Asked:
    """The sources and the algorithm that a form asks for; a form that names no source at all asks for the beacon."""
    ceremony = sent.flag("ceremony")
    numbers_name = sent.text("numbers_name", required=False, max_length=MAX_TITLE)
    return Asked(
        algorithm=sent.choice("algorithm", Algorithm) if sent.text("algorithm", required=False) else Algorithm.SHA256,
        beacon=sent.flag("beacon") or not (ceremony or numbers_name),
        commit_minutes=sent.number("commit_minutes", least=0.1, most=MAX_MINUTES, default=5) if ceremony else 0,
        reveal_minutes=sent.number("reveal_minutes", least=0.1, most=MAX_MINUTES, default=5) if ceremony else 0,
        numbers_name=numbers_name,
        numbers_due=sent.moment("numbers_due", zone) if numbers_name else None,
    )


def terms_of(sent: Form, zone: tzinfo) -> Terms:
    """The terms of a ballot; without an opening moment it opens at once, without a tier a browser is enough."""
    tier = sent.choice("tier", Tier) if sent.text("tier", required=False) else Tier.DEVICE
    return Terms(
        choose=int(sent.number("choose", least=1, most=MAX_OPTIONS)),
        closes_at=sent.moment("closes_at", zone),
        opens_at=sent.moment("opens_at", zone) if sent.text("opens_at", required=False) else None,
        tier=tier,
        counted_tier=sent.choice("counted_tier", Tier) if sent.text("counted_tier", required=False) else tier,
        show_tally=sent.flag("show_tally"),
    )


def _left_out(sent: Form) -> dict[str, Excluded]:
    """Targets left out by hand: the ids, and one code for all of them."""
    ids = sent.text("left_out", required=False, max_length=20_000).replace(",", " ").split()
    return dict.fromkeys(ids, Excluded(sent.choice("left_out_code", ByHand).value)) if ids else {}
