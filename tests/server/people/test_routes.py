import json
import re
from http.cookies import SimpleCookie

import pytest

from server.people.model import LOGIN_LENGTH, PASSWORD_LENGTH, SYSTEM, Role
from tests.server.people.conftest import PASSWORD

JSON = {"Accept": "application/json"}
HTML = {"Accept": "text/html"}
RIGHT = {"login": "wang", "password": PASSWORD}


def cookie_of(reply):
    (line,) = reply.headers.getall("Set-Cookie")
    return SimpleCookie(line)["session"]


def limits_of(page, field):
    """The least and the most characters that a form takes in a field, None where it does not say."""
    (tag,) = [tag for tag in re.findall("<input[^>]*>", page) if f'name="{field}"' in tag]
    found = (re.search(f'{word}length="([0-9]+)"', tag) for word in ("min", "max"))
    return tuple(int(limit[1]) if limit else None for limit in found)


async def sign_in(client, **more):
    return await client.post("/sign-in", data=RIGHT | more, headers=HTML, allow_redirects=False)


async def who(client):
    async with client.get("/who") as reply:
        return (await reply.json())["who"]


@pytest.fixture
async def client(town, browser):
    await town.hire("wang")
    return await browser()


@pytest.mark.parametrize("secure", [True, False])
async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(town, browser, secure):
    await town.hire("wang")
    client = await browser(secure=secure)
    cookie = cookie_of(await sign_in(client))
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert cookie["domain"] == ""
    assert cookie["max-age"] == str(30 * 24 * 3600)
    assert bool(cookie["secure"]) is secure
    assert len(cookie.value) == 43


@pytest.mark.parametrize(
    ("role", "start"),
    [(Role.INSPECTOR, "/console"), (Role.OPERATOR, "/operator"), (Role.DEPUTY, "/deputy"), (Role.BUSINESS, "/")],
)
async def test_whoever_signs_in_starts_where_their_work_is(town, browser, role, start):
    await town.hire("wang", role)
    client = await browser()
    reply = await sign_in(client)
    assert (reply.status, reply.headers["Location"]) == (303, start)
    assert await who(client) == "wang"


async def test_a_program_signs_in_by_json(client):
    async with client.post("/sign-in", json=RIGHT, headers=JSON) as reply:
        assert reply.status == 200
        assert await reply.json() == {"name": "Test wang", "role": "inspector"}
        assert cookie_of(reply).value
    assert await who(client) == "wang"


async def test_after_signing_in_one_goes_on_to_where_one_was(client):
    async with client.get("/account", headers=HTML, allow_redirects=False) as reply:
        assert (reply.status, reply.headers["Location"]) == (303, "/sign-in?next=/account")
    async with client.get("/sign-in.json?next=/account") as reply:
        assert await reply.json() == {"next": "/account"}
    assert (await sign_in(client, next="/account")).headers["Location"] == "/account"


@pytest.mark.parametrize(
    "next", ["//evil.example", "https://evil.example/", "/\\evil.example", "evil", "/\t/evil.example"]
)
async def test_nobody_is_sent_to_another_site(client, next):
    async with client.get("/sign-in.json", params={"next": next}) as reply:
        assert await reply.json() == {"next": ""}
    assert (await sign_in(client, next=next)).headers["Location"] == "/console"


async def test_a_wrong_password_is_told_and_sets_no_cookie(client):
    async with client.post("/sign-in", data=RIGHT | {"password": "wrong"}, headers=JSON) as reply:
        assert reply.status == 401
        assert "Set-Cookie" not in reply.headers
        assert (await reply.json())["error"] == {
            "status": 401,
            "kind": "WrongPassword",
            "message": "Login or password is wrong. Please check both.",
            "where": "password",
        }
    assert await who(client) is None


