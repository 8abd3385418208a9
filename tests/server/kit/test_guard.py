import logging
import re

import pytest
from aiohttp import web

from server.kit import guard

HTML = {"Accept": "text/html"}
JSON = {"Accept": "application/json"}
SIGNED_IN = {"Cookie": "session=good"}


async def test_every_reply_has_the_safe_headers(client):
    for path in ("/", "/index.json", "/nowhere", "/private/token"):
        async with client.get(path) as reply:
            policy = reply.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert reply.headers["X-Content-Type-Options"] == "nosniff"
            assert reply.headers["Referrer-Policy"] == "same-origin"


async def test_what_a_known_person_sees_is_kept_by_no_cache(client):
    async with client.get("/", headers=SIGNED_IN) as reply:
        assert reply.headers["Cache-Control"] == "no-store"
    async with client.get("/") as reply:
        assert reply.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Authorization": "Basic d2FuZzpwYXNz"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://["},
    ],
    ids=str,
)
@pytest.mark.parametrize("who", [{}, SIGNED_IN], ids=["unknown", "signed in"])
async def test_another_sites_page_writes_nothing(client, house, headers, who):
    for send in (client.post("/open", headers=JSON | headers | who), client.put("/put", headers=headers | who)):
        async with send as reply:
            assert reply.status == 403
            error = (await reply.json())["error"]
            assert (error["status"], error["kind"]) == (403, "CrossSite")
            assert error["message"] == "This request came from another site. Open the page here and try again."
    assert not house.done


@pytest.mark.parametrize("site", ["same-origin", "none"])
async def test_our_own_page_writes(client, house, site):
    async with client.post("/open", headers={"Sec-Fetch-Site": site}, allow_redirects=False) as reply:
        assert reply.status == 303
    assert len(house.done) == 1


async def test_an_old_browser_is_known_by_its_origin(client, house):
    origin = f"http://{client.host}:{client.port}"
    async with client.post("/open", headers={"Origin": origin}, allow_redirects=False) as reply:
        assert reply.status == 303


async def test_a_program_without_a_browsers_headers_writes(client):
    async with client.post("/open", headers=JSON) as reply:
        assert reply.status == 201


async def test_another_site_may_read(client):
    async with client.get("/", headers={"Sec-Fetch-Site": "cross-site"}) as reply:
        assert reply.status == 200


async def test_a_bearer_may_come_from_anywhere_and_is_nobody_by_cookie(client):
    bearer = {"Authorization": "Bearer token", "Sec-Fetch-Site": "cross-site", **SIGNED_IN}
    async with client.post("/open", headers=JSON | bearer) as reply:
        assert reply.status == 201
    async with client.get("/who", headers=bearer) as reply:
        assert await reply.text() == "None"


@pytest.mark.parametrize(("cookie", "who"), [("session=good", "Wang"), ("session=bad", "None"), ("", "None")])
async def test_the_session_says_who_asks(client, cookie, who):
    async with client.get("/who", headers={"Cookie": cookie}) as reply:
        assert await reply.text() == who


async def test_basic_authorization_of_a_proxy_does_not_hide_who_asks(client):
    async with client.get("/who", headers={"Authorization": "Basic d2FuZzpwYXNz", **SIGNED_IN}) as reply:
        assert await reply.text() == "Wang"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "kind"),
    [
        ("GET", "/nowhere", None, 404, "Not Found"),
        ("DELETE", "/open", None, 405, "Method Not Allowed"),
        ("POST", "/open", b"x" * 2000, 413, "Request Entity Too Large"),
    ],
)
async def test_errors_of_the_protocol_have_the_one_shape(client, method, path, body, status, kind):
    async with client.request(method, path, data=body, headers=JSON) as reply:
        error = (await reply.json())["error"]
        assert reply.status == error["status"] == status
        assert error.keys() == {"status", "kind", "message", "where"}
        assert error["where"] is None
        assert error["message"]
    async with client.request(method, path, data=body, headers=HTML) as page:
        assert page.status == status
        assert "error.html" in await page.text()


async def test_a_wrong_method_is_told_the_right_ones(client):
    async with client.delete("/open") as reply:
        assert reply.headers["Allow"] == "POST"


async def test_an_accident_gets_a_number_that_the_log_has_too_without_the_address(client, caplog):
    caplog.set_level(logging.INFO, "server")
    async with client.get("/private/the-secret", headers=JSON) as reply:
        assert reply.status == 500
        error = (await reply.json())["error"]
    assert re.fullmatch(r"err_[0-9a-z]{16}", error["message"])
    assert "expected" not in str(error)
    [record] = [r for r in caplog.records if r.name == "server.kit.guard"]
    assert record.getMessage() == f"accident {error['message']} at GET /private/{{token}}"
    assert record.exc_info
    ours = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("server"))
    assert "the-secret" not in ours


@pytest.mark.parametrize(
    ("headers", "seen"),
    [
        ({"X-Forwarded-For": "203.0.113.7"}, "203.0.113.7"),
        ({"X-Forwarded-For": "198.51.100.1, 203.0.113.7"}, "203.0.113.7"),  # what the asker wrote comes first
        ({}, "127.0.0.1"),
    ],
)
async def test_behind_a_proxy_the_last_forwarded_address_counts(aiohttp_client, headers, seen):
    async def remote(request):
        return web.Response(text=request.remote)

    app = web.Application(middlewares=[guard.real_address])
    app.router.add_get("/", remote)
    client = await aiohttp_client(app)
    async with client.get("/", headers=headers) as reply:
        assert await reply.text() == seen
