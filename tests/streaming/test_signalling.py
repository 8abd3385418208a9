from aiohttp import web

from streaming.peer import IceServer
from streaming.signalling import created, new_session


async def test_the_answer_names_its_resource_and_the_servers_to_ask(aiohttp_client):
    """The Link form is that of RFC 9725, section 4.6."""
    servers = [IceServer("stun:a.example"), IceServer("turn:b.example?transport=udp", "anna", "secret")]

    async def publish(request):
        return created(request, "abc", "v=0", servers)

    app = web.Application()
    app.add_routes([web.post("/whip/kitchen", publish)])
    client = await aiohttp_client(app)
    reply = await client.post("/whip/kitchen")
    assert (reply.status, reply.content_type, await reply.text()) == (201, "application/sdp", "v=0")
    assert reply.headers["Location"] == "/whip/kitchen/abc"
    assert reply.headers["ETag"] == '"abc"'
    assert reply.headers.getall("Link") == [
        '<stun:a.example>; rel="ice-server"',
        '<turn:b.example?transport=udp>; rel="ice-server"; username="anna"; credential="secret"; '
        'credential-type="password"',
    ]


def test_sessions_cannot_be_guessed():
    assert len({new_session() for _ in range(100)}) == 100
    assert len(new_session()) >= 20
