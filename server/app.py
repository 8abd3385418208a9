"""The front door: builds the application from its rooms. Only wiring; every rule lives in a room."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from importlib.metadata import version

from aiohttp import web

from scheduler.runner import Job, Runner
from server.ballots import routes as ballot_routes
from server.citizens import routes as citizen_routes
from server.config import Settings
from server.draws import routes as draw_routes
from server.episodes import routes as episode_routes
from server.episodes import step_routes
from server.episodes.lifecycle import Phase
from server.events import routes as event_routes
from server.house import House
from server.inspections import routes as inspection_routes
from server.inspections.model import State
from server.kit import guard
from server.kit.clock import Clock
from server.kit.doors import PERMIT, WHO, Doors
from server.kit.errors import NotFound, Unavailable
from server.kit.language import Languages
from server.kit.leases import Leases
from server.kit.mongo import Database
from server.kit.replies import RENDER, TRANSLATE, Render, json_reply
from server.ledger import routes as ledger_routes
from server.nominations import routes as nomination_routes
from server.notifications import routes as notification_routes
from server.people import routes as people_routes
from server.people.model import Deed, Person, permit
from server.rectifications import routes as rectification_routes
from server.viewing import ballot_routes as ballot_page_routes
from server.viewing import draw_routes as draw_page_routes
from server.viewing import nomination_routes as nomination_page_routes
from server.viewing import routes as viewing_routes
from server.viewing.live import url_of
from server.weekly import weekly_jobs
from streaming.peer import IceServer
from streaming.whep import Whep
from streaming.whip import Whip
from web.i18n import LANGUAGES, words
from web.render import Renderer

WHISPER_SECONDS = 2.0
TALLY_SECONDS = 1.0
PLACES_SECONDS = 2.0
VERSION = version("seethrough")


HOUSE: web.AppKey[House] = web.AppKey("house", House)


def build_app(settings: Settings, *, clock: Clock, database: Database) -> web.Application:
    """The whole application; tests call the same function."""
    house = House(settings, clock=clock, database=database)
    languages = Languages(*LANGUAGES)
    app = web.Application(
        middlewares=[
            *([guard.real_address] if settings.behind_proxy else []),
            guard.errors,
            guard.same_origin,
            guard.recogniser(house.people.recognise),
        ],
        client_max_size=settings.max_upload_mb * 2**20,
    )
    app[HOUSE] = house
    app[PERMIT] = permit
    renderer = Renderer()
    app[RENDER] = _render(house, renderer, languages)
    app[TRANSLATE] = lambda request, refusal: refusal.sentence(words(languages.of(request)).gettext)
    app.on_response_prepare.append(guard.set_headers)
    app.on_response_prepare.append(languages.remember)
    _add_doors(Doors(app), house, renderer, languages)
    app.on_shutdown.append(_hang_up)
    app.cleanup_ctx.append(_life)
    return app


def _add_doors(doors: Doors, house: House, renderer: Renderer, languages: Languages) -> None:
    settings, zone = house.settings, house.settings.zone()
    viewing_routes.add_doors(doors, house.pages, house.registry, house.desks, languages.of)
    draw_routes.add_doors(doors, house.draws, house.sources)
    draw_page_routes.add_doors(doors, house.draw_pages, house.why_pages)
    episode_routes.add_doors(doors, house.episodes, house.planning, house.choosing, house.voting, house.watching, zone)
    step_routes.add_doors(doors, house.cycle, zone)
    inspection_routes.add_doors(
        doors,
        house.inspections,
        house.teams,
        house.findings,
        house.episodes,
        shown=house.cards.finding,
        cut=lambda name, reason: _cut(house, name, reason, time.time()),
        end=lambda name, reason: house.channels.open(name).end(reason),
    )
    nomination_routes.add_doors(doors, house.nominations, house.curation)
    notification_routes.add_doors(doors, house.notifications)
    nomination_page_routes.add_doors(doors, house.nomination_pages)
    ballot_page_routes.add_doors(doors, house.ballot_pages)
    rectification_routes.add_doors(doors, house.rectifications)
    ledger_routes.add_doors(doors, house.ledger, url_of)
    event_routes.add_doors(doors, house.hub)
    citizen_routes.add_doors(
        doors,
        house.citizens,
        house.phones,
        house.verifying,
        citizen_routes.Cookies(secure=settings.secure, days=settings.citizen_days),
        lambda request, text: words(languages.of(request)).gettext(text),
    )
    people_routes.add_doors(
        doors, house.people, people_routes.Cookies(secure=settings.secure, days=settings.session_days)
    )
    ballot_routes.add_doors(doors, house.ballots)
    _add_streaming(doors, house)
    _add_machine_doors(doors, house, renderer)


def _add_streaming(doors: Doors, house: House) -> None:
    ice_servers = [IceServer(address) for address in house.settings.ice_servers.split()]
    whip = Whip(house.channels, may_publish=house.broadcasts.may_publish, ice_servers=ice_servers)
    whep = Whep(house.channels, may_monitor=_may_monitor(house), ice_servers=ice_servers)
    for routes, deed in (
        (whip.routes(), Deed.PUBLISH_WHIP),
        (whep.routes(), Deed.MONITOR),
        (house.hls.routes(), Deed.WATCH),
    ):
        for route in routes:
            doors.add(route.method, route.path, route.handler, deed=deed)
    doors.app.on_shutdown.append(lambda _app: whip.close())
    doors.app.on_shutdown.append(lambda _app: whep.close())


async def _cut(house: House, name: str, reason: str, at: float) -> None:
    """Cuts a channel, and whatever of its picture the public had not been shown at that moment.

    The channel itself sees to that while it carries a picture; after a restart there is nothing that it carries.
    """
    await house.channels.open(name).cut(reason)
    store = house.hls.store(name)
    if store is None:
        return
    shown = [segment.number for segment in store.segments if segment.written_at <= at - store.delay_seconds]
    if len(shown) < len(store.segments):
        store.apply(await asyncio.to_thread(store.write_cut, shown[-1] if shown else -1))


async def _cut_again(house: House) -> None:
    """What was cut stays cut after a restart, even when the server stopped before the channel heard of it."""
    for inspection in await house.inspections.store.find(state=State.LIVE):
        if inspection.cut_at:
            await _cut(house, inspection.id, "cut before the server stopped", inspection.cut_at.timestamp())


def _render(house: House, renderer: Renderer, languages: Languages) -> Render:
    def render(request: web.Request, template: str, facts: object) -> str:
        return renderer.render(
            template,
            facts,
            lang=languages.of(request),
            who=request.get(WHO),
            path=request.path,
            query=request.query,
            now=house.clock(),
            extra={"ledger_size": house.ledger.head.size, "city": house.settings.city},
        )

    return render


def _add_machine_doors(doors: Doors, house: House, renderer: Renderer) -> None:
    async def static(request: web.Request) -> web.StreamResponse:
        path = renderer.static_file(request.match_info["hash"], request.match_info["name"])
        if path is None:
            raise web.HTTPFound(_newest(renderer, request), headers={"Cache-Control": "no-store"})
        return web.FileResponse(path, headers={"Cache-Control": "public, max-age=31536000, immutable"})

    async def health(_request: web.Request) -> web.StreamResponse:
        state = await house.database.state()
        trouble = "" if state.get("healthy") else "database unavailable"
        trouble = trouble or ("the ledger takes no facts now" if house.ledger.trouble else "")
        facts = {
            "status": trouble or "ok",
            "database": state,
            "ledger": {"size": house.ledger.head.size, "root": house.ledger.head.root},
            "events": {"connections": house.hub.connections},
            "version": VERSION,
        }
        return json_reply(facts, status=503 if trouble else 200, headers={"Cache-Control": "no-store"})

    doors.get("/static/{hash}/{name:.+}", static, deed=Deed.READ)
    doors.get("/healthz", health, deed=Deed.HEALTH)


def _newest(renderer: Renderer, request: web.Request) -> str:
    """Where a page from before an upgrade finds the file it asks for."""
    newest = renderer.static(request.match_info["name"])
    known = renderer.static_file(renderer.static_hash, request.match_info["name"]) is not None
    if not known or newest == request.path:
        raise NotFound("There is nothing at this address.")
    return newest


async def _hang_up(app: web.Application) -> None:
    """Ends what would keep connections open: events first, so that browsers come back to the next server."""
    await app[HOUSE].hub.close()


async def prepare_house(house: House) -> None:
    """Indexes, made side by side, and the ledger's head, before anything is asked."""
    stores = (
        house.draws.store,
        house.episodes.store,
        house.inspections.store,
        house.rectifications.store,
        house.people,
        house.citizens,
        house.phones,
        house.ballots,
        house.nominations.store,
        house.notifications.store,
        house.targets,
    )
    await asyncio.gather(*(store.prepare() for store in stores))
    await house.ledger.open()


