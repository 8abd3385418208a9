import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from server.citizens.discovery import Discovery, NoAnswer


class Place:
    """An address at which a provider may say anything about itself."""

    def __init__(self):
        self.said, self.asked = {}, 0

    async def answer(self, _request):
        self.asked += 1
        if isinstance(self.said, dict):
            return web.json_response(self.said)
        return web.Response(text=self.said) if isinstance(self.said, str) else web.Response(status=self.said)


@pytest.fixture
async def place():
    place, app = Place(), web.Application()
    app.router.add_get("/{any:.*}", place.answer)
    async with TestServer(app) as server:
        place.issuer = str(server.make_url("")).rstrip("/")
        place.said = good = {
            "issuer": place.issuer,
            "authorization_endpoint": "http://127.0.0.1:1/a",
            "token_endpoint": "http://127.0.0.1:1/t",
            "jwks_uri": f"{place.issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        place.good = good
        yield place


async def test_metadata_and_keys_are_asked_once(place):
    discovery = Discovery(place.issuer)
    for _ in range(3):
        assert (await discovery.metadata())["token_endpoint"].endswith("/t")
        await discovery.keys()
    assert place.asked == 2


@pytest.mark.parametrize("said", ["not json", "[]", "", "x" * 2_000_000, 404, 500, 302], ids=lambda said: str(said)[:9])
async def test_what_is_no_metadata_is_no_answer(place, said):
    place.said = said
    with pytest.raises(NoAnswer) as refused:
        await Discovery(place.issuer).metadata()
    assert refused.value.retry_after == 60


async def test_a_provider_that_names_another_issuer_is_not_believed(place):
    place.said = {**place.good, "issuer": "https://elsewhere.example"}
    with pytest.raises(NoAnswer):
        await Discovery(place.issuer).metadata()


@pytest.mark.parametrize("lacking", ["authorization_endpoint", "jwks_uri", "response_types_supported"])
async def test_incomplete_metadata_is_no_answer(place, lacking):
    place.said = {name: value for name, value in place.good.items() if name != lacking}
    with pytest.raises(NoAnswer):
        await Discovery(place.issuer).metadata()


async def test_a_failure_is_not_remembered(place):
    place.said = 500
    discovery = Discovery(place.issuer)
    with pytest.raises(NoAnswer):
        await discovery.metadata()
    place.said = place.good
    assert await discovery.metadata()
