import asyncio
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from aiohttp import web

from server.kit.errors import Invalid, NotFound
from server.kit.forms import Form, form, id_in_path, whole_number

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@pytest.fixture
async def read(aiohttp_client):
    """Posts something; the form that the server read, or the refusal."""

    async def ask(**post):
        got = asyncio.get_running_loop().create_future()

        async def handler(request):
            try:
                got.set_result(await form(request))
            except (Invalid, web.HTTPException) as refusal:
                got.set_exception(refusal)
            return web.Response()

        app = web.Application(client_max_size=100_000)
        app.router.add_post("/", handler)
        client = await aiohttp_client(app)
        async with client.post("/", **post):
            pass
        return await got

    return ask


async def test_urlencoded_fields(read):
    assert (await read(data={"a": "1", "b": "票"})).fields == {"a": "1", "b": "票"}


async def test_json_fields(read):
    got = await read(json={"a": "1", "b": 2, "c": None, "d": 1.5})
    assert got.fields == {"a": "1", "b": "2", "c": "", "d": "1.5"}


@pytest.mark.parametrize("value", [True, [1], {"x": 1}])
async def test_json_that_is_neither_text_nor_number_is_refused_by_its_field(read, value):
    with pytest.raises(Invalid) as refused:
        await read(json={"a": value})
    assert refused.value.where == "a"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"[" * 60_000, "application/json"),  # deeper than any parser goes
        (b'{"a": ' + b"9" * 5000 + b"}", "application/json"),
        (b'{"a": 1}', "application/json; charset=bogus"),
        (b"a=1", "application/x-www-form-urlencoded; charset=bogus"),
        (b"a=1", "application/x-www-form-urlencoded; charset=rot13"),
    ],
)
async def test_odd_bodies_are_refused_and_no_accident(read, data, kind):
    with pytest.raises(Invalid, match="could not be read"):
        await read(data=data, headers={"Content-Type": kind})


async def test_a_large_body_is_read_only_where_it_is_expected(read):
    with pytest.raises(web.HTTPRequestEntityTooLarge):
        await read(json={"a": "x" * 70_000})


async def test_control_characters_are_dropped(read):
    assert (await read(json={"a": "\x00甲\x1b[2J\n乙"})).fields == {"a": "甲[2J\n乙"}


async def test_uploads_of_one_name_are_all_there_and_empty_ones_are_not(read):
    body = aiohttp.FormData()
    body.add_field("item", "A1")
    for n in range(2):
        body.add_field("photo", bytes([n]) * 10, filename=f"{n}.jpg", content_type="image/jpeg")
    body.add_field("photo", b"", filename="", content_type="application/octet-stream")
    got = await read(data=body)
    assert got.fields == {"item": "A1"}
    assert [(u.name, u.data) for u in got.uploads["photo"]] == [("0.jpg", b"\0" * 10), ("1.jpg", b"\1" * 10)]


@pytest.mark.parametrize(
    ("data", "kind", "message"),
    [
        (
            b"{",
            "application/json",
            "The request’s body could not be read. Please send a form, or a JSON object of texts.",
        ),
        (
            b"\xff",
            "application/json",
            "The request’s body could not be read. Please send a form, or a JSON object of texts.",
        ),
        (
            b"[1]",
            "application/json",
            "The request’s body could not be read. Please send a form, or a JSON object of texts.",
        ),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(read, data, kind, message):
    with pytest.raises(Invalid) as refusal:
        await read(data=data, headers={"Content-Type": kind})
    assert str(refusal.value) == message


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=x"])
async def test_a_multipart_body_without_its_parts_is_refused(read, kind):
    with pytest.raises(Invalid, match="could not be read"):
        await read(data=b"no parts here", headers={"Content-Type": kind})


@pytest.mark.parametrize(
    "value", ["0001-01-01T00:00", "9999-12-31T23:59:59Z", "9999-12-31T23:59-10:00", "1999-12-31T00:00Z"]
)
def test_moments_beyond_the_calendar_are_refused(value):
    with pytest.raises(Invalid) as refused:
        Form({"at": value}).moment("at", SHANGHAI)
    assert refused.value.where == "at"


def test_a_text_is_trimmed_and_asked_for_by_name():
    assert Form({"a": "  x "}).text("a") == "x"
    assert Form({}).text("a", required=False) == ""
    with pytest.raises(Invalid, match="Please fill in this field") as refusal:
        Form({"a": " "}).text("a")
    assert refusal.value.where == "a"


def test_a_text_has_a_longest_length():
    assert Form({"a": "x" * 5}).text("a", max_length=5)
    with pytest.raises(Invalid, match="has 6 characters; at most 5 are allowed"):
        Form({"a": "x" * 6}).text("a", max_length=5)


def test_a_choice_is_one_of_those_there_are():
    assert Form({"a": "red"}).choice("a", Colour) is Colour.RED
    with pytest.raises(Invalid, match="“green” is none of: red, blue"):
        Form({"a": "green"}).choice("a", Colour)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-06T10:00", datetime(2026, 3, 6, 2, tzinfo=UTC)),
        ("2026-03-06T10:00+01:00", datetime(2026, 3, 6, 9, tzinfo=UTC)),
        ("2026-03-06T10:00Z", datetime(2026, 3, 6, 10, tzinfo=UTC)),
    ],
)
def test_a_moment_without_an_offset_is_the_citys(text, moment):
    assert Form({"a": text}).moment("a", SHANGHAI) == moment


def test_a_moment_that_is_none_is_refused():
    with pytest.raises(Invalid, match="“tomorrow” is not a date and time such as"):
        Form({"a": "tomorrow"}).moment("a", SHANGHAI)


class Request:
    def __init__(self, query, **match_info):
        self.query = query
        self.match_info = match_info


def test_a_number_that_is_not_given_is_the_default():
    assert whole_number(Request({}), "page", 7) == 7


def test_a_number_lies_between_its_bounds():
    assert whole_number(Request({"page": "-1"}), "page", 0, least=-1) == -1
    assert whole_number(Request({"page": "20"}), "page", 1, least=1, most=20) == 20


@pytest.mark.parametrize(
    "text", ["", "x", "1.5", "٣", "+1", " 1", "1_0", "0", "21", "9" * 5000, "0" * 17 + "99"], ids=repr
)
def test_a_number_that_is_none_or_too_far_is_refused(text):
    with pytest.raises(Invalid) as refusal:
        whole_number(Request({"page": text}), "page", 1, least=1, most=20)
    assert str(refusal.value) == f"“{text[:40]}” is not a whole number from 1 to 20."
    assert refusal.value.where == "page"


def test_an_id_in_an_address_is_not_longer_than_ids_are():
    assert id_in_path(Request({}, id="ep_1")) == "ep_1"
    with pytest.raises(NotFound):
        id_in_path(Request({}, id="x" * 65))


@pytest.mark.parametrize("post", [{"data": b'{"a": "\\ud800"}', "headers": {"Content-Type": "application/json"}}])
async def test_half_a_surrogate_pair_is_refused_by_its_field(read, post):
    with pytest.raises(Invalid, match="broken character") as refused:
        await read(**post)
    assert refused.value.where == "a"
