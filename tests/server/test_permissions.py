import re
from urllib.parse import quote

import pytest

from server.app import build_app
from server.config import Settings
from server.kit.doors import DOORS
from server.kit.mongo import Database
from server.people.model import MAY, SENTENCES, Deed, Role
from tests.makers import hire, hire_cast

pytestmark = pytest.mark.asyncio(loop_scope="module")
NOBODY = "nobody"
OPENED_BY_A_SECRET = {Deed.PUBLISH_WHIP, Deed.BUSINESS_LINK, Deed.IDENTIFY, Deed.NOMINATE, Deed.VOTE}
"""Doors that everybody may knock at; behind them a token decides, and refuses in words of its own."""
CHANGES_A_CASE = {
    Deed.PUBLISH_FINDING, Deed.WITHDRAW_FINDING, Deed.PLAN, Deed.DRAW, Deed.ASSIGN, Deed.CONDUCT, Deed.CUT,
    Deed.MOVE_RECTIFICATION, Deed.INVITE, Deed.IMPORT_TARGETS, Deed.BROADCAST_TOKEN,
}  # fmt: skip


@pytest.fixture
def site(lasting_site):
    """Nobody gets far enough to leave a trace."""
    return lasting_site


def address(door):
    """The door's address with an id in it that nothing has."""
    path = re.sub(r"{(\w+)(:[^}]*)?}", NOBODY, door.path)
    return path + "?from=nowhere" if path == "/events" else path  # Refused at once, instead of going on for ever.


async def test_every_route_is_a_door_with_a_deed(site):
    doors = {(door.method, door.path) for door in site.app[DOORS]}
    routes = {(route.method, route.resource.canonical) for route in site.app.router.routes()}
    bare = {(method, re.sub(r":[^}]*}", "}", path)) for method, path in doors}
    assert {(method, path) for method, path in routes if method != "HEAD"} == bare
    assert {path for method, path in routes if method == "HEAD"} <= {path for method, path in bare if method == "GET"}
    assert {door.deed for door in site.app[DOORS]} <= set(Deed)
    assert len(doors) == len(site.app[DOORS]), "no door is added twice"


async def test_every_writing_door_of_the_public_is_named_here(site):
    """Whoever opens another one to everybody says so in this test."""
    open_to_all = {d.path for d in site.app[DOORS] if d.method not in ("GET", "OPTIONS") and Role.VIEWER in MAY[d.deed]}
    assert open_to_all == {
        "/citizen/challenge",
        "/citizen/forget",
        "/citizen/phone",
        "/citizen/phone/code",
        "/sign-in",
        "/sign-out",
        "/invitations/{token}",
        "/episodes/{id}/watching",
        "/ballots/{id}/votes",
        "/episodes/{id}/nominations",
        "/nominations/{id}/follow",
        "/nominations/{id}/unfollow",
        "/mine/read",
        "/business/{token}/rectifications/{id}",
        "/whip/{channel}",
        "/whip/{channel}/{session}",
    }


async def test_no_deed_that_changes_a_case_is_a_deputys_or_a_viewers():
    for deed in CHANGES_A_CASE:
        assert not MAY[deed] & {Role.DEPUTY, Role.VIEWER, Role.BUSINESS}, deed


async def test_every_door_refuses_exactly_whom_the_table_refuses(site):
    cast = await hire_cast(site.house)
    askers = [None, cast.inspectors[0], cast.deputy, cast.operator]
    wrong = []
    for door in site.app[DOORS]:
        for who in askers:
            role = who.role if who else Role.VIEWER
            async with await site.ask(door.method, address(door), who) as reply:
                said = await reply.json() if reply.content_type == "application/json" else {}
                refused = said.get("error", {}).get("message") == SENTENCES[Deed(door.deed)]
                status = reply.status
            let_in = not refused and (status not in (401, 403) or door.deed in OPENED_BY_A_SECRET)
            turned_away = refused and status == (403 if who else 401)
            if not (let_in if role in MAY[door.deed] else turned_away):
                wrong.append(f"{door.method} {door.path} as {role}: {status} {said}")
    assert not wrong, "\n".join(wrong)


async def test_a_page_that_needs_a_sign_in_sends_a_strangers_browser_there_and_back(site):
    pages = [d for d in site.app[DOORS] if d.method == "GET" and Role.VIEWER not in MAY[d.deed]]
    assert len(pages) >= 10
    for door in pages:
        path = address(door)
        async with await site.ask("GET", path, headers={"Accept": "text/html"}) as reply:
            if path.endswith(".json"):
                assert reply.status == 401
            else:
                assert reply.status == 303
                assert reply.headers["Location"] == f"/sign-in?next={quote(path)}"


async def test_a_closed_account_is_a_stranger_at_every_door(site):
    leaving = await hire(site.house, Role.OPERATOR, "leaving")
    session = await site.signed_in(leaving)
    async with site.client.get("/operator.json", headers=session) as reply:
        assert reply.status == 200
    await site.house.people.disable(leaving, leaving.id)
    async with site.client.get("/operator.json", headers=session) as reply:
        assert reply.status == 401


async def test_a_database_is_not_asked_before_the_door(tmp_path):
    """Building the application connects to nothing: documentation and tests may read its doors anywhere."""
    database = Database.connect("mongodb://127.0.0.1:1/", "nowhere")
    app = build_app(Settings(data_dir=tmp_path), clock=None, database=database)
    assert app[DOORS]
    await database.close()
