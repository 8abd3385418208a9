"""The pages that show more than one room."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from server.episodes.lifecycle import Phase
from server.kit.doors import Doors
from server.kit.errors import Invalid
from server.kit.forms import id_in_path, whole_number
from server.kit.replies import Answer, Page
from server.people.model import Deed
from server.people.routes import person
from server.rectifications.model import State
from server.viewing.desks import Desks
from server.viewing.pages import Pages
from server.viewing.registry import Registry

MAX_WORDS = 100
Lang = Callable[[web.Request], str]


def add_doors(doors: Doors, pages: Pages, registry: Registry, desks: Desks, lang: Lang) -> None:
    """Public pages, then desks."""
    _add_registry(doors, registry, lang)
    _add_public(doors, pages, lang)
    _add_cases(doors, pages, lang)
    _add_desks(doors, desks, lang)


def _add_public(doors: Doors, pages: Pages, lang: Lang) -> None:
    async def home(request: web.Request) -> Answer:
        return Page("home.html", await pages.home(lang(request)))

    async def episodes(request: web.Request) -> Answer:
        return Page("episodes/list.html", await pages.episodes(_chosen(request, "phase", Phase)))

    async def episode(request: web.Request) -> Answer:
        return Page("episodes/episode.html", await pages.episode(id_in_path(request), lang(request)))

    doors.page("/", home, deed=Deed.READ)
    doors.page("/episodes", episodes, deed=Deed.READ)
    doors.page("/episodes/{id}", episode, deed=Deed.READ)


def _add_cases(doors: Doors, pages: Pages, lang: Lang) -> None:
    async def finding(request: web.Request) -> Answer:
        return Page("inspections/finding.html", await pages.finding(id_in_path(request), lang(request)))

    async def rectifications(request: web.Request) -> Answer:
        state, overdue = _chosen(request, "state", State), request.query.get("overdue") in ("1", "true")
        return Page("rectifications/list.html", await pages.rectifications(state, overdue, lang(request)))

    async def rectification(request: web.Request) -> Answer:
        facts = await pages.rectification(id_in_path(request), person(request), lang(request))
        return Page("rectifications/rectification.html", facts)

    doors.page("/findings/{id}", finding, deed=Deed.READ)
    doors.page("/rectifications", rectifications, deed=Deed.READ)
    doors.page("/rectifications/{id}", rectification, deed=Deed.READ)


def _add_registry(doors: Doors, registry: Registry, lang: Lang) -> None:
    async def search(request: web.Request) -> Answer:
        query = request.query
        words, page = query.get("q", "").strip()[:MAX_WORDS], whole_number(request, "page", 1, least=1, most=10_000)
        facts = await registry.search(words, query.get("district", ""), query.get("category", ""), page)
        return Page("targets/search.html", facts)

    async def target(request: web.Request) -> Answer:
        return Page("targets/target.html", await registry.target(id_in_path(request), lang(request)))

    async def checklist(request: web.Request) -> Answer:
        version = request.match_info["version"]
        number = int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else 0
        facts = await registry.checklist(id_in_path(request, "code"), number, lang(request))
        return Page("targets/checklist.html", facts)

    doors.page("/targets", search, deed=Deed.READ)
    doors.page("/targets/{id}", target, deed=Deed.READ)
    doors.page("/checklists/{code}/{version}", checklist, deed=Deed.READ)


def _add_desks(doors: Doors, desks: Desks, lang: Lang) -> None:
    async def mine(request: web.Request) -> Answer:
        return Page("inspections/mine.html", await desks.mine(person(request)))

    async def console(request: web.Request) -> Answer:
        facts = await desks.console(person(request), id_in_path(request), lang(request))
        return Page("inspections/console.html", facts)

    async def operator(request: web.Request) -> Answer:
        return Page("episodes/operator.html", await desks.operator(person(request)))

    async def plan(request: web.Request) -> Answer:
        return Page("episodes/plan.html", await desks.plan(person(request), id_in_path(request)))

    async def business(request: web.Request) -> Answer:
        facts = await desks.business(request.match_info["token"], lang(request))
        return Page("rectifications/business.html", facts, headers={"Cache-Control": "no-store"})

    doors.page("/console", mine, deed=Deed.INSPECT)
    doors.page("/console/{id}", console, deed=Deed.INSPECT)
    doors.page("/operator", operator, deed=Deed.PLAN)
    doors.page("/operator/episodes/{id}", plan, deed=Deed.PLAN)
    doors.page("/business/{token}", business, deed=Deed.BUSINESS_LINK)


def _chosen(request: web.Request, name: str, options: type[Any]) -> Any:
    """A member of an enum from the query, None where it is not given."""
    value = request.query.get(name)
    if not value:
        return None
    try:
        return options(value)
    except ValueError:
        known = ", ".join(option.value for option in options)
        raise Invalid("“{value}” is none of: {known}.", where=name, value=value[:40], known=known) from None