async def test_too_many_attempts_are_told_when_to_come_back(client):
    for _ in range(5):
        await sign_in(client, password="wrong")
    async with client.post("/sign-in", data=RIGHT, headers=JSON) as reply:
        assert reply.status == 429
        assert reply.headers["Retry-After"] == "30"
        assert (await reply.json())["error"]["message"] == (
            "Too many attempts to sign in. Please try again in 30 seconds."
        )


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "login"),
        ({"login": "wang"}, "password"),
        ({"login": " ", "password": PASSWORD}, "login"),
        ({"login": "w" * 201, "password": PASSWORD}, "login"),
        ({"login": "wang", "password": PASSWORD, "next": "/" + "x" * 3000}, "next"),
    ],
)
async def test_a_form_that_lacks_something_is_told_which_field(client, body, where):
    for sent in ({"data": body}, {"json": body}):
        async with client.post("/sign-in", headers=JSON, **sent) as reply:
            error = (await reply.json())["error"]
            assert (reply.status, error["where"]) == (400, where)
    assert await who(client) is None


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"\xff", "application/json"),
        (b"login=%ff&password=%ff", "application/x-www-form-urlencoded"),
        (b"nothing", "multipart/form-data"),
        (b"nothing", "multipart/form-data; boundary=x"),
        (b"login=wang", "text/plain"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused_not_an_accident(client, body, kind):
    async with client.post("/sign-in", data=body, headers=JSON | {"Content-Type": kind}) as reply:
        assert reply.status in (400, 401)


@pytest.mark.parametrize("field", ["login", "password", "next"])
async def test_half_a_character_is_refused_not_an_accident(client, field):
    body = json.dumps(RIGHT | {field: "/\ud800"})
    async with client.post("/sign-in", data=body, headers=JSON | {"Content-Type": "application/json"}) as reply:
        assert reply.status in (200, 400, 401)


async def test_another_sites_page_cannot_sign_anybody_in_or_out(client):
    for site in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        for path in ("/sign-in", "/sign-out"):
            async with client.post(path, data=RIGHT, headers=JSON | site) as reply:
                assert reply.status == 403
                assert "Set-Cookie" not in reply.headers


async def test_signing_in_again_ends_the_browsers_old_session(town, client):
    old = cookie_of(await sign_in(client)).value
    new = cookie_of(await sign_in(client)).value
    assert old != new
    assert await town.people.recognise(old) is None
    assert await town.people.recognise(new)


async def test_a_planted_cookie_is_not_the_session_that_one_gets(town, browser):
    await town.hire("wang")
    client = await browser()
    client.session.cookie_jar.update_cookies({"session": "planted by somebody"})
    assert cookie_of(await sign_in(client)).value != "planted by somebody"
    assert await town.people.recognise("planted by somebody") is None


async def test_signing_out_ends_the_session_and_takes_the_cookie_away(town, client):
    secret = cookie_of(await sign_in(client)).value
    async with client.post("/sign-out", headers=HTML, allow_redirects=False) as reply:
        assert (reply.status, reply.headers["Location"]) == (303, "/")
        gone = cookie_of(reply)
        assert (gone.value, gone["max-age"], gone["httponly"]) == ("", "0", True)
    assert await town.people.recognise(secret) is None
    assert await who(client) is None
    async with client.post("/sign-out", headers=HTML, allow_redirects=False) as reply:
        assert reply.status == 303


async def test_a_cookie_that_is_no_text_is_nobodys(client):
    async with client.get("/who", headers={"Cookie": "session=\udcff\udcfe"}) as reply:
        assert reply.status == 200
        assert (await reply.json())["who"] is None


async def test_an_invitation_shows_whom_it_is_for_and_signs_them_in(town, browser):
    invitation, token = await town.people.invite(SYSTEM, Role.OPERATOR, "王小明")
    client = await browser()
    async with client.get(f"/invitations/{token}.json") as reply:
        assert reply.headers["Cache-Control"] == "no-store"
        assert await reply.json() == {
            "name": "王小明",
            "role": "operator",
            "token": token,
            "expires_at": "2026-03-09T02:00:00.000Z",
        }
    async with client.post(f"/invitations/{token}", data=RIGHT, headers=HTML, allow_redirects=False) as reply:
        assert (reply.status, reply.headers["Location"]) == (303, "/operator")
        assert cookie_of(reply)["httponly"] is True
    assert await who(client) == "wang"
    async with client.get(f"/invitations/{token}", headers=JSON) as reply:
        assert reply.status == 404
        assert (await reply.json())["error"]["kind"] == "BadInvitation"
    assert not invitation.is_open(invitation.expires_at)


async def test_an_invitation_accepted_by_somebody_signed_in_ends_their_old_session(town, client):
    old = cookie_of(await sign_in(client)).value
    _, token = await town.people.invite(SYSTEM, Role.DEPUTY, "李")
    theirs = {"login": "li.ming", "password": PASSWORD}
    async with client.post(f"/invitations/{token}", data=theirs, headers=JSON) as reply:
        assert reply.status == 201
    assert await who(client) == "li.ming"
    assert await town.people.recognise(old) is None


async def test_the_forms_allow_what_the_rules_allow(town, browser):
    _, token = await town.people.invite(SYSTEM, Role.DEPUTY, "<b>李</b>")
    client = await browser()
    async with client.get(f"/invitations/{token}", headers=HTML) as reply:
        page = await reply.text()
    assert limits_of(page, "login") == LOGIN_LENGTH
    assert limits_of(page, "password") == PASSWORD_LENGTH
    assert "At least twelve characters" in page
    assert "<b>李" not in page
    async with client.get("/sign-in?next=/account", headers=HTML) as reply:
        page = await reply.text()
    assert limits_of(page, "password") == (None, PASSWORD_LENGTH[1])
    assert 'name="next" value="/account"' in page


async def test_a_password_is_taken_exactly_as_typed(town, browser):
    _, token = await town.people.invite(SYSTEM, Role.DEPUTY, "王")
    client = await browser()
    spaced = {"login": "wang", "password": "  spaces at the ends  "}
    async with client.post(f"/invitations/{token}", data=spaced, headers=JSON) as reply:
        assert reply.status == 201
    async with client.post("/sign-in", data=spaced, headers=JSON) as reply:
        assert reply.status == 200
    async with client.post("/sign-in", data={"login": "wang", "password": "spaces at the ends"}, headers=JSON) as reply:
        assert reply.status in (401, 403)


@pytest.mark.parametrize(
    ("login", "password", "where"),
    [("w", PASSWORD, "login"), ("a b c", PASSWORD, "login"), ("wang", "short", "password"), ("", "", "login")],
)
async def test_an_invitation_refuses_a_bad_choice_and_stays_open(town, browser, login, password, where):
    _, token = await town.people.invite(SYSTEM, Role.DEPUTY, "王")
    client = await browser()
    async with client.post(f"/invitations/{token}", data={"login": login, "password": password}, headers=JSON) as reply:
        assert (reply.status, (await reply.json())["error"]["where"]) == (400, where)
        assert "Set-Cookie" not in reply.headers
    assert await town.people.invitation(token)


@pytest.mark.parametrize("token", ["guess", "%FF", "%ED%A0%80", "票", "x" * 2000])
async def test_a_guessed_invitation_is_not_found(browser, token):
    client = await browser()
    async with client.get(f"/invitations/{token}", headers=JSON) as reply:
        assert reply.status == 404


async def test_the_account_page_shows_ones_sessions_and_which_is_this_one(town, client):
    await town.signed_in("wang")
    town.clock.advance(minutes=5)
    await sign_in(client)
    async with client.get("/account.json") as reply:
        assert reply.headers["Cache-Control"] == "no-store"
        facts = await reply.json()
    assert (facts["name"], facts["role"], facts["login"]) == ("Test wang", "inspector", "wang")
    assert [s["current"] for s in facts["sessions"]] == [True, False]
    assert facts["sessions"][1]["seen_at"] == "2026-03-06T02:00:00.000Z"
    assert set(facts["sessions"][0]) == {"id", "seen_at", "current"}


async def test_the_account_page_offers_to_end_every_session_but_this_one(town, client):
    await town.signed_in("wang")
    await sign_in(client)
    async with client.get("/account", headers=HTML) as reply:
        page = await reply.text()
    assert page.count("/revoke") == 1
    assert "Test wang" in page


async def test_a_session_revoked_on_the_account_page_is_over(town, client):
    other = await town.signed_in("wang")
    await sign_in(client)
    async with client.get("/account.json") as reply:
        (elsewhere,) = [s for s in (await reply.json())["sessions"] if not s["current"]]
    async with client.post(f"/account/sessions/{elsewhere['id']}/revoke", headers=HTML, allow_redirects=False) as reply:
        assert (reply.status, reply.headers["Location"]) == (303, "/account")
    assert await town.people.recognise(other) is None
    assert await who(client) == "wang"


async def test_somebody_elses_session_is_not_found(town, client):
    li = await town.hire("li.ming")
    await town.signed_in("li.ming")
    (theirs,) = await town.people.sessions(li)
    await sign_in(client)
    async with client.post(f"/account/sessions/{theirs.id}/revoke", headers=JSON) as reply:
        assert reply.status == 404
    assert len(await town.people.sessions(li)) == 1


async def test_a_stranger_has_no_account_page(client):
    for request in (client.get("/account.json"), client.post("/account/sessions/se_1/revoke", headers=JSON)):
        async with request as reply:
            assert reply.status == 401


async def test_a_disabled_person_is_a_stranger_at_the_next_request(town, client):
    await sign_in(client)
    assert await who(client) == "wang"
    (wang,) = await town.people.by_role(Role.INSPECTOR)
    await town.people.disable(SYSTEM, wang.id)
    assert await who(client) is None
