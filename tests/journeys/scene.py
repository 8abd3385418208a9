"""An inspection that is live, made by people in browsers: what every journey starts from."""

import contextlib
import io
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Page, expect

from server.kit.clock import now
from tests.journeys.conftest import Server, accept, until, visiting

REGISTER = """name,address,district,category,code,grade,key
试验面馆,试验路1号,试验区,catering,,B,J0001
试验小厨,试验路2号,试验区,catering,,B,J0002
试验饺子馆,试验路3号,试验区,catering,,C,J0003
"""
CHECKLIST = Path(__file__).parents[2] / "server/targets/checklists/catering.json"


@dataclass
class Scene:
    """An inspection that is live, and the people at it."""

    server: Server
    episode: str
    operator: Page
    inspector: Page


async def conduct(page: Page, action: str) -> None:
    """Presses one of the operator's buttons and waits for the page that follows."""
    form = page.locator(f"main form[action$='/{action}']").first
    async with page.expect_navigation():
        await form.locator("button").click()


async def prepare(server: Server, operator: Page, tmp_path: Path) -> str:
    """A registry, a checklist, an episode drawn, assigned and started from the operator's desk."""
    (tmp_path / "register.csv").write_text(REGISTER)
    await server.run("targets", "import", str(tmp_path / "register.csv"), "--format", "own")
    await server.run("checklists", "publish", str(CHECKLIST))
    await accept(operator, await server.invite("operator", "Operator"), "operator")
    await operator.goto(f"{server.url}/operator")
    await operator.fill("input[name=title]", "试验一期")
    await operator.fill("input[name=live_at]", f"{now() + timedelta(days=1):%Y-%m-%dT10:00}")
    await operator.click("form[action='/episodes'] button")
    await operator.wait_for_url(re.compile("/operator/episodes/"))
    desk = operator.url
    await conduct(operator, "draw")
    await drawn(operator)
    for action in ("assign", "start"):
        await conduct(operator, action)
        assert operator.url == desk
    await expect(operator.locator("[data-monitor]")).to_be_attached()
    return desk.rsplit("/", 1)[1]


async def drawn(operator: Page) -> None:
    """The beacon's round came, and the operator's page offers what follows."""

    async def offered() -> bool:
        await operator.reload()
        return bool(await operator.locator("main form[action$='/assign']").count())

    await until(offered, 30, "the lots are drawn", pause=0.5)


@asynccontextmanager
async def on_air(
    server: Server, chromium: Callable[..., Awaitable[Browser]], film: Path, tmp_path: Path
) -> AsyncIterator[Scene]:
    """Operator and inspectors have accounts; the inspector publishes a real video file from the console."""
    plain, filming = await chromium(), await chromium(film)
    async with contextlib.AsyncExitStack() as stack:
        operator = await stack.enter_async_context(visiting(plain, server.url))
        inspectors = []
        for number, login in enumerate(("first", "second")):
            page = await stack.enter_async_context(visiting(filming, server.url))
            link = await server.invite("inspector", f"Inspector {login}", "--certificate", f"T-{number}")
            await accept(page, link, login)
            inspectors.append(page)
        episode = await prepare(server, operator, tmp_path)
        inspector = inspectors[0]
        await inspector.goto(f"{server.url}/console")
        await inspector.click("main a[href^='/console/']")
        await inspector.click("[data-go-live]")
        await expect(inspector.locator("[data-state=live]")).to_be_visible(timeout=30_000)
        yield Scene(server, episode, operator, inspector)


def snapshot() -> bytes:
    """A photo with a place in its EXIF, as a phone takes it."""
    out = io.BytesIO()
    picture = Image.radial_gradient("L").resize((1600, 1200)).convert("RGB")
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (30.0, 15.0, 0.0), 3: "E", 4: (120.0, 10.0, 0.0)}
    picture.save(out, "JPEG", exif=exif)
    return out.getvalue()


async def publish(page: Page, words: str, item: str = "C06", photo: bytes | None = None) -> float:
    """Fills in a finding and taps; returns the moment of the tap."""
    box = page.locator(f"[data-item={item}]")
    if await box.get_attribute("open") is None:
        await box.locator("summary").click()
    await box.locator(".segment-fail").click()
    await box.locator("textarea[name=words]").fill(words)
    if photo:
        file = {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": photo}
        await box.locator("input[type=file]").set_input_files(file)
        await expect(box.locator("[data-chosen] img")).to_have_count(1)
    tapped = time.monotonic()
    await box.locator("button:not([type=button])").click()
    return tapped


async def shown(page: Page, words: str) -> float:
    """The moment when the words are on the page."""
    await page.locator("[data-findings]", has_text=words).first.wait_for(timeout=10_000)
    return time.monotonic()
