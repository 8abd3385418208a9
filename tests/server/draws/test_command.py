"""`seethrough verify draw`: words and exit codes, from files and over HTTP."""

import io
import json

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from server.draws.command import PROBLEMS, STEPS, run_verify
from server.kit.errors import Invalid
from tests.draw_cases import FALSE, more_tickets, targets, void


def written(folder, case):
    """The two files as somebody downloads them."""
    (folder / "dr_1.json").write_text(json.dumps(case.proof))
    (folder / "pool.txt").write_bytes(case.pool)
    return str(folder / "dr_1.json")


async def said(where, pool=None, as_json=False):
    out = io.StringIO()
    code = await run_verify(where, pool, as_json, out)
    return code, out.getvalue()


async def test_a_genuine_draw_is_proven_from_two_files(tmp_path):
    code, words = await said(written(tmp_path, targets()))
    assert code == 0
    assert "The beacon's round 1000 is genuine." in words
    assert words.splitlines()[-1].startswith("PROVEN")


async def test_a_tampered_pool_is_refuted_in_a_sentence(tmp_path):
    case = targets()
    more_tickets(case)
    code, words = await said(written(tmp_path, case))
    assert code == 1
    assert "FAIL The pool's SHA-256 is not the one announced" in words


async def test_a_draw_to_come_cannot_be_told(tmp_path):
    case = targets()
    case.facts.pop()
    assert (await said(written(tmp_path, case)))[0] == 2


async def test_the_pool_may_lie_elsewhere_and_the_steps_be_json(tmp_path):
    where = written(tmp_path, targets())
    elsewhere = (tmp_path / "pool.txt").rename(tmp_path / "other")
    with pytest.raises(Invalid, match="--pool"):
        await said(where)
    code, words = await said(where, elsewhere, as_json=True)
    facts = json.loads(words)
    assert (code, facts["verdict"]) == (0, "proven")
    assert {step["state"] for step in facts["steps"]} == {"pass"}


async def test_a_page_on_the_network_is_checked_by_its_address():
    case = targets()
    app = web.Application()

    async def twin(_request):
        return web.json_response(case.proof)

    async def pool(_request):
        return web.Response(body=case.pool)

    app.router.add_get("/draws/dr_1.json", twin)
    app.router.add_get("/draws/dr_1/pool.txt", pool)
    async with TestServer(app) as server:
        assert (await said(str(server.make_url("/draws/dr_1"))))[0] == 0
        case.extra["pool_url"] = "http://192.0.2.1/pool.txt"
        with pytest.raises(Invalid, match="another site"):
            await said(str(server.make_url("/draws/dr_1.json")))
        with pytest.raises(Invalid, match="cannot be fetched"):
            await said(str(server.make_url("/draws/dr_2")))


async def test_what_is_no_draw_is_said_to_be_none(tmp_path):
    (tmp_path / "x.json").write_text("[]")
    with pytest.raises(Invalid, match="not the JSON of a draw"):
        await said(str(tmp_path / "x.json"))
    with pytest.raises(Invalid, match="cannot be read"):
        await said(str(tmp_path / "none.json"))


async def test_every_problem_of_the_cases_has_its_sentence(tmp_path):
    assert {problem for *_, problem in FALSE.values()} <= set(PROBLEMS)
    assert {step for _, _, step, _ in FALSE.values()} <= set(STEPS)
    assert "void, for a reason that the rule knows (no_source_left)" in (await said(written(tmp_path, void())))[1]
