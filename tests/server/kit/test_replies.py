from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

import pytest
from aiohttp.test_utils import make_mocked_request

from server.kit.errors import Invalid, NotAllowed, NotFound, Refusal, TooLate, TooMany, Unavailable
from server.kit.replies import jsonable, refused, wants_json

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
JSON = {"Accept": "application/json"}


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Thing:
    at: datetime
    on: date
    colour: Colour
    parts: tuple[int, ...]
    digest: bytes


def test_facts_become_plain_json():
    thing = Thing(datetime(2026, 3, 6, 2, tzinfo=UTC), date(2026, 3, 6), Colour.RED, (1, 2), b"\x01\xff")
    assert jsonable({"thing": thing, 1: None}) == {
        "thing": {
            "at": "2026-03-06T02:00:00.000Z",
            "on": "2026-03-06",
            "colour": "red",
            "parts": [1, 2],
            "digest": "01ff",
        },
        "1": None,
    }


@pytest.mark.parametrize(
    ("path", "accept", "wanted"),
    [
        ("/a", "", False),
        ("/a", "*/*", False),
        ("/a", "application/json", True),
        ("/a", "application/json, text/plain, */*", True),
        ("/a", "text/html, application/json", False),
        ("/a.json", "text/html", True),
    ],
)
def test_who_wants_json(path, accept, wanted):
    assert wants_json(make_mocked_request("GET", path, headers={"Accept": accept})) is wanted


async def test_a_page_says_that_it_depends_on_what_is_accepted(client):
    for headers in (HTML, JSON):
        async with client.get("/things/x", headers=headers) as reply:
            assert reply.headers["Vary"] == "Accept"


async def test_after_an_act_a_form_is_led_on_and_a_program_is_told(client):
    async with client.post("/open", headers=HTML, allow_redirects=False) as reply:
        assert (reply.status, reply.headers["Location"]) == (303, "/things/1")
    async with client.post("/open", headers=JSON) as reply:
        assert (reply.status, reply.headers["Location"]) == (201, "/things/1")
        assert await reply.json() == {"word": "done"}


async def test_a_refusal_has_one_shape(client):
    async with client.post("/late", headers=JSON) as reply:
        assert reply.status == 409
        assert await reply.json() == {
            "error": {
                "status": 409,
                "kind": "TooLate",
                "message": "The ballot closed at noon.",
                "where": "choice",
            }
        }
    async with client.post("/late", headers=HTML) as reply:
        assert reply.status == 409
        assert "error.html ErrorPage(status=409, kind='TooLate'" in await reply.text()


async def test_errors_are_pages_only_for_those_who_ask_for_pages(client):
    async with client.get("/nowhere", headers={"Accept": "*/*"}) as reply:
        assert reply.content_type == "application/json"
    async with client.get("/nowhere", headers=HTML) as reply:
        assert reply.content_type == "text/html"


async def test_an_unknown_asker_of_a_page_is_led_to_sign_in_and_back(client):
    async with client.get("/work?page=2", headers=HTML, allow_redirects=False) as reply:
        assert (reply.status, reply.headers["Location"]) == (303, "/sign-in?next=/work%3Fpage%3D2")
    async with client.get("/work", headers=JSON, allow_redirects=False) as reply:
        assert reply.status == 401
        assert (await reply.json())["error"]["message"] == "Only workers may work. Please sign in."


async def test_a_known_asker_without_the_right_is_refused(client, house):
    async with client.get("/work", headers={"Cookie": "session=good"}) as reply:
        assert reply.status == 200


class OwnKind(Refusal):
    pass


@pytest.mark.parametrize(
    ("refusal", "status", "retry"),
    [
        (Invalid("x"), 400, None),
        (NotAllowed("x"), 403, None),
        (NotFound("x"), 404, None),
        (TooLate("x"), 409, None),
        (TooMany("x", retry_after=59.6), 429, "60"),
        (Unavailable("x", retry_after=0.2), 503, "1"),
        (OwnKind("x"), 400, None),
    ],
)
def test_each_kind_of_refusal_has_its_status(house, refusal, status, retry):
    request = make_mocked_request("GET", "/a.json", app=house.app)
    reply = refused(request, refusal, known=True)
    assert (reply.status, reply.headers.get("Retry-After")) == (status, retry)
