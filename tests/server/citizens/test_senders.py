import logging

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from server.citizens.senders import HttpSender, LogSender, NotSent, sender_for


class Gateway:
    """An SMS gateway on a real socket that answers as it is told to."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.taken = []

    async def take(self, request):
        self.taken.append((request.headers.get("Authorization"), await request.json()))
        status = self.answers.pop(0) if self.answers else 200
        if status is None:
            request.transport.close()
        return web.Response(status=status or 200, headers={"Location": "/elsewhere"} if status == 302 else None)


@pytest.fixture
async def listen():
    servers = []

    async def start(gateway):
        app = web.Application()
        app.router.add_post("/send", gateway.take)
        servers.append(TestServer(app))
        await servers[-1].start_server()
        return str(servers[-1].make_url("/send"))

    yield start
    for server in servers:
        await server.close()


async def test_a_gateway_gets_number_and_text_with_the_token(listen):
    gateway = Gateway()
    await HttpSender(await listen(gateway), "secret").send("+8613800138000", "123456 是您的验证码")
    assert gateway.taken == [("Bearer secret", {"to": "+8613800138000", "text": "123456 是您的验证码"})]


@pytest.mark.parametrize("trouble", [503, 500, 429, None])
async def test_a_passing_trouble_is_tried_again(listen, trouble):
    gateway = Gateway(trouble, trouble, 202)
    await HttpSender(await listen(gateway), "", pause=0).send("+8613800138000", "x")
    assert len(gateway.taken) == 3
    assert gateway.taken[0][0] is None


@pytest.mark.parametrize("status", [400, 401, 403, 302])
async def test_what_the_gateway_refuses_for_good_is_not_tried_again(listen, status):
    gateway = Gateway(status)
    with pytest.raises(NotSent):
        await HttpSender(await listen(gateway), "", pause=0).send("+8613800138000", "x")
    assert len(gateway.taken) == 1


async def test_a_gateway_that_stays_away_is_said_so_without_number_or_text_in_the_log(listen, caplog):
    gateway = Gateway(503, 503, 503)
    with pytest.raises(NotSent) as refused:
        await HttpSender(await listen(gateway), "", pause=0).send("+8613800138000", "654321 is your code")
    assert refused.value.retry_after == 60
    with pytest.raises(NotSent):
        await HttpSender("http://127.0.0.1:1/send", "", pause=0).send("+8613800138000", "654321 is your code")
    assert "took no message" in caplog.text
    assert "138" not in caplog.text
    assert "654321" not in caplog.text


async def test_the_demo_shows_the_code_but_no_number(caplog):
    with caplog.at_level(logging.WARNING):
        await LogSender().send("+8613800138000", "654321 is your code")
    assert "654321" in caplog.text
    assert "13800138000" not in caplog.text


def test_settings_choose_the_sender():
    assert sender_for("", "") is None
    assert isinstance(sender_for("log:", ""), LogSender)
    assert isinstance(sender_for("https://gateway.example/send", "x"), HttpSender)
