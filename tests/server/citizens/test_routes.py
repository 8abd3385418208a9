import re
from urllib.parse import parse_qs, urlsplit

import pytest

from server.citizens.model import Tier
from server.kit.clock import now
from tests.oidc_provider import log_in
from tests.server.citizens.conftest import HERE, solved
from tests.server.conftest import HTML, JSON, open_site


class Browser:
    """Somebody with a cookie jar; redirects are not followed."""

    def __init__(self, site, headers=JSON):
        self.site, self.headers, self.jar = site, headers, {}

    async def ask(self, method, path, status=200, **options):
        self.site.client.session.cookie_jar.clear()  # That jar is everybody's.
        cookies = "; ".join(f"{name}={value}" for name, value in {"lang": "en", **self.jar}.items())
        headers = {**self.headers, "Cookie": cookies, **options.pop("headers", {})}
        async with self.site.client.request(method, path, headers=headers, allow_redirects=False, **options) as reply:
            assert reply.status == status, f"{path}: {reply.status} {await reply.text()}"
            for name, morsel in reply.cookies.items():
                self.jar[name] = morsel.value
            self.reply, self.set_cookies = reply, reply.headers.getall("Set-Cookie", [])
            return await (reply.json() if reply.content_type == "application/json" else reply.text())

    async def post(self, path, status=200, **fields):
        return await self.ask("POST", path, status, data=fields)

    async def page(self, path="/citizen"):
        return await self.ask("GET", path, headers=HTML)

    async def work(self, scope="phone"):
        return solved(await self.post("/citizen/challenge", scope=scope))

    @property
    def citizen(self):
        return self.site.house.citizens.recognise(self.jar.get("citizen"))


@pytest.fixture
async def town(database, tmp_path, clock):
    """The application with a telephone gateway that prints."""
    async with open_site(database, tmp_path, clock, sms_url="log:", challenge_numbers=200) as site:
        yield site


@pytest.fixture
def browser(town):
    return Browser(town)


def code_in(log):
    return re.findall(r"SMS.* (\d{6}) ", log.text)[-1]


async def by_phone(browser, caplog, number="13800138000", **more):
    proof = await browser.work()
    await browser.post("/citizen/phone", number=number, proof=proof, **more)
    return await browser.post("/citizen/phone/code", code=code_in(caplog), **more)


async def test_looking_leaves_no_mark(browser):
    page = await browser.page()
    assert "You only watch" in page
    assert browser.jar == {}
    assert (await browser.ask("GET", "/citizen.json"))["tier"] is None


async def test_the_first_challenge_marks_the_browser_and_the_next_keeps_the_mark(browser):
    await browser.work()
    first = browser.jar["citizen"]
    assert browser.citizen.tier is Tier.DEVICE
    await browser.work("ballot:ba_1")
    assert browser.jar["citizen"] == first
    assert browser.set_cookies == []
    assert "random mark" in await browser.page()


async def test_a_forged_or_expired_cookie_is_replaced_by_a_new_mark(browser, clock):
    await browser.work()
    first = browser.jar["citizen"]
    for change in (
        lambda: browser.jar.update(citizen=first.replace(".device.", ".verified.")),
        lambda: clock.advance(days=366),
    ):
        change()
        assert browser.citizen is None
        await browser.work()
        assert browser.citizen.tier is Tier.DEVICE
        assert browser.jar["citizen"] != first
        browser.jar["citizen"] = first


async def test_the_cookie_is_kept_from_scripts_and_from_other_sites(browser, database, tmp_path, clock):
    await browser.work()
    assert "HttpOnly" in browser.set_cookies[0]
    assert "SameSite=Lax" in browser.set_cookies[0]
    assert "Secure" not in browser.set_cookies[0]
    (tmp_path / "s").mkdir()
    async with open_site(
        database, tmp_path / "s", clock, public_url="https://inspect.example", challenge_numbers=9
    ) as site:
        secured = Browser(site)
        await secured.work()
        assert "Secure" in secured.set_cookies[0]


