"""A ballot as citizens meet it, in a real browser: voting, the receipt, and checking it against boards that lie."""

import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, Route, expect

from server.app import HOUSE, build_app
from server.ballots.model import Ballot
from server.ballots.receipts import Kept, promised
from server.ballots.routes import receipt_facts
from server.citizens.model import Tier
from server.episodes.lifecycle import Method, Phase
from server.house import House
from server.kit.clock import now
from server.kit.mongo import Database
from server.people.model import SYSTEM, Role
from tests.fakes import FakeClock
from tests.journeys.conftest import until, visiting
from tests.makers import fill_registry, hire, settings_for_tests, vote

ABSENT = "0" * 26


@dataclass
class Poll:
    """A server with one open ballot: four shops, two of them may be chosen."""

    url: str
    house: House
    ballot: Ballot
    clock: FakeClock

    @property
    def page(self) -> str:
        return f"{self.url}/ballots/{self.ballot.id}?lang=en"

    @property
    def receipt_page(self) -> str:
        return f"{self.url}/ballots/{self.ballot.id}/receipt?lang=en"

    async def name(self, option: int) -> str:
        return (await self.house.targets.get(self.ballot.options[option])).name

    async def close(self) -> Ballot:
        """Its moment comes; the ledger has it too."""
        self.clock.at = max(self.clock.at, self.ballot.closes_at)
        self.ballot = await until(self._closed, 20, "the ballot is closed")
        return self.ballot

    async def _closed(self) -> Ballot | None:
        ballot = await self.house.ballots.get(self.ballot.id)
        facts = [entry.fact.kind async for entry in self.house.ledger.about(ballot.id)]
        return ballot if "ballot.closed" in facts else None


async def opened(house: House, **changes: Any) -> Ballot:
    """A ballot over what the registry has."""
    episode = await house.episodes.create(SYSTEM, title="测试一期", method=Method.VOTE, plan={Phase.LIVE.value: now()})
    terms = {
        "episode": episode.id,
        "options": [t.id for t in (await house.targets.search("测试面馆"))[0][:4]],
        "choose": 2,
        "opens_at": house.clock(),
        "closes_at": house.clock() + timedelta(hours=1),
        "tier": Tier.DEVICE,
        "counted_tier": Tier.DEVICE,
        "show_tally": True,
        "by": "operator",
        **changes,
    }
    return await house.database.transact(lambda tx: house.ballots.open(tx, **terms))


@pytest.fixture
async def poll(database: Database, tmp_path: Path) -> AsyncIterator[Poll]:
    clock = FakeClock(now())
    app = build_app(settings_for_tests(tmp_path, weekly=False), clock=clock, database=database)
    async with TestServer(app) as server:
        house = app[HOUSE]
        await fill_registry(house)
        yield Poll(str(server.make_url("")).rstrip("/"), house, await opened(house), clock)


Launch = Callable[..., Awaitable[Browser]]


async def cast(page: Page, *options: str) -> None:
    """Votes as a person does."""
    for option in options:
        await page.locator(f"input[value={option}]").check()
    await page.get_by_role("button", name="Vote now").click()
    await page.get_by_role("button", name="Cast the vote").click()


async def receipt_of(page: Page, ballot: Ballot) -> dict[str, Any]:
    """The receipt that this browser keeps."""
    await expect(page.locator("[data-receipt]")).to_be_visible(timeout=30_000)
    kept = await page.evaluate("name => localStorage.getItem(name)", f"receipt:{ballot.id}")
    return dict(json.loads(kept))


async def check(page: Page, poll: Poll, receipt: object) -> dict[str, str]:
    """Checks a receipt on its page; how each step came out, and the verdict."""
    await page.goto(poll.receipt_page)
    text = receipt if isinstance(receipt, str) else json.dumps(receipt)
    await page.locator("textarea[name=receipt]").fill(text)
    await page.get_by_role("button", name="Check", exact=True).click()
    await page.wait_for_selector("[data-outcome]", timeout=30_000)
    steps = await page.eval_on_selector_all("[data-step]", "all => all.map(s => [s.dataset.step, s.dataset.state])")
    outcome = await page.get_attribute("[data-outcome]", "data-outcome")
    await expect(page.locator(f'[data-verdict="{outcome}"]')).to_be_visible()
    return {**dict(steps), "verdict": str(outcome)}


