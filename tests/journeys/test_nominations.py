"""Proposing, supporting and sorting in real browsers: the work is done, words stay back, and everybody is told."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from server.kit.clock import now
from server.kit.mongo import Database
from tests.journeys.conftest import visiting
from tests.makers import fill_registry, hire_cast
from tests.server.conftest import open_site
from tests.server.nominations.conftest import Square

pytestmark = pytest.mark.journey
WORDS = "后厨的窗户常年糊着报纸"


async def propose(page: Page, episode: str) -> str:
    """Finds a target as one types, says why; the address of the proposal."""
    await page.goto(f"{episode}/nominate")
    await page.locator("input[name=q]").press_sequentially("面馆3")
    await page.locator("[data-results] a", has_text="测试面馆3").click()
    await page.fill("textarea[name=reason]", WORDS)
    await page.locator("form[data-proven] button[type=submit]").click()
    await page.wait_for_url(re.compile("/nominations/no_"))
    return page.url


async def narrow(page: Page) -> None:
    """Nothing of the page sticks out of a telephone."""
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


async def test_a_proposal_is_made_supported_sorted_and_told(
    database: Database, chromium: Callable[..., Awaitable[Browser]], tmp_path: Path
) -> None:
    browser = await chromium()
    async with (
        open_site(database, tmp_path, now) as site,
        visiting(browser, str(site.client.make_url("/"))) as operator,
    ):
        url = str(site.client.make_url("")).rstrip("/")
        await fill_registry(site.house)
        square = Square(site.house, await hire_cast(site.house), now)
        square.episode = await square.open()
        episode = f"{url}/episodes/{square.episode}"
        secret = await site.house.people.begin_session(square.cast.operator.id)
        await operator.context.add_cookies([{"name": "session", "value": secret, "url": url}])
        async with visiting(browser, url) as author, visiting(browser, url) as neighbour:
            proposal = await propose(author, episode)
            await expect(author.locator("main")).to_contain_text(WORDS)
            await neighbour.goto(proposal)
            await expect(neighbour.locator("main")).not_to_contain_text(WORDS)
            await neighbour.locator("form[action$='/follow'] button").click()
            await expect(neighbour.locator("form[action$='/unfollow']")).to_be_visible()
            await expect(neighbour.locator(".support-count b")).to_have_text("2")

            await operator.goto(f"{url}/operator/episodes/{square.episode}/nominations")
            await narrow(operator)
            for verb in ("release", "shortlist"):
                await operator.locator(f".desk-line form[action$='/{verb}'] button").click()
                await expect(operator.locator(f".desk-line form[action$='/{verb}']")).to_have_count(0)

            await neighbour.goto(f"{episode}/nominations")
            await expect(neighbour.locator("main")).to_contain_text(WORDS)
            for page in (author, neighbour):
                await page.goto(f"{url}/mine")
                await narrow(page)
                await expect(page.locator(".news .is-new")).to_have_count(2)
            await author.locator("form[action='/mine/read'] button").click()
            await expect(author.locator(".news .is-new")).to_have_count(0)
            await author.goto(proposal)
            await expect(author.locator(".thread > li")).to_have_count(3)
            await narrow(author)
