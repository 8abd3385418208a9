"""The front door: builds the application from its rooms. Only wiring; every rule lives in a room."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from aiohttp import web

from scheduler.runner import Job, Runner
from server.config import Settings
from server.draws import routes as draw_routes
from server.draws.actions import Draws
from server.episodes import jobs as episode_jobs
from server.episodes import routes as episode_routes
from server.episodes.actions import Episodes
from server.episodes.watching import Watching
from server.events import routes as event_routes
from server.events.hub import Hub
from server.inspections import routes as inspection_routes
from server.inspections.actions import Inspections
from server.inspections.broadcasts import Broadcasts
from server.inspections.evidence import EvidenceStore
from server.inspections.findings import Findings
from server.kit import guard
from server.kit.clock import Clock
from server.kit.doors import PERMIT, Doors
from server.kit.language import Languages
from server.kit.leases import Leases
from server.kit.mongo import Database
from server.kit.replies import RENDER, TRANSLATE
from server.kit.tasks import Tasks
from server.ledger import routes as ledger_routes
from server.ledger.actions import Ledger
from server.ledger.keys import load_or_make
from server.people import routes as people_routes
from server.people.actions import People
from server.people.model import permit
from server.rectifications import routes as rectification_routes
from server.rectifications.actions import Rectifications
from server.targets import routes as target_routes
from server.targets.actions import Targets
from server.viewing import routes as viewing_routes
from server.viewing.cards import Cards
from server.viewing.desks import Desks
from server.viewing.live import Live
from server.viewing.pages import Pages
from server.viewing.rooms import Rooms
from streaming.channels import Channels
from streaming.hls import Hls
from streaming.peer import IceServer
from streaming.whep import Whep
from streaming.whip import Whip

WHISPER_SECONDS = 2.0


@dataclass(frozen=True)
class House:
    """Every room, built once; what tests and the demo hold on to."""

    settings: Settings
    clock: Clock
    database: Database
    tasks: Tasks
    ledger: Ledger
    people: People
    targets: Targets
    draws: Draws
    episodes: Episodes
    rectifications: Rectifications
    inspections: Inspections
    findings: Findings
    broadcasts: Broadcasts
    watching: Watching
    hub: Hub
    channels: Channels
    hls: Hls
    pages: Pages
    desks: Desks
    cards: Cards


HOUSE: web.AppKey[House] = web.AppKey("house", House)


def build_house(settings: Settings, *, clock: Clock, database: Database) -> House:
    """One object per capability, each given its stores, the ledger and the clock."""
    data, zone = settings.data_dir, settings.zone()
    key = load_or_make(data / "ledger.key")
    ledger = Ledger(database, key, settings.ledger_origin, mark=data / "ledger.size")
    people = People(database, ledger, clock, settings=_people_settings(settings))
    targets = Targets(database, ledger, clock)
    draws = Draws(database, ledger, clock)
    episodes = Episodes(database, ledger, targets, draws, clock)
    rectifications = Rectifications(
        database,
        ledger,
        targets,
        clock,
        zone=zone,
        days=settings.rectification_days,
        objection_days=settings.objection_days,
    )
    inspections = Inspections(database, ledger, people, targets, draws, episodes, rectifications, clock)
    rectifications.on_settled = inspections.close_if_done
    evidence = EvidenceStore(data / "evidence", settings.photo_pixels)
    findings = Findings(database, ledger, inspections, rectifications, evidence, clock)
    broadcasts = Broadcasts(inspections, ledger)
    hls = Hls(
        data / "hls", delay_seconds=settings.safety_delay_seconds, window_seconds=settings.hls_window_seconds
    )
    channels = Channels(on_event=broadcasts.happened, outputs=lambda name: [hls.packager(name)])
    watching = Watching()
    rooms = Rooms(
        people=people,
        targets=targets,
        draws=draws,
        episodes=episodes,
        inspections=inspections,
        findings=findings,
        rectifications=rectifications,
        ledger=ledger,
        clock=clock,
        zone=zone,
        delay_seconds=settings.safety_delay_seconds,
        watching=watching.count,
        has_picture=lambda name: hls.store(name) is not None,
    )
    cards = Cards(rooms)
    pages = Pages(rooms, cards)
    hub = Hub(ledger, Live(cards, pages).shown)
    return House(
        settings=settings,
        clock=clock,
        database=database,
        tasks=Tasks(),
        ledger=ledger,
        people=people,
        targets=targets,
        draws=draws,
        episodes=episodes,
        rectifications=rectifications,
        inspections=inspections,
        findings=findings,
        broadcasts=broadcasts,
        watching=watching,
        hub=hub,
        channels=channels,
        hls=hls,
        pages=pages,
        desks=Desks(rooms, cards, pages),
        cards=cards,
    )
