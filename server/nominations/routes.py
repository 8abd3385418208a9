"""Doors of nominations: citizens propose and support, operators sort."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from server.citizens.routes import citizen, require_citizen
from server.kit.doors import Doors
from server.kit.errors import Invalid
from server.kit.forms import Form, form, id_in_path
from server.kit.replies import Answer, Done
from server.nominations.actions import Nominations
from server.nominations.curation import Curation
from server.nominations.model import MAX_LOOK_AT, MAX_NAME, MAX_PLACE, MAX_REASON, Code, Nomination
from server.people.model import Deed, Person
from server.people.routes import person

MAX_PROOF = 4000
MAX_ID = 64
MAX_HIDE_REASON = 200
Verb = Callable[[Person | None, str, Form, int | None], Awaitable[Nomination]]


def desk_url(episode: str) -> str:
    """Where operators go on."""
    return f"/operator/episodes/{episode}/nominations"


def add_doors(doors: Doors, nominations: Nominations, curation: Curation) -> None:
    """Citizens' doors, then operators'."""
    _add_citizens_doors(doors, nominations)
    _add_operators_doors(doors, curation)


def _add_citizens_doors(doors: Doors, nominations: Nominations) -> None:
    async def propose(request: web.Request) -> Answer:
        sent = await form(request)
        reason = sent.text("reason", max_length=MAX_REASON)
        made = await nominations.propose(
            require_citizen(request),
            request.remote or "",
            id_in_path(request),
            target=sent.text("target", required=False, max_length=MAX_ID) or None,
            name=sent.text("name", required=False, max_length=MAX_NAME),
            place=sent.text("place", required=False, max_length=MAX_PLACE),
            look_at=sent.text("look_at", required=False, max_length=MAX_LOOK_AT),
            reason=reason,
            proof=sent.text("proof", required=False, max_length=MAX_PROOF),
        )
        return Done(made.url, {**_facts(made), "words_digest": made.words.digest(made.salt), "salt": made.salt})

    async def follow(request: web.Request) -> Answer:
        proof = (await form(request)).text("proof", required=False, max_length=MAX_PROOF)
        known = await nominations.get(id_in_path(request))
        followed = await nominations.follow(require_citizen(request), request.remote or "", known.id, proof)
        return Done(followed.url, _facts(followed))

    async def unfollow(request: web.Request) -> Answer:
        known = await nominations.get(id_in_path(request))
        asker = citizen(request)
        left = await nominations.unfollow(asker, known.id) if asker else known
        return Done(left.url, _facts(left), status=200)

    doors.act("/episodes/{id}/nominations", propose, deed=Deed.NOMINATE)
    doors.act("/nominations/{id}/follow", follow, deed=Deed.NOMINATE)
    doors.act("/nominations/{id}/unfollow", unfollow, deed=Deed.NOMINATE)


def _add_operators_doors(doors: Doors, curation: Curation) -> None:
    def act(name: str, verb: Verb) -> None:
        async def handler(request: web.Request) -> Answer:
            sent = await form(request)
            changed = await verb(person(request), id_in_path(request), sent, _version(sent))
            return Done(desk_url(changed.episode), _facts(changed))

        doors.act(f"/nominations/{{id}}/{name}", handler, deed=Deed.CURATE)

    act("release", lambda who, what, _, version: curation.release(who, what, version))
    act("hide", lambda who, what, sent, version: curation.hide(who, what, _reason(sent), version))
    act("merge", lambda who, what, sent, version: curation.merge(who, what, _id(sent, "into"), version))
    act("exclude", lambda who, what, sent, version: curation.exclude(who, what, sent.choice("code", Code), version))
    act("shortlist", lambda who, what, _, version: curation.shortlist(who, what, version))
    act("resolve", lambda who, what, sent, version: curation.resolve(who, what, _id(sent, "target"), version))


def _reason(sent: Form) -> str:
    return sent.text("reason", max_length=MAX_HIDE_REASON)


def _id(sent: Form, name: str) -> str:
    """An id, or the address of its page: operators copy addresses."""
    return sent.text(name, max_length=MAX_ID + 200).rstrip("/").rsplit("/", 1)[-1][:MAX_ID]


def _version(sent: Form) -> int | None:
    """The state that the operator saw; a program may leave it out."""
    text = sent.text("version", required=False)
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Invalid("Please load the page again and repeat your change.", where="version")
    return int(text)


def _facts(nomination: Nomination) -> dict[str, object]:
    """What a program is told: nothing that somebody typed."""
    return {
        "id": nomination.id,
        "episode": nomination.episode,
        "url": nomination.url,
        "target": nomination.target,
        "tier": nomination.tier,
        "state": nomination.state,
        "code": nomination.code,
        "into": nomination.into,
        "supporters": nomination.supporters,
        "released": nomination.released,
        "made_at": nomination.made_at,
        "version": nomination.version,
    }