async def _life(app: web.Application) -> AsyncIterator[None]:
    """From the first index to the last task; what was begun ends in reverse, also when the start fails half-way."""
    house = app[HOUSE]
    await prepare_house(house)
    async with contextlib.AsyncExitStack() as closing:
        closing.push_async_callback(house.tasks.close)
        closing.push_async_callback(all_in_place, house)  # What closing the channels records gets its place too.
        closing.push_async_callback(house.channels.close)
        _ = house.tasks.keep("ledger sequencer", house.ledger.sequence_forever)
        _ = house.tasks.keep("live events", house.hub.run)
        _ = house.tasks.keep("draws", house.sources.tend)
        _ = house.tasks.keep("news", house.notifications.deliver_forever)
        _ = house.tasks.keep("ballots", house.ballots.look_forever)
        _ = house.tasks.keep("votes forgotten", house.ballots.sweep_forever)
        _ = house.tasks.keep("running tallies", lambda: _whisper_tallies(house))
        _ = house.tasks.keep("viewer counts", lambda: _whisper_counts(house))
        await all_in_place(house)  # Recovery reads the record, which may lack the last words of an earlier server.
        await house.broadcasts.recover()
        await _cut_again(house)
        runner = Runner(jobs(house), Leases(house.database), house.clock)
        closing.push_async_callback(runner.close)
        await runner.start()
        yield


