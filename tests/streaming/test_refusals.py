import json

import pytest

from streaming.refusals import Refusal, refusing


@pytest.mark.parametrize(("status", "header"), [(401, "WWW-Authenticate"), (503, "Retry-After"), (404, None)])
def test_a_refusal_is_one_json_shape_with_the_headers_of_its_status(status, header):
    reply = Refusal(status, "kind", "What was wrong: do this.").reply()
    assert reply.status == status
    assert json.loads(reply.text) == {
        "error": {"status": status, "kind": "kind", "message": "What was wrong: do this.", "where": None}
    }
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert header is None or header in reply.headers


async def test_a_refusal_raised_in_a_handler_becomes_its_reply():
    async def handler(_request):
        raise Refusal(409, "occupied", "Someone is here: wait.")

    assert (await refusing(handler)(None)).status == 409