async def lie(page: Page, path: str, change: Callable[[bytes], bytes]) -> None:
    """Whatever this address answers reaches the page changed."""

    async def answer(route: Route) -> None:
        reply = await route.fetch()
        await route.fulfill(response=reply, body=change(await reply.body()))

    await page.context.route(lambda url: path in url, answer)


def bad(came: dict[str, str]) -> set[str]:
    return {step for step, state in came.items() if state == "bad"}


async def test_a_citizen_votes_keeps_the_receipt_and_finds_the_vote_on_the_board(poll: Poll, chromium: Launch) -> None:
    first, second, *_ = poll.ballot.options
    for number in range(6):
        await vote(poll.house, poll.ballot, [second], number)
    async with visiting(await chromium(), poll.page) as page:
        await cast(page, first, second)
        receipt = await receipt_of(page, poll.ballot)
        assert receipt["choices"] == sorted([first, second])
        await expect(page.locator("[data-receipt]")).to_contain_text(await poll.name(0))
        assert (await check(page, poll, receipt))["verdict"] == "promised"

        await poll.close()
        assert await check(page, poll, receipt) == {
            "ledger": "good",
            "history": "continued",
            "rules": "good",
            "promise": "good",
            "entry": "good",
            "file": "good",
            "root": "good",
            "line": "good",
            "count": "good",
            "verdict": "good",
        }
        await page.reload()
        await page.get_by_role("button", name="Check the receipt that this browser keeps").click()
        await page.wait_for_selector('[data-outcome="good"]')
        await page.goto(poll.page)
        await expect(page.locator(".result li").first).to_contain_text(await poll.name(1))


async def test_beyond_the_limit_the_button_stays_shut_and_says_why(poll: Poll, chromium: Launch) -> None:
    async with visiting(await chromium(), poll.page) as page:
        button = page.get_by_role("button", name="Vote now")
        await expect(button).to_be_disabled()
        for option in poll.ballot.options[:2]:
            await page.locator(f"input[value={option}]").check()
        await expect(button).to_be_enabled()
        await page.locator(f"input[value={poll.ballot.options[2]}]").check()
        await expect(button).to_be_disabled()
        await expect(page.locator("[data-too-many]")).to_contain_text("At most 2 may be chosen")


async def test_a_busy_server_is_asked_again_with_the_same_key(poll: Poll, chromium: Launch) -> None:
    keys: list[str | None] = []

    async def busy(route: Route) -> None:
        keys.append((route.request.post_data or "").split("key=")[1].split("&")[0])
        if len(keys) == 1:  # The vote arrives, its answer does not.
            await route.fetch()
            await route.abort()
        elif len(keys) == 2:
            await route.fulfill(status=503, headers={"Retry-After": "1"}, body='{"error": {"message": "busy"}}')
        else:
            await route.continue_()

    async with visiting(await chromium(), poll.page) as page:
        await page.context.route("**/votes", busy)
        await cast(page, poll.ballot.options[0])
        await expect(page.locator('[data-state="waiting"]')).to_be_visible()
        await receipt_of(page, poll.ballot)
        assert len(keys) == 3
        assert len(set(keys)) == 1
        assert (await poll.house.ballots.running(poll.ballot.id))["votes"] == 1


async def test_a_vote_whose_page_died_is_sent_again_by_the_next_page(poll: Poll, chromium: Launch) -> None:
    async with visiting(await chromium(), poll.page) as page:
        await page.context.route("**/votes", lambda route: route.abort())
        await cast(page, poll.ballot.options[0])
        await expect(page.locator('[data-state="waiting"]')).to_be_visible()
        await page.context.unroute("**/votes")
        await page.reload()
        receipt = await receipt_of(page, poll.ballot)
        assert receipt["choices"] == [poll.ballot.options[0]]


async def test_who_voted_already_is_told_so_by_the_server(poll: Poll, chromium: Launch) -> None:
    async with visiting(await chromium(), poll.page) as page:
        await cast(page, poll.ballot.options[0])
        await receipt_of(page, poll.ballot)
        await page.evaluate("localStorage.clear()")
        await page.reload()
        await cast(page, poll.ballot.options[1])
        await expect(page.locator("form .form-error[role=alert]")).to_contain_text("final")


