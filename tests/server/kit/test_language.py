import pytest
from aiohttp import web

from server.kit.language import Languages


@pytest.fixture
async def client(aiohttp_client):
    languages = Languages("zh_CN", "en")

    async def which(request: web.Request) -> web.Response:
        return web.Response(text=languages.of(request))

    app = web.Application()
    app.router.add_get("/", which)
    app.on_response_prepare.append(languages.remember)
    return await aiohttp_client(app)


@pytest.mark.parametrize(
    ("query", "cookie", "expected"),
    [
        ({}, None, "zh_CN"),  # nobody chose: the default
        ({"lang": "en"}, None, "en"),
        ({"lang": "zh_CN"}, "en", "zh_CN"),  # the address counts more than an earlier choice
        ({}, "en", "en"),
        ({"lang": "fr"}, "en", "en"),  # what we do not speak is no choice
        ({}, "fr", "zh_CN"),
    ],
)
async def test_the_language_is_the_one_chosen(client, query, cookie, expected) -> None:
    headers = {"Cookie": f"lang={cookie}"} if cookie else {}
    async with client.get("/", params=query, headers=headers) as reply:
        assert await reply.text() == expected


async def test_a_choice_in_the_address_is_remembered(client) -> None:
    async with client.get("/", params={"lang": "en"}) as reply:
        assert reply.cookies["lang"].value == "en"
        assert reply.cookies["lang"]["samesite"] == "Lax"
    async with client.get("/") as reply:
        assert await reply.text() == "en"


async def test_nothing_is_set_for_who_did_not_choose(client) -> None:
    async with client.get("/", params={"lang": "fr"}) as reply:
        assert not reply.cookies