async def all_in_place(house: House) -> None:
    """Waits a moment until every fact recorded so far has its place in the ledger."""
    with contextlib.suppress(TimeoutError, Unavailable):
        async with asyncio.timeout(PLACES_SECONDS):
            while await house.ledger.store.waiting(1):
                await house.ledger.wait_beyond(house.ledger.head.size, 0.1)


async def _whisper_counts(house: House) -> None:
    """Tells pages how many watch: an ephemeral event, never a fact."""
    while True:
        with contextlib.suppress(Unavailable):  # Without the database the same episodes are counted on.
            house.watching.only([e.id for e in await house.episodes.store.find([Phase.LIVE])])
        for episode in house.watching.episodes():
            count = house.watching.count(episode)
            house.hub.whisper(episode, "watching", {"episode": episode, "watching": count})
        await asyncio.sleep(WHISPER_SECONDS)


async def _whisper_tallies(house: House) -> None:
    """Tells pages how a ballot stands, where that is shown: once a second at most, never a fact."""
    while True:
        for episode, tally in house.ballots.changed_tallies():
            house.hub.whisper(episode, "tally", tally)
        await asyncio.sleep(TALLY_SECONDS)


def jobs(house: House) -> Sequence[Job]:
    """All timed work."""
    return weekly_jobs(house.settings, house.clock, house.episodes, house.cycle)


def _may_monitor(house: House) -> Callable[[web.Request, str], Awaitable[bool]]:
    async def may(request: web.Request, _channel: str) -> bool:
        who = request.get(WHO)
        return isinstance(who, Person) and who.may(Deed.MONITOR)

    return may