async def test_the_running_count_reaches_open_pages(poll: Poll, chromium: Launch) -> None:
    async with visiting(await chromium(), poll.page) as page:
        count = page.locator(f'[data-tally-of="{poll.ballot.options[1]}"] [data-count]')
        await expect(count).to_have_text("0")
        await vote(poll.house, poll.ballot, [poll.ballot.options[1]], 1)
        await expect(count).to_have_text("1")
        await expect(page.locator("[data-votes]")).to_have_text("1")
        await poll.close()
        await expect(page.locator(".result")).to_be_visible(timeout=20_000)


@pytest.fixture
async def closed(poll: Poll) -> tuple[Poll, dict[str, Any]]:
    """A closed ballot of twenty votes, and the receipt of one."""
    mine = None
    for number in range(20):
        receipt = await vote(poll.house, poll.ballot, [poll.ballot.options[number % 4]], number)
        mine = mine or receipt
    await poll.close()
    assert mine is not None
    return poll, dict(receipt_facts(mine))


Closed = tuple[Poll, dict[str, Any]]


async def test_a_forged_receipt_is_found_out(closed: Closed, chromium: Launch) -> None:
    poll, receipt = closed
    async with visiting(await chromium(), poll.receipt_page) as page:
        forged = {**receipt, "choices": [poll.ballot.options[3]]}
        assert bad(await check(page, poll, forged)) == {"promise", "line", "verdict"}
        signature = bytearray.fromhex(receipt["promise"]["signature"])
        signature[9] ^= 1
        forged = {**receipt, "promise": {**receipt["promise"], "signature": signature.hex()}}
        assert bad(await check(page, poll, forged)) == {"promise", "verdict"}
        assert bad(await check(page, poll, {**receipt, "tier": "verified"})) == {"promise", "line", "verdict"}


async def test_a_code_alone_is_looked_up_and_a_wrong_one_is_not_there(closed: Closed, chromium: Launch) -> None:
    poll, receipt = closed
    async with visiting(await chromium(), poll.receipt_page) as page:
        typed = receipt["code"].upper().replace("0", "O")
        came = await check(page, poll, f"{typed[:5]} {typed[5:]}")
        assert (came["promise"], came["line"], came["verdict"]) == ("absent", "good", "good")
        assert bad(await check(page, poll, ABSENT)) == {"line", "verdict"}
        await page.locator("textarea[name=receipt]").fill("no receipt at all")
        await page.get_by_role("button", name="Check", exact=True).click()
        await expect(page.locator("[data-unread]")).to_be_visible()


async def test_a_board_changed_after_the_closing_is_found_out(closed: Closed, chromium: Launch) -> None:
    poll, receipt = closed
    one, other = (poll.ballot.options[n].encode() for n in (1, 2))
    async with visiting(await chromium(), poll.receipt_page) as page:
        await lie(page, "/board.txt", lambda board: board.replace(one, other, 1))
        assert bad(await check(page, poll, receipt)) == {"file", "root", "count", "verdict"}


async def test_a_board_without_the_voters_line_is_found_out(closed: Closed, chromium: Launch) -> None:
    poll, receipt = closed
    code = receipt["code"].encode()

    def without(board: bytes) -> bytes:
        return b"".join(line for line in board.splitlines(keepends=True) if not line.startswith(code))

    async with visiting(await chromium(), poll.receipt_page) as page:
        await lie(page, "/board.txt", without)
        came = await check(page, poll, receipt)
        assert came["verdict"] == "broken"
        assert {step for step, state in came.items() if state == "bad"} == {"file", "root", "line", "count"}


async def test_the_board_of_another_ballot_is_found_out(closed: Closed, chromium: Launch) -> None:
    poll, receipt = closed
    other = Poll(poll.url, poll.house, await opened(poll.house), poll.clock)
    await vote(poll.house, other.ballot, [other.ballot.options[0]], 99)
    await other.close()
    board = poll.house.ballots.board_path(other.ballot).read_bytes()
    async with visiting(await chromium(), poll.receipt_page) as page:
        await lie(page, f"{poll.ballot.id}/board.txt", lambda _: board)
        came = await check(page, poll, receipt)
        assert {"file", "root", "line", "count"} <= bad(came)
        strange = {**receipt, "ballot": other.ballot.id}
        assert "promise" in bad(await check(page, poll, strange))


