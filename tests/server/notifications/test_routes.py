import pytest

from tests.server.nominations.test_routes import Browser


@pytest.fixture
async def browser(site):
    browser = Browser(site)
    await browser.prove("nominate:x")
    return browser


async def told(site, browser):
    """Tells the browser something."""
    citizen, notifications = site.house.citizens.recognise(browser.cookie.split("=")[1]), site.house.notifications
    inbox = notifications.inbox(citizen)
    await site.house.database.transact(lambda tx: notifications.tell(tx, [inbox], "nomination.drawn", "/x"))
    return citizen


async def test_news_is_marked_as_read_up_to_the_moment_of_the_page(site, clock, browser):
    citizen = await told(site, browser)
    drawn_at = clock()
    clock.advance(seconds=1)
    await told(site, browser)
    assert await browser.post("/mine/read", 200, until=drawn_at.isoformat()) == {"unread": 1}
    assert await browser.post("/mine/read", 200) == {"unread": 0}
    assert await site.house.notifications.unread(citizen) == 0


async def test_a_form_leads_back_to_the_page(browser):
    async with await browser.send("/mine/read", headers={}) as reply:
        assert (reply.status, reply.headers["Location"]) == (303, "/mine")


async def test_a_stranger_marks_nothing_and_nonsense_is_refused(site, browser):
    citizen = await told(site, browser)
    assert await Browser(site).post("/mine/read", 200) == {"unread": 0}
    assert await site.house.notifications.unread(citizen) == 1
    assert (await browser.post("/mine/read", 400, until="yesterday"))["error"]["where"] == "until"
