import pytest
from aiohttp import web

from server.kit.doors import DOORS, Door, Doors, json_twin

HTML = {"Accept": "text/html"}


@pytest.mark.parametrize(("path", "twin"), [("/", "/index.json"), ("/a", "/a.json"), ("/a/{id}", "/a/{id}.json")])
def test_a_page_has_a_twin(path, twin):
    assert json_twin(path) == twin


async def test_one_table_holds_every_door_with_its_deed(house):
    doors = house.app[DOORS]
    assert Door("GET", "/work", "work") in doors
    assert Door("GET", "/work.json", "work") in doors
    assert Door("POST", "/open", "read") in doors
    assert Door("PUT", "/put", "read") in doors
    routes = {(r.method, r.resource.canonical) for r in house.app.router.routes() if r.method != "HEAD"}
    assert routes == {(d.method, d.path) for d in doors}


async def test_two_rooms_share_the_table():
    app = web.Application()

    async def handler(request):
        return web.Response()

    Doors(app).get("/a", handler, deed="read")
    Doors(app).get("/b", handler, deed="read")
    assert [d.path for d in app[DOORS]] == ["/a", "/b"]


async def test_a_page_is_html_and_its_twin_json(client):
    async with client.get("/things/x", headers=HTML) as page:
        assert page.content_type == "text/html"
        assert await page.text() == "<p>page.html Facts(word='x')</p>"
    async with client.get("/things/x.json", headers=HTML) as twin:
        assert await twin.json() == {"word": "x"}
    async with client.get("/index.json") as root:
        assert await root.json() == {"word": "票"}


async def test_a_door_is_shut_before_its_handler_runs(client, house):
    async with client.post("/work", data=b"secret") as refused:
        assert refused.status == 401
    assert not house.done


async def test_a_reading_door_answers_head(client):
    async with client.head("/things/x", headers=HTML) as head:
        assert head.status == 200
        assert head.content_length == len("<p>page.html Facts(word='x')</p>")
        assert await head.read() == b""


async def test_head_opens_no_shut_door(client):
    async with client.head("/work.json") as head:
        assert head.status == 401