async def test_other_sites_cannot_ask_in_a_visitors_name(browser):
    for path in ("/citizen/challenge", "/citizen/phone", "/citizen/phone/code", "/citizen/forget"):
        await browser.ask("POST", path, 403, headers={"Sec-Fetch-Site": "cross-site"}, data={})


async def test_a_code_makes_a_browser_known_by_telephone(browser, caplog):
    assert (await by_phone(browser, caplog))["tier"] == "phone"
    assert browser.citizen.tier is Tier.PHONE
    assert "telephone number is yours" in await browser.page()


async def test_the_page_asks_for_the_code_once_one_was_sent(browser, caplog):
    proof = await browser.work()
    assert 'name="code"' not in await browser.page()
    await browser.post("/citizen/phone", number="13800138000", proof=proof, next="/episodes/ep_1")
    assert browser.reply.headers["Location"] == "/citizen?next=/episodes/ep_1#code"
    page = await browser.page("/citizen?next=/episodes/ep_1")
    assert 'name="code"' in page
    assert 'name="next" value="/episodes/ep_1"' in page
    await browser.post("/citizen/phone/code", code=code_in(caplog), next="/episodes/ep_1")
    assert browser.reply.headers["Location"] == "/episodes/ep_1"


async def test_a_code_guessed_five_times_is_over(browser, caplog):
    proof = await browser.work()
    await browser.post("/citizen/phone", number="13800138000", proof=proof)
    right = code_in(caplog)
    wrong = f"{(int(right) + 1) % 10**6:06}"
    for _ in range(5):
        said = await browser.post("/citizen/phone/code", 400, code=wrong)
        assert said["error"]["kind"] == "BadCode"
    assert (await browser.post("/citizen/phone/code", 409, code=right))["error"]["kind"] == "CodeOver"
    assert browser.citizen.tier is Tier.DEVICE


async def test_another_browsers_proof_and_another_purposes_are_refused(browser, town):
    other = Browser(town)
    mine, theirs, elsewhere = await browser.work(), await other.work(), await browser.work("ballot:ba_1")
    for proof, kind in ((theirs, "OtherWork"), (elsewhere, "OtherWork"), ("", "NoWork"), (mine[:-1] + "g", "NoWork")):
        said = await browser.post("/citizen/phone", 400, number="13800138000", proof=proof)
        assert said["error"]["kind"] == kind
    await browser.post("/citizen/phone", number="13800138000", proof=mine)


async def test_a_proof_that_lay_about_too_long_is_refused(browser, clock):
    proof = await browser.work()
    clock.advance(minutes=21)
    said = await browser.post("/citizen/phone", 409, number="13800138000", proof=proof)
    assert said["error"]["kind"] == "StaleWork"


async def test_without_a_mark_no_code_is_sent_or_taken(browser):
    for path, fields in (("/citizen/phone", {"number": "13800138000"}), ("/citizen/phone/code", {"code": "123456"})):
        assert (await browser.post(path, 401, **fields))["error"]["kind"] == "Unidentified"


async def test_forgetting_drops_the_cookie(browser):
    await browser.work()
    await browser.post("/citizen/forget")
    assert browser.jar["citizen"] == ""
    assert "Max-Age=0" in browser.set_cookies[0]
    assert "You only watch" in await browser.page()


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/a\nb"]
)
async def test_nobody_is_sent_to_another_site(browser, caplog, elsewhere):
    page = await browser.ask("GET", "/citizen", headers=HTML, params={"next": elsewhere})
    assert "evil" not in page.split("<main")[1].split("</main>")[0]
    await by_phone(browser, caplog, next=elsewhere)
    assert browser.reply.headers["Location"] == "/citizen"


