import aiohttp
import pytest
import pytest_asyncio

from server.inspections.model import MAX_PHOTOS
from tests.makers import drawn, fill_registry, hire_cast, live, photo, planned

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def site(lasting_site):
    """The application that all tests of this file share; each takes an inspection of its own."""
    return lasting_site


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cast(lasting_site):
    cast = await hire_cast(lasting_site.house)
    await fill_registry(lasting_site.house)
    return cast


@pytest_asyncio.fixture(loop_scope="module")
async def inspection(site, cast):
    return await live(site.house, cast)


def finding(photos: int = 0, **fields) -> aiohttp.FormData:
    """A finding as the console sends it."""
    form = aiohttp.FormData()
    sent = {"item": "C06", "result": "fail", "severity": "high", "words": "过期酱油", "key": "k", **fields}
    for name, value in sent.items():
        form.add_field(name, value)
    for n in range(photos):
        form.add_field("photo", photo(), filename=f"{n}.jpg", content_type="image/jpeg")
    return form


async def publish(site, who, inspection, form, **options):
    async with await site.ask("POST", f"/inspections/{inspection.id}/findings", who, data=form, **options) as reply:
        return reply.status, await reply.json()


async def test_an_operator_takes_an_episode_from_the_draw_to_its_end(site, cast) -> None:
    plan = {"title": "一期", "method": "draw", "live_at": "2026-03-06T10:00", "category": "catering"}
    episode = (await site.post("/episodes", cast.operator, **plan))["id"]
    await drawn(site.house, cast.operator, episode)
    for step in ("assign", "start", "conclude"):
        await site.post(f"/episodes/{episode}/{step}", cast.operator)
    assert (await site.json(f"/episodes/{episode}.json"))["episode"]["phase"] == "closed"


async def test_a_form_without_javascript_is_sent_on_to_the_desk(site, cast) -> None:
    inspection = await planned(site.house, cast)
    html = {"Accept": "text/html"}
    async with await site.ask("POST", f"/episodes/{inspection.episode}/start", cast.operator, headers=html) as reply:
        assert reply.status == 303
        assert reply.headers["Location"] == f"/operator/episodes/{inspection.episode}"


async def test_a_published_finding_is_answered_as_it_is_shown(site, cast, inspection) -> None:
    status, shown = await publish(site, cast.inspectors[0], inspection, finding(photos=2))
    assert status == 201
    assert shown["words"] == "过期酱油"
    assert isinstance(shown["index"], int)
    assert len(shown["photos"]) == 1  # the same picture twice is shown once
    async with await site.ask("GET", shown["photos"][0]["url"]) as reply:
        assert reply.status == 200
        assert reply.content_type == "image/jpeg"
        assert "immutable" in reply.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("fields", "photos", "where"),
    [
        ({"item": ""}, 0, "item"),
        ({"result": "maybe"}, 0, "result"),
        ({"severity": "awful"}, 0, "severity"),
        ({"words": ""}, 0, "words"),
        ({"words": "字" * 501}, 0, "words"),
        ({"key": "k" * 65}, 0, "key"),
        ({"media_at": "yesterday"}, 0, "media_at"),
        ({}, MAX_PHOTOS + 1, "photo"),
    ],
)
async def test_what_cannot_be_published_says_which_field(site, cast, inspection, fields, photos, where) -> None:
    status, error = await publish(site, cast.inspectors[0], inspection, finding(photos, **fields))
    assert status == 400
    assert error["error"]["where"] == where


async def test_a_finding_of_the_same_key_is_answered_alike(site, cast, inspection) -> None:
    first = await publish(site, cast.inspectors[0], inspection, finding())
    assert await publish(site, cast.inspectors[0], inspection, finding()) == first


async def test_a_token_is_answered_to_the_team(site, cast, inspection) -> None:
    path = f"/inspections/{inspection.id}/token"
    answer = await site.post(path, cast.inspectors[0])
    assert answer["whip_url"] == f"/whip/{inspection.id}"
    await site.post(path, cast.deputy, status=403)
    await site.post(path, None, status=401)


async def test_a_cut_stops_the_channel(site, cast, inspection) -> None:
    await site.post(f"/episodes/{inspection.episode}/cut", cast.operator, reason="画面出现未成年人")
    assert site.house.channels.open(inspection.id).cut_reason
    shown = await site.json(f"/episodes/{inspection.episode}.json")
    assert shown["cut"] is True
    assert shown["hls_url"] is None


async def test_a_cut_without_a_reason_changes_nothing(site, cast, inspection) -> None:
    refused = await site.post(f"/episodes/{inspection.episode}/cut", cast.operator, status=400)
    assert refused["error"]["where"] == "reason"
    assert (await site.json(f"/episodes/{inspection.episode}.json"))["cut"] is False


async def test_a_withdrawn_finding_is_answered_struck_out(site, cast, inspection) -> None:
    _, shown = await publish(site, cast.inspectors[0], inspection, finding())
    answer = await site.post(f"/findings/{shown['id']}/withdraw", cast.inspectors[0], reason="记录有误")
    assert (answer["withdrawn"], answer["withdrawn_reason"]) == (True, "记录有误")


@pytest.mark.parametrize("name", ["0" * 64 + ".jpg", "..%2f..%2fledger.key.jpg", "x.jpg"])
async def test_a_photo_that_is_none_is_not_found(site, name) -> None:
    async with await site.ask("GET", f"/evidence/{name}") as reply:
        assert reply.status == 404


async def test_cancelling_needs_a_reason_and_ends_the_channel(site, cast, inspection) -> None:
    path = f"/episodes/{inspection.episode}/cancel"
    refused = await site.post(path, cast.operator, status=400)
    assert refused["error"]["where"] == "reason"
    assert (await site.post(path, cast.operator, reason="台风停工"))["phase"] == "cancelled"
    assert site.house.channels.open(inspection.id).state == "ended"
