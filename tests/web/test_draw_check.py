"""The browser's verifier in a real browser, on the same draws as the command line's."""

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import async_playwright

from tests.draw_cases import FALSE, GENUINE, targets
from tests.journeys.conftest import CHROMIUM, FLAGS

pytestmark = pytest.mark.asyncio(loop_scope="module")
WORKER = """(url) => new Promise((resolve) => {
  const worker = new Worker("/static/modules/draw_worker.js", { type: "module" });
  const said = { steps: [] };
  worker.onmessage = ({ data }) => {
    if (data.step) said.steps.push(data.step);
    if (data.verdict || data.trouble) resolve({ ...said, ...data });
  };
  worker.onerror = (event) => resolve({ error: event.message });
  worker.postMessage({ url });
})"""


class Published:
    """A site that shows one draw."""

    def __init__(self) -> None:
        self.case = targets()

    async def proof(self, _request):
        return web.json_response(self.case.proof)

    async def pool(self, _request):
        return web.Response(body=self.case.pool)

    async def page(self, _request):
        return web.Response(text="<!doctype html>", content_type="text/html")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def verified():
    """Checks a case in the browser's worker."""
    published, app = Published(), web.Application()
    app.router.add_static("/static", "web/static")
    app.router.add_get("/", published.page)
    app.router.add_get("/draws/{id}.json", published.proof)
    app.router.add_get("/draws/{id}/pool.txt", published.pool)
    async with TestServer(app) as server, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page()
        await page.goto(str(server.make_url("/")))

        async def ask(case, url="/draws/dr_1.json"):
            published.case = case
            return await page.evaluate(WORKER, url)

        yield ask
        await browser.close()


@pytest.mark.parametrize("make", GENUINE.values(), ids=GENUINE)
async def test_a_genuine_draw_is_proven(verified, make):
    said = await verified(make())
    assert [step for step in said["steps"] if step["state"] != "pass"] == []
    assert said["verdict"] == "proven"


@pytest.mark.parametrize(("make", "falsify", "step", "problem"), FALSE.values(), ids=FALSE)
async def test_a_falsified_draw_is_refuted_at_the_step_that_is_false(verified, make, falsify, step, problem):
    case = make()
    falsify(case)
    said = await verified(case)
    assert said["verdict"] == "refuted"
    first = next(s for s in said["steps"] if s["state"] == "fail")
    assert (first["step"], first["problem"]) == (step, problem)


async def test_a_draw_that_is_not_drawn_yet_is_neither_proven_nor_refuted(verified):
    case = targets()
    case.facts.pop()
    said = await verified(case)
    assert (said["verdict"], said["steps"][-1]["problem"]) == ("unknown", "waiting")


async def test_a_chain_that_nobody_knows_is_said_to_be_one(verified):
    case = targets()
    case.body("draw.announced")["sources"][1]["chain"] = "00" * 32
    said = await verified(case)
    assert said["verdict"] == "unknown"


async def test_what_cannot_be_read_is_no_fault_of_the_draw(verified):
    assert (await verified(targets(), "/draws/nowhere"))["trouble"]
