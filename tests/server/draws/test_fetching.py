import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from server.draws.fetching import Relay


@pytest.fixture
async def relay():
    """A relay on this machine that answers as drand's do."""

    async def round_of(request: web.Request) -> web.Response:
        number = int(request.match_info["round"])
        if number == 404:
            raise web.HTTPNotFound
        if number == 99:
            return web.Response(text="no JSON")
        said = {"round": number + (number == 5), "randomness": "aa", "signature": "bb"}
        return web.json_response(["list"] if number == 6 else said)

    app = web.Application()
    app.router.add_get("/{chain}/public/{round}", round_of)
    async with TestServer(app) as server:
        yield Relay(str(server.make_url("/")))


async def test_a_round_is_fetched(relay) -> None:
    assert await relay("ab", 7) == "bb"


@pytest.mark.parametrize("number", [404, 99, 5, 6])
async def test_whatever_is_no_round_is_none_and_said_once(relay, number, caplog) -> None:
    assert await relay("ab", number) is None
    assert await relay("ab", number) is None
    assert len(caplog.records) == 1


async def test_a_relay_that_is_away_is_none(unused_tcp_port) -> None:
    assert await Relay(f"http://127.0.0.1:{unused_tcp_port}")("ab", 7) is None
