"""Doors of an inspection: planning, broadcasting, findings, evidence."""

from collections.abc import Awaitable, Callable
from datetime import UTC

from aiohttp import web

from server.episodes.actions import Episodes
from server.episodes.routes import desk
from server.inspections.actions import Inspections
from server.inspections.findings import Draft, Findings
from server.inspections.model import MAX_PHOTOS, MAX_WORDS, Result, Severity
from server.inspections.teams import Teams
from server.kit.doors import Doors
from server.kit.errors import Invalid
from server.kit.forms import Form, form, id_in_path
from server.kit.ids import new_id
from server.kit.replies import Answer, Done
from server.people.model import Deed
from server.people.routes import person

Shown = Callable[[str], Awaitable[object]]
"""A finding as it is shown, by its id."""
Stop = Callable[[str, str], Awaitable[None]]
"""Stops a channel: its name and the reason."""


def add_doors(
    doors: Doors,
    inspections: Inspections,
    teams: Teams,
    findings: Findings,
    episodes: Episodes,
    *,
    shown: Shown,
    cut: Stop,
    end: Stop,
) -> None:
    """`cut` and `end` stop a channel; they are streaming's, handed in."""
    _add_conduct(doors, inspections, episodes, cut, end)
    _add_team(doors, teams)
    _add_findings(doors, inspections, findings, shown)


def _add_team(doors: Doors, teams: Teams) -> None:
    async def assign(request: web.Request) -> Answer:
        inspection = await teams.assign(person(request), id_in_path(request))
        return Done(desk(inspection.episode), {"inspection": inspection.id})

    async def recuse(request: web.Request) -> Answer:
        sent, who = await form(request), person(request)
        inspector = sent.text("inspector", required=False) or (who.id if who else "")
        inspection = await teams.recuse(who, id_in_path(request), inspector, sent.text("reason", max_length=MAX_WORDS))
        back = desk(inspection.episode) if who and who.may(Deed.PLAN) else "/console"
        return Done(back, {"inspection": inspection.id, "team": list(inspection.team)})

    doors.act("/episodes/{id}/assign", assign, deed=Deed.ASSIGN)
    doors.act("/inspections/{id}/recuse", recuse, deed=Deed.RECUSE)


def _add_conduct(doors: Doors, inspections: Inspections, episodes: Episodes, cut: Stop, end: Stop) -> None:
    async def start(request: web.Request) -> Answer:
        inspection = await inspections.start(person(request), id_in_path(request))
        return Done(desk(inspection.episode), {"inspection": inspection.id})

    async def conclude(request: web.Request) -> Answer:
        inspection = await inspections.conclude(person(request), id_in_path(request))
        await end(inspection.id, "concluded")
        return Done(desk(inspection.episode), {"inspection": inspection.id, "results": inspection.results})

    async def cut_picture(request: web.Request) -> Answer:
        reason = (await form(request)).text("reason")
        episode = await episodes.get(id_in_path(request))
        inspection = await inspections.cut(person(request), episode.inspection or "", reason)
        await cut(inspection.id, reason)
        return Done(desk(inspection.episode), {"inspection": inspection.id})

    async def cancel(request: web.Request) -> Answer:
        reason = (await form(request)).text("reason")
        episode = await inspections.cancel(person(request), id_in_path(request), reason)
        if episode.inspection:
            await end(episode.inspection, "cancelled")
        return Done(desk(episode.id), {"id": episode.id, "phase": episode.phase})

    doors.act("/episodes/{id}/cancel", cancel, deed=Deed.CONDUCT)
    doors.act("/episodes/{id}/start", start, deed=Deed.CONDUCT)
    doors.act("/episodes/{id}/conclude", conclude, deed=Deed.CONDUCT)
    doors.act("/episodes/{id}/cut", cut_picture, deed=Deed.CUT)


def _add_findings(doors: Doors, inspections: Inspections, findings: Findings, shown: Shown) -> None:
    async def token(request: web.Request) -> Answer:
        inspection = id_in_path(request)
        secret, expires_at = await inspections.issue_token(person(request), inspection)
        facts = {"token": secret, "whip_url": f"/whip/{inspection}", "expires_at": expires_at}
        return Done(f"/console/{inspection}", facts)

    async def publish(request: web.Request) -> Answer:
        inspection = id_in_path(request)
        finding = await findings.publish(
            person(request), inspection, _draft(await form(request, limit=request.client_max_size))
        )
        await findings.settle(finding)
        return Done(f"/console/{inspection}", await shown(finding.id))

    async def withdraw(request: web.Request) -> Answer:
        reason = (await form(request)).text("reason")
        finding = await findings.withdraw(person(request), id_in_path(request), reason)
        return Done(f"/console/{finding.inspection}", await shown(finding.id))

    async def photo(request: web.Request) -> web.StreamResponse:
        path = findings.evidence.path(request.match_info["sha256"])
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Content-Type": "image/jpeg"}
        return web.FileResponse(path, headers=headers)

    doors.act("/inspections/{id}/token", token, deed=Deed.BROADCAST_TOKEN)
    doors.act("/inspections/{id}/findings", publish, deed=Deed.PUBLISH_FINDING)
    doors.act("/findings/{id}/withdraw", withdraw, deed=Deed.WITHDRAW_FINDING)
    doors.get("/evidence/{sha256}.jpg", photo, deed=Deed.READ)


def _draft(sent: Form) -> Draft:
    photos = sent.uploads.get("photo", [])
    if len(photos) > MAX_PHOTOS:
        raise Invalid("At most {limit} photos go with a finding.", where="photo", limit=MAX_PHOTOS)
    return Draft(
        item=sent.text("item", max_length=64),
        result=sent.choice("result", Result),
        severity=sent.choice("severity", Severity) if sent.text("severity", required=False) else Severity.LOW,
        words=sent.text("words", required=False, max_length=MAX_WORDS),
        key=sent.text("key", required=False, max_length=64) or new_id("key"),
        photos=[upload.data for upload in photos],
        media_at=sent.moment("media_at", UTC) if sent.text("media_at", required=False) else None,
    )
