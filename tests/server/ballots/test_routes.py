import secrets

import pytest

from server.ballots.routes import options
from tests.makers import hire_cast
from tests.server.ballots.conftest import OPTIONS, Poll


@pytest.fixture
async def scene(site):
    """An open ballot, at the doors."""
    site.poll = Poll(site.house)
    await site.poll.open()
    site.cast = await hire_cast(site.house)
    return site


async def vote(scene, voter=None, status=201, headers=None, **sent):
    poll = scene.poll
    voter = voter or poll.voter()
    body = {"choices": OPTIONS[0], "key": secrets.token_hex(16), "proof": poll.proof(voter), **sent}
    cookie = f"lang=en; citizen={scene.house.citizens.cookie_of(voter)}"
    async with scene.client.post(
        f"/ballots/{poll.ballot.id}/votes", json=body, headers={"Cookie": cookie, **(headers or {})}
    ) as reply:
        assert reply.status == status, await reply.text()
        return await reply.json(), reply.headers


async def test_a_vote_is_answered_with_its_receipt_which_no_cache_keeps(scene):
    voter, key = scene.poll.voter(), secrets.token_hex(16)
    receipt, headers = await vote(scene, voter, key=key, choices=f"{OPTIONS[1]}, {OPTIONS[0]}")
    assert receipt["choices"] == list(OPTIONS[:2])
    assert headers["Cache-Control"] == "no-store"
    again, _ = await vote(scene, voter, 200, key=key)
    assert again["code"] == receipt["code"]
    refused, _ = await vote(scene, voter, 409)
    assert refused["error"]["kind"] == "VotedAlready"


async def test_a_form_votes_as_well(scene):
    poll, voter = scene.poll, scene.poll.voter()
    form = {"choices": OPTIONS[0], "key": secrets.token_hex(16), "proof": poll.proof(voter)}
    headers = {"Cookie": f"citizen={scene.house.citizens.cookie_of(voter)}"}
    async with scene.client.post(f"/ballots/{poll.ballot.id}/votes", data=form, headers=headers) as reply:
        assert reply.status == 201


@pytest.mark.parametrize(
    ("sent", "status", "kind"),
    [
        ({"choices": ""}, 400, "BadChoice"),
        ({"choices": "ta_nowhere"}, 400, "BadChoice"),
        ({"key": "short"}, 400, "BadKey"),
        ({"proof": ""}, 400, "NoWork"),
    ],
)
async def test_what_is_wrong_is_said(scene, sent, status, kind):
    said, _ = await vote(scene, status=status, **sent)
    assert said["error"]["kind"] == kind


async def test_a_forged_cookie_is_a_stranger(scene):
    voter = scene.poll.voter()
    headers = {"Cookie": f"citizen={scene.house.citizens.cookie_of(voter)[:-1]}x"}
    said, _ = await vote(scene, voter, 401, headers=headers)
    assert said["error"]["kind"] == "Unidentified"


async def test_another_sites_page_cannot_vote(scene):
    await vote(scene, status=403, headers={"Sec-Fetch-Site": "cross-site"})


async def test_the_board_is_served_for_ever_and_the_proof_beside_it(scene):
    receipt, _ = await vote(scene)
    ballot = await scene.poll.close()
    async with scene.client.get(f"/ballots/{ballot.id}/board.txt") as reply:
        assert await reply.text() == f"{receipt['code']} device {OPTIONS[0]}\n"
        assert reply.content_type == "text/plain"
        assert "immutable" in reply.headers["Cache-Control"]
        tag = reply.headers["ETag"]
    async with scene.client.get(f"/ballots/{ballot.id}/board.txt", headers={"If-None-Match": tag}) as reply:
        assert reply.status == 304
    proof = await scene.json(f"/ballots/{ballot.id}/proof?receipt={receipt['code'].upper()}")
    assert (proof["index"], proof["size"], proof["root"]) == (0, 1, ballot.root)
    await scene.json(f"/ballots/{ballot.id}/proof?receipt={'0' * 26}", status=404)


async def test_an_open_ballot_has_no_board(scene):
    await scene.json(f"/ballots/{scene.poll.ballot.id}/board.txt", status=404)
    await scene.json(f"/ballots/{scene.poll.ballot.id}/proof?receipt=x", status=404)


async def test_an_operator_voids_with_a_reason_and_nobody_without(scene):
    path = f"/ballots/{scene.poll.ballot.id}/void"
    await scene.post(path, scene.cast.operator, 400, reason=" ")
    await scene.post(path, scene.cast.deputy, 403, reason="no")
    facts = await scene.post(path, scene.cast.operator, reason="选项有误")
    assert facts["id"] == scene.poll.ballot.id
    said, _ = await vote(scene, status=409)
    assert said["error"]["kind"] == "BallotVoided"


async def test_no_door_changes_an_open_ballot(scene):
    path = f"/ballots/{scene.poll.ballot.id}"
    for method in ("PUT", "PATCH", "DELETE", "POST"):
        async with await scene.ask(method, path, scene.cast.operator, data={"choose": "3"}) as reply:
            assert reply.status in (404, 405)


def test_choices_are_named_with_commas_between():
    assert options("a, b,,c ") == ["a", "b", "c"]
    assert options("") == []
