"""Doors of a ballot: voting, voiding, and what a stranger needs to check it. Its pages are in the viewing room."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from server.ballots.actions import Ballots
from server.ballots.model import Receipt
from server.citizens.routes import citizen
from server.kit.clock import iso
from server.kit.doors import Doors
from server.kit.forms import form, id_in_path
from server.kit.replies import Answer, Done, json_reply
from server.people.model import Deed
from server.people.routes import person

MAX_REASON = 500
MAX_CHOICES = 4000
MAX_PROOF = 2000
FOR_EVER = "public, max-age=31536000, immutable"
NOT_KEPT = {"Cache-Control": "no-store"}


def add_doors(doors: Doors, ballots: Ballots) -> None:
    """A vote is open to everybody at the door: cookie, work and tier decide."""

    async def vote(request: web.Request) -> Answer:
        sent = await form(request)
        receipt, new = await ballots.cast(
            citizen(request),
            request.remote or "",
            id_in_path(request),
            options(sent.text("choices", required=False, max_length=MAX_CHOICES)),
            sent.text("key", required=False),
            sent.text("proof", required=False, max_length=MAX_PROOF),
        )
        return json_reply(receipt_facts(receipt), status=201 if new else 200, headers=NOT_KEPT)

    async def void(request: web.Request) -> Answer:
        reason = (await form(request)).text("reason", max_length=MAX_REASON)
        ballot = await ballots.void(person(request), id_in_path(request), reason)
        return Done(f"/ballots/{ballot.id}", {"id": ballot.id, "voided_at": ballot.voided_at})

    async def board(request: web.Request) -> web.StreamResponse:
        ballot = await ballots.get(id_in_path(request))
        headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": FOR_EVER}
        return web.FileResponse(ballots.board_path(ballot), headers=headers)

    async def proof(request: web.Request) -> web.StreamResponse:
        found = await ballots.proof(id_in_path(request), request.query.get("receipt", "").strip().lower())
        return json_reply(found, headers=NOT_KEPT)

    doors.act("/ballots/{id}/votes", vote, deed=Deed.VOTE)
    doors.act("/ballots/{id}/void", void, deed=Deed.HOLD_BALLOT)
    doors.get("/ballots/{id}/board.txt", board, deed=Deed.READ)
    doors.get("/ballots/{id}/proof", proof, deed=Deed.READ)


def options(text: str) -> list[str]:
    """`a,b` as the options that it names."""
    return [option for part in text.split(",") if (option := part.strip())]


def receipt_facts(receipt: Receipt) -> Mapping[str, Any]:
    """A receipt as it is sent; a program keeps it as it is."""
    promise = receipt.promise
    return {
        "ballot": receipt.ballot,
        "code": receipt.code,
        "choices": list(receipt.choices),
        "tier": receipt.tier.value,
        "at": iso(receipt.at),
        "promise": {
            "index": promise.index,
            "size": promise.size,
            "path": list(promise.path),
            "signature": promise.signature,
        },
    }
