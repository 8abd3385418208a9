"""The fast door says what the ordinary one says, and leaves to it whatever is not plain."""

import asyncio
import json
import secrets
from datetime import UTC, datetime

import pytest
from aiohttp import web

from server.app import HOUSE, build_app
from server.ballots.fast_door import FastDoor, is_whole, receipt_json
from server.ballots.model import Promise, Receipt
from server.ballots.routes import receipt_facts
from server.citizens.model import Tier
from server.config import Settings
from tests.server.ballots.conftest import OPTIONS, Poll

PLAIN = {"Host": "h", "Content-Type": "application/json", "Accept": "application/json"}


class Line:
    """One connection, byte by byte."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    def send(self, data):
        self.writer.write(data)

    async def reply(self):
        """Status, headers by lower name, body."""
        head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 10)).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:-2])}
        body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return int(head[0].split(" ")[1]), headers, body


class Place:
    """The application behind the fast door, and a ballot in it."""

    def __init__(self, app, door, port):
        self.house, self.door, self.port = app[HOUSE], door, port
        self.poll = Poll(self.house)
        self._lines = []

    async def line(self):
        line = Line(*await asyncio.open_connection("127.0.0.1", self.port))
        self._lines.append(line)
        return line

    def request(self, voter=None, *, more=None, path=None, head="", **sent):
        """The bytes that the voting page sends."""
        voter = voter or self.poll.voter()
        body = {"choices": OPTIONS[0], "key": secrets.token_hex(16), "proof": self.poll.proof(voter), **sent}
        text = json.dumps(body).encode()
        cookie = f"lang=en; citizen={self.house.citizens.cookie_of(voter)}"
        headers = {**PLAIN, "Cookie": cookie, "Content-Length": str(len(text)), **(more or {})}
        path = path or f"/ballots/{self.poll.ballot.id}/votes"
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value is not None)
        return f"POST {path} HTTP/1.1\r\n{lines}{head}\r\n".encode() + text

    async def close(self):
        for line in self._lines:
            line.writer.close()


@pytest.fixture(params=[{}], ids=[""])
async def place(request, database, tmp_path, clock):
    knobs = request.param
    app = build_app(Settings(data_dir=tmp_path, **knobs), clock=clock, database=database)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    house = app[HOUSE]
    door = FastDoor(house.ballots, house.citizens, lambda r, _: str(r), behind_proxy=house.settings.behind_proxy)
    server = await asyncio.get_running_loop().create_server(lambda: door.connection(runner.server), "127.0.0.1", 0)
    place = Place(app, door, server.sockets[0].getsockname()[1])
    place.runner = runner
    await place.poll.open()
    await house.ballots.running(place.poll.ballot.id)
    yield place
    await place.close()
    server.close()
    await runner.cleanup()


async def settled(line):
    """The first request of a connection may come before aiohttp waits for one: an ordinary one goes ahead."""
    line.send(b"GET /ledger/key HTTP/1.1\r\nHost: h\r\n\r\n")
    assert (await line.reply())[0] == 200


async def test_both_doors_give_the_same_answer_with_the_same_headers(place):
    voter, key = place.poll.voter(), secrets.token_hex(16)
    line = await place.line()
    await settled(line)
    line.send(place.request(voter, key=key))
    status, headers, body = await line.reply()
    assert place.door.taken == 1
    assert status == 201
    line.send(place.request(voter, key=key, more={"X-Two": "1", "x-two": "2"}))
    again, ordinary, same = await line.reply()
    assert place.door.taken == 1
    assert again == 200
    fast, slow = json.loads(body), json.loads(same)
    assert {**fast, "promise": 0} == {**slow, "promise": 0}
    assert set(headers) == set(ordinary)
    varying = {"date", "content-length"}
    assert {k: v for k, v in headers.items() if k not in varying} == {
        k: v for k, v in ordinary.items() if k not in varying
    }


async def test_pages_and_votes_share_a_connection(place):
    line = await place.line()
    for n in range(5):
        await settled(line)
        line.send(place.request())
        assert (await line.reply())[0] == 201
        assert place.door.taken == n + 1


async def test_refusals_after_the_wait_look_alike_at_both_doors(place):
    voter = place.poll.voter()
    line = await place.line()
    await settled(line)
    replies = []
    for more in ({}, {}, {"X-Two": "1", "x-two": "2"}):
        line.send(place.request(voter, more=more))
        status, headers, body = await line.reply()
        replies.append((status, set(headers), json.loads(body)))
    assert place.door.taken == 2
    assert replies[1] == replies[2]
    assert replies[1][0] == 409
    assert replies[1][2]["error"]["kind"] == "VotedAlready"


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"Accept": "text/html"}, 201),
        ({"Connection": "close"}, 201),
        ({"Transfer-Encoding": "chunked", "Content-Length": None}, 400),
        ({"Authorization": "Bearer x"}, 201),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://elsewhere.example"}, 403),
        ({"Content-Type": "text/plain"}, 400),
        ({"Cookie": "citizen=forged"}, 401),
        ({"Cookie": None}, 401),
        ({"Expect": "100-continue"}, None),
    ],
)
async def test_whatever_is_not_plain_goes_the_ordinary_way(place, more, status):
    line = await place.line()
    await settled(line)
    line.send(place.request(more=more))
    if status is not None:
        assert (await line.reply())[0] == status
    else:
        assert (await line.reader.readline()).startswith(b"HTTP/1.1 100")
    assert place.door.taken == 0


@pytest.mark.parametrize(
    "sent",
    [{"choices": "ta_nowhere"}, {"choices": ""}, {"key": "short"}, {"proof": ""}, {"choices": None}, {"key": 5}],
)
async def test_a_vote_that_is_refused_before_it_waits_is_refused_the_ordinary_way(place, sent):
    line = await place.line()
    await settled(line)
    line.send(place.request(**sent))
    assert (await line.reply())[0] == 400
    assert place.door.taken == 0


async def test_a_request_in_two_pieces_is_understood(place):
    line = await place.line()
    await settled(line)
    request = place.request()
    line.send(request[:100])
    await line.writer.drain()
    await asyncio.sleep(0)
    await settled(await place.line())  # The first piece has been read by now.
    line.send(request[100:])
    assert (await line.reply())[0] == 201
    line.send(place.request())
    assert (await line.reply())[0] == 201
    assert place.door.taken == 0, "nobody knows any more where a request begins"


async def test_a_whole_vote_inside_of_another_requests_body_is_no_vote(place):
    """Smuggling: the beginning of a request, then a piece that looks like a vote but is its body."""
    line = await place.line()
    await settled(line)
    vote = place.request()
    line.send(b"POST /sign-out HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(vote))
    await settled(await place.line())
    line.send(vote)
    await line.reply()
    assert place.door.taken == 0
    assert await place.poll.votes.count({}) == 0


async def test_requests_sent_ahead_are_answered_in_their_order(place):
    line = await place.line()
    await settled(line)
    line.send(place.request())
    await settled(await place.line())
    line.send(b"GET /ledger/checkpoint HTTP/1.1\r\nHost: h\r\n\r\n")
    line.send(b"GET /ledger/key HTTP/1.1\r\nHost: h\r\n\r\n")
    assert (await line.reply())[0] == 201
    assert b"\n" in (await line.reply())[2]
    assert (await line.reply())[2].startswith(b"seethrough")


async def test_a_voter_who_hangs_up_has_voted_all_the_same(place):
    line = await place.line()
    await settled(line)
    voter, key = place.poll.voter(), secrets.token_hex(16)
    line.send(place.request(voter, key=key))
    await line.writer.drain()
    line.writer.close()
    while (await place.house.ballots.running(place.poll.ballot.id))["votes"] == 0:  # noqa: ASYNC110  nobody says
        await asyncio.sleep(0.01)
    _, new = await place.poll.cast(voter, key=key)
    assert not new


@pytest.mark.parametrize("place", [{"waiting_votes": 1, "vote_gather_milliseconds": 200}], indirect=True)
async def test_a_full_box_answers_503_with_the_moment_to_come_again(place):
    lines = [await place.line() for _ in range(3)]
    for line in lines:
        await settled(line)
    for line in lines:
        line.send(place.request())
    replies = [await line.reply() for line in lines]
    assert sorted(status for status, _, _ in replies) == [201, 503, 503]
    for status, headers, body in replies:
        if status == 503:
            assert headers["retry-after"] == "2"
            assert json.loads(body)["error"]["kind"] == "TooBusy"


@pytest.mark.parametrize("place", [{"behind_proxy": True, "votes_per_network": 1}], indirect=True)
async def test_behind_a_proxy_the_address_is_what_the_proxy_says(place):
    line = await place.line()
    await settled(line)
    for address, wanted in (("6.6.6.6, 192.0.2.1", 201), ("192.0.2.1", 429), ("192.0.2.2", 201)):
        line.send(place.request(more={"X-Forwarded-For": address}))
        assert (await line.reply())[0] == wanted


async def test_a_stop_waits_for_the_votes_under_way(place):
    line = await place.line()
    await settled(line)
    line.send(place.request())
    await settled(await place.line())
    voting = [c for c in place.runner.server.connections if c._voting]
    for connection in voting:
        await connection.shutdown(5)
    assert (await line.reply())[0] == 201


def test_a_receipt_is_spelled_as_json_spells_it():
    receipt = Receipt(
        "ba_1", "0" * 26, OPTIONS[:2], Tier.PHONE, datetime(2026, 3, 6, tzinfo=UTC), Promise(1, 3, ("aa", "bb"), "cc")
    )
    assert receipt_json(receipt) == json.dumps(receipt_facts(receipt))


@pytest.mark.parametrize(
    ("piece", "whole"),
    [
        (b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nHost: h\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: h\r\n\r\nGET", False),
        (b"POST / HTTP/1.1\r\ncontent-LENGTH: 3\r\n\r\nabc", True),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab", False),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcd", False),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", False),
    ],
)
def test_one_whole_request_is_told_from_pieces(piece, whole):
    assert is_whole(piece) is whole