async def test_a_promise_that_the_published_board_breaks_is_proven(closed: Closed, chromium: Launch) -> None:
    """The server signed a receipt, and its board and ledger agree with one another: without that vote."""
    poll, _ = closed
    kept = Kept(poll.ballot.id, ABSENT, "device", poll.ballot.options[0], poll.clock())
    receipt = receipt_facts(promised([kept], poll.house.ledger.sign)[0])
    async with visiting(await chromium(), poll.receipt_page) as page:
        came = await check(page, poll, dict(receipt))
        assert came["verdict"] == "broken"
        assert {step for step, state in came.items() if state == "bad"} == {"line"}


async def test_a_ledger_that_lies_is_found_out(closed: Closed, chromium: Launch) -> None:
    poll, receipt = closed
    root = poll.ballot.root or ""
    async with visiting(await chromium(), poll.receipt_page) as page:
        await lie(page, "/ledger/entries?", lambda entry: entry.replace(root.encode(), secrets.token_hex(32).encode()))
        assert bad(await check(page, poll, receipt)) == {"entry", "verdict"}
    async with visiting(await chromium(), poll.receipt_page) as page:
        await lie(page, "/ledger/checkpoint", lambda note: note.replace(b"\n", b"\n1", 1))
        assert bad(await check(page, poll, receipt)) == {"ledger", "verdict"}


async def test_a_ledger_that_is_not_the_one_seen_before_is_noticed(closed: Closed, chromium: Launch) -> None:
    poll, receipt = closed
    async with visiting(await chromium(), poll.receipt_page) as page:
        assert (await check(page, poll, receipt))["history"] == "first"
        await page.evaluate(
            """() => localStorage.setItem("ledger-seen", JSON.stringify({
              ...JSON.parse(localStorage.getItem("ledger-seen")), root: "ab".repeat(32) }))"""
        )
        assert bad(await check(page, poll, receipt)) == {"history", "verdict"}


async def test_a_server_that_does_not_answer_proves_nothing(closed: Closed, chromium: Launch) -> None:
    poll, receipt = closed
    async with visiting(await chromium(), poll.receipt_page) as page:
        await page.context.route("**/board.txt", lambda route: route.abort())
        came = await check(page, poll, receipt)
        assert (came["file"], came["verdict"]) == ("away", "away")


async def test_browsers_without_ed25519_check_the_signatures_all_the_same(closed: Closed, chromium: Launch) -> None:
    poll, receipt = closed
    browser = await chromium()
    context = await browser.new_context()
    await context.add_init_script("delete Crypto.prototype.subtle")
    page = await context.new_page()
    assert (await check(page, poll, receipt))["verdict"] == "good"
    forged = {**receipt, "promise": {**receipt["promise"], "signature": "01" * 64}}
    assert bad(await check(page, poll, forged)) == {"promise", "verdict"}


async def test_without_javascript_everything_can_be_read(poll: Poll, chromium: Launch) -> None:
    async with visiting(await chromium(), poll.page, java_script_enabled=False) as page:
        await expect(page.locator("noscript .callout")).to_be_visible()
        for option in range(4):
            await expect(page.locator("form .option").nth(option)).to_contain_text(await poll.name(option))
        await expect(page.locator("main")).to_contain_text("Most points win")


async def test_a_voided_ballot_says_why(poll: Poll, chromium: Launch) -> None:
    async with visiting(await chromium(), poll.page) as page:
        ballot = poll.ballot
        await poll.house.ballots.void(
            await hire(poll.house, Role.OPERATOR, "operator"), ballot.id, "The list was wrong."
        )
        await expect(page.locator("main")).to_contain_text("The list was wrong.", timeout=20_000)
        await cast(page, ballot.options[0])
        await expect(page.locator("form .form-error[role=alert]")).to_contain_text("voided")
