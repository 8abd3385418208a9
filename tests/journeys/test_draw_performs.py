"""Two deputies witness a draw on their phones, and it performs on a viewer's screen and is proven there."""

import re

import pytest
from playwright.async_api import async_playwright, expect

from server.draws.plan import Asked
from server.episodes.lifecycle import Method, Phase
from server.kit.clock import now
from server.people.model import Role
from tests.journeys.conftest import CHROMIUM, FLAGS
from tests.makers import fill_registry, hire, hire_cast
from tests.server.conftest import open_site

PHONE = {"width": 360, "height": 740}
SECONDS = 30_000


@pytest.fixture
async def browser():
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        await opened.close()


async def visit(browser, site, path, who=None):
    """A page of somebody on a phone of their own; what goes wrong in it fails the test."""
    context = await browser.new_context(viewport=PHONE, locale="zh-CN", reduced_motion="reduce")
    url = site.client.make_url(path)
    if who:
        secret = (await site.signed_in(who))["Cookie"].removeprefix("session=")
        await context.add_cookies([{"name": "session", "value": secret, "url": str(url.origin())}])
    page = await context.new_page()
    page.wrongs = []
    page.on("pageerror", lambda error: page.wrongs.append(str(error)))
    page.on("console", lambda said: page.wrongs.append(said.text) if said.type == "error" else None)
    await page.goto(str(url))
    return page


async def announced(house, cast):
    plan = {Phase.LIVE.value: now()}
    episode = await house.episodes.create(
        cast.operator, title="测试一期", method=Method.DRAW, plan=plan, category="catering"
    )
    asked = Asked(beacon=False, commit_minutes=0.15, reveal_minutes=0.5, wanted=3)
    return await house.choosing.announce(cast.operator, episode.id, asked)


async def test_two_deputies_witness_and_the_draw_performs_on_a_viewers_screen(database, tmp_path, browser):
    async with open_site(database, tmp_path, now) as site:
        await fill_registry(site.house, 12)
        cast = await hire_cast(site.house)
        second = await hire(site.house, Role.DEPUTY, "deputy-two")
        draw = await announced(site.house, cast)
        viewer = await visit(browser, site, f"/draws/{draw.id}")
        phones = [await visit(browser, site, f"/draws/{draw.id}/witness", who) for who in (cast.deputy, second)]
        for phone in phones:
            await phone.click('[data-do="seal"]')
            await expect(phone.locator('[data-shown="wait"]')).to_be_visible(timeout=SECONDS)
        secret = await phones[0].locator("[data-secret]").text_content()
        assert re.fullmatch("[0-9a-f]{64}", secret)
        await expect(viewer.locator(".witnesses li")).to_have_count(2, timeout=SECONDS)
        await phones[1].reload()  # A phone that was put away meanwhile.
        for phone in phones:
            await phone.click('[data-do="open"]', timeout=SECONDS)
            await expect(phone.locator('[data-shown="done"]')).to_be_visible(timeout=SECONDS)
        await expect(viewer.locator("[data-lot]:visible")).to_have_count(3, timeout=SECONDS)
        await expect(viewer.locator("[data-how]:visible")).to_have_count(3, timeout=SECONDS)
        await expect(viewer.locator('[data-verdict="proven"]')).to_be_visible(timeout=SECONDS)
        done = await site.house.draws.get(draw.id)
        assert secret in {witness.secret for witness in done.witnesses}
        names = await viewer.locator("[data-lot] .lot-name").all_text_contents()
        known = await site.house.targets.get_many(done.winners)
        assert names == [known[member].name for member in done.winners]
        for page in (viewer, *phones):
            assert page.wrongs == []
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it fits a phone"


async def test_a_secret_made_on_one_device_is_opened_on_another(database, tmp_path, browser):
    async with open_site(database, tmp_path, now) as site:
        await fill_registry(site.house, 12)
        cast = await hire_cast(site.house)
        draw = await announced(site.house, cast)
        phone = await visit(browser, site, f"/draws/{draw.id}/witness", cast.deputy)
        await phone.click('[data-do="seal"]')
        await expect(phone.locator("[data-kept]")).to_be_visible(timeout=SECONDS)
        secret = await phone.locator("[data-secret]").text_content()
        other = await visit(browser, site, f"/draws/{draw.id}/witness", cast.deputy)
        await other.fill('[data-lost] textarea[name="secret"]', "00" * 32)
        await other.click("[data-bring] button")
        await expect(other.locator("[data-foreign]")).to_be_visible()
        await other.fill('[data-lost] textarea[name="secret"]', f" {secret[:32].upper()}\n{secret[32:]} ")
        await other.click("[data-bring] button")
        await other.click('[data-do="open"]', timeout=SECONDS)
        await expect(other.locator('[data-shown="done"]')).to_be_visible(timeout=SECONDS)
        assert other.wrongs == phone.wrongs == []