async def test_the_page_says_what_is_not_offered(site):
    page = await Browser(site).page()
    assert "Identifying by telephone is not offered here" in page
    assert "Verification by a provider is not offered here" in page
    browser = Browser(site)
    browser.jar["citizen"] = site.house.citizens.new_device()[1]
    assert (await browser.post("/citizen/phone", 404, number="13800138000", proof="x"))["error"][
        "kind"
    ] == "NoTelephone"
    for path in ("/citizen/verify", "/citizen/verify/callback"):
        await browser.ask("GET", path, 404)


async def test_the_page_reads_in_chinese(town):
    browser = Browser(town)
    browser.jar["lang"] = "zh_CN"
    assert "<h1>" in await browser.page()


@pytest.fixture
async def verified_town(database, tmp_path, oidc):
    """The application beside a real provider; by the real clock, which is the provider's."""
    async with open_site(database, tmp_path, now, public_url=HERE, **oidc.knobs) as site:
        yield site


async def back_from_provider(browser, path="/citizen/verify", login="somebody", choice="enter"):
    await browser.ask("GET", path, 303)
    came = urlsplit(await log_in(browser.reply.headers["Location"], login, choice))
    return f"{came.path}?{came.query}"


async def test_a_provider_makes_a_browser_verified_and_sends_it_back(verified_town):
    browser = Browser(verified_town)
    await browser.ask("GET", await back_from_provider(browser, "/citizen/verify?next=/episodes/ep_1"), 303)
    assert browser.reply.headers["Location"] == "/episodes/ep_1"
    assert browser.citizen.tier is Tier.VERIFIED
    assert browser.jar["citizen_verify"] == ""
    page = await browser.page()
    assert "A provider has confirmed" in page
    assert "/citizen/verify" not in page


async def test_one_person_in_two_browsers_is_one_citizen_and_the_mark_of_the_browser_stays(verified_town):
    browsers = [Browser(verified_town) for _ in range(3)]
    devices = []
    for browser, login in zip(browsers, ("somebody", "somebody", "somebody else"), strict=True):
        await browser.work()
        devices.append(browser.citizen.device)
        await browser.ask("GET", await back_from_provider(browser, login=login), 303)
    assert [browser.citizen.device for browser in browsers] == devices
    first, again, other = (browser.citizen.identity for browser in browsers)
    assert first == again != other


async def test_an_answer_is_no_use_in_another_browser_nor_twice(verified_town):
    mine, thief = Browser(verified_town), Browser(verified_town)
    answer = await back_from_provider(mine)
    await thief.ask("GET", answer, 400)
    await thief.ask("GET", "/citizen/verify", 303)
    await thief.ask("GET", answer, 400)
    thief.jar["citizen_verify"] = mine.jar["citizen_verify"]
    await thief.ask("GET", answer, 400)
    sealed = mine.jar["citizen_verify"]
    await mine.ask("GET", answer, 303)
    mine.jar["citizen_verify"] = sealed
    await mine.ask("GET", answer, 400)
    assert thief.citizen.tier is Tier.DEVICE


async def test_whoever_changes_their_mind_at_the_provider_stays_who_they_were(verified_town):
    browser = Browser(verified_town)
    said = await browser.ask("GET", await back_from_provider(browser, choice="leave"), 400)
    assert said["error"]["kind"] == "NotVerified"
    assert browser.citizen.tier is Tier.DEVICE


async def test_nobody_is_sent_to_another_site_after_verifying(verified_town):
    browser = Browser(verified_town)
    await browser.ask("GET", await back_from_provider(browser, "/citizen/verify?next=//evil.example"), 303)
    assert browser.reply.headers["Location"] == "/citizen"


async def test_neither_subject_nor_name_is_kept(verified_town, database):
    browser = Browser(verified_town)
    await browser.ask("GET", await back_from_provider(browser, login="a-subject-to-find"), 303)
    assert parse_qs(urlsplit(browser.reply.headers["Location"]).query) == {}
    for name in ("citizen_counts", "citizen_codes", "ledger_pending", "ledger_entries"):
        assert "a-subject-to-find" not in str(await database.collection(name).find({}))
    assert "a-subject-to-find" not in browser.jar["citizen"]
