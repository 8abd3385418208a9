"""Becoming known without an account, in a real browser: work done in its workers, a code, a real provider."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.journeys.conftest import Server, free_port, visiting
from tests.oidc_provider import running_provider

pytestmark = pytest.mark.journey


async def solved_by(page: Page) -> str:
    """A proof that the page's own module makes."""
    return str(
        await page.evaluate("""async () => {
      const heard = [];
      const address = document.querySelector("script[src*='proven.js']").src.replace("proven.js", "citizen.js");
      const { prove } = await import(address);
      const proof = await prove("ballot:ba_1", (share) => heard.push(share));
      return `${proof} ${heard.join()}`;
    }""")
    )


async def narrow(page: Page) -> None:
    """Nothing of the page sticks out of a telephone."""
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


async def test_a_browser_becomes_known_by_a_code_and_then_by_a_provider(
    chromium: Callable[..., Awaitable[Browser]], tmp_path: Path
) -> None:
    server = Server(tmp_path / "data", free_port(), {"SEETHROUGH_SMS_URL": "log:"})
    with running_provider(server.url) as oidc:
        server.environment |= oidc.environment
        await server.start()
        try:
            async with visiting(await chromium(), f"{server.url}/citizen?next=/episodes&lang=en") as page:
                said: list[str] = []
                page.on("console", lambda message: said.append(message.text))
                await expect(page.locator("main")).to_contain_text("You only watch")
                proof, heard = (await solved_by(page)).split(" ")
                assert re.fullmatch(r"[0-9a-f]{32}\.\d+\.[0-9a-f]{64}\.[0-9a-f]{64}", proof)
                assert heard == "NaN,1"
                await by_code(page, server)
                await by_provider(page)
                await page.goto(f"{server.url}/citizen")
                await page.click("summary")
                await page.click("form[action='/citizen/forget'] button")
                await expect(page.locator("main")).to_contain_text("You only watch")
                assert not [text for text in said if "Content Security Policy" in text]
        finally:
            await server.stop()
    assert "13800138000" not in server.log()


async def by_code(page: Page, server: Server) -> None:
    await page.fill("input[name=number]", "138 0013 8000")
    await page.keyboard.press("Enter")
    code = page.locator("input[name=code]")
    await code.wait_for()
    await narrow(page)
    await code.fill("12345")
    await page.keyboard.press("Enter")
    await expect(page.locator("#code .form-error")).to_contain_text("six digits")
    await code.fill(re.findall(r"SMS.* (\d{6}) ", server.log())[-1])
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{server.url}/episodes")
    await page.goto(f"{server.url}/citizen?next=/episodes")
    await expect(page.locator("main")).to_contain_text("telephone number is yours")


async def by_provider(page: Page) -> None:
    await page.click("a[href^='/citizen/verify']")
    await page.fill("input[name=login]", "somebody")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile("/episodes$"))
    await page.goto(page.url.replace("/episodes", "/citizen"))
    await expect(page.locator("main")).to_contain_text("A provider has confirmed")
    await narrow(page)
