import json

import pytest

from server.nominations.model import Code, State, Words
from server.viewing.nominations import PAGE, acts, into_url
from tests.makers import fill_registry, hire_cast
from tests.server.conftest import JSON
from tests.server.nominations.conftest import Square
from tests.server.nominations.test_routes import Browser
from web.render import TEMPLATE_ROOT

SECRET = "秘密的文字"
TYPED = {"name": SECRET + "一", "place": SECRET + "二", "reason": SECRET + "三", "look_at": SECRET + "四"}


@pytest.fixture
async def scene(site, clock):
    await fill_registry(site.house)
    scene = Square(site.house, await hire_cast(site.house), clock)
    scene.episode = await scene.open()
    scene.site, scene.browser = site, Browser(site)
    scene.pages, scene.operator = site.house.nomination_pages, scene.cast.operator
    scene.targets = [t.id for t in (await site.house.targets.search("测试面馆"))[0]]
    return scene


async def everywhere(scene, made):
    """Everything that the public can read about a nomination, as texts."""
    base = f"/episodes/{scene.episode}"
    texts = []
    target = f"&target={made.target}" if made.target else ""
    for path in (f"{base}/nominations", made.url, f"{base}/nominate", base, "/", "/ledger", "/mine"):
        texts.append(await scene.browser.get(path))
        twin = "/index" if path == "/" else path
        texts.append(json.dumps(await scene.browser.get(f"{twin}.json?q=x{target}", JSON), ensure_ascii=False))
    async with scene.site.client.get("/ledger/entries?from=0&limit=1000") as reply:
        texts.append(await reply.text())
    return texts


async def test_nothing_typed_is_public_before_its_release_and_after_its_hiding(scene):
    made = await scene.propose(**TYPED)
    registered = await scene.propose(target=scene.targets[0], reason=SECRET, look_at=SECRET)
    await scene.curation.merge(scene.operator, (await scene.propose(**TYPED)).id, made.id)
    for nomination in (made, registered):
        assert not [t for t in await everywhere(scene, nomination) if SECRET in t]
        await scene.curation.release(scene.operator, nomination.id)
        assert SECRET in await scene.browser.get(nomination.url)
        await scene.curation.hide(scene.operator, nomination.id, "含有人名")
        assert not [t for t in await everywhere(scene, nomination) if SECRET in t]
        assert "含有人名" in await scene.browser.get(nomination.url)
    assert SECRET not in "".join(await scene.facts())


async def test_a_registered_targets_name_and_support_are_public_at_once(scene):
    made = await scene.propose(target=scene.targets[1])
    await scene.follow(made)
    facts = await scene.browser.get(f"/episodes/{scene.episode}/nominations.json", JSON)
    (listed,) = facts["nominations"]
    assert (listed["name"], listed["supporters"], listed["reason"], listed["salt"]) == ("测试面馆1", 2, None, None)


async def test_the_author_reads_their_own_words_and_nobody_else_does(scene):
    made = await scene.browser.propose(scene.episode, **TYPED)
    facts = await scene.browser.get(f"{made['url']}.json", JSON)
    assert (facts["support"], facts["nomination"]["reason"]) == ("own", TYPED["reason"])
    assert TYPED["name"] in await scene.browser.get("/mine")
    other = Browser(scene.site)
    await other.prove(f"nominate:{scene.episode}")
    facts = await other.get(f"{made['url']}.json", JSON)
    assert (facts["support"], facts["nomination"]["reason"], facts["nomination"]["name"]) == ("none", None, None)


async def test_what_is_published_makes_the_digest_also_after_a_target_was_found(scene):
    made = await scene.propose(**TYPED)
    await scene.curation.resolve(scene.operator, made.id, scene.targets[0])
    await scene.curation.release(scene.operator, made.id)
    said = (await scene.browser.get(f"{made.url}.json", JSON))["nomination"]
    words = Words(said["look_at"], said["reason"], said["said_name"], said["said_place"])
    assert words.digest(said["salt"]) == said["words_digest"]
    assert said["name"] == "测试面馆0"


async def test_markup_in_a_description_stays_text(scene):
    evil = "<script>alert(1)</script>"
    made = await scene.propose(name=evil, place=f'"><img src=x onerror={evil}', reason=evil, look_at=evil)
    await scene.curation.release(scene.operator, made.id)
    for text in (
        await scene.browser.get(made.url),
        await scene.browser.get(f"/episodes/{scene.episode}/nominations"),
        await scene.site.html(f"/operator/episodes/{scene.episode}/nominations", scene.operator),
    ):
        assert "&lt;script&gt;" in text
        assert "<script>alert" not in text
        assert "<img src=x" not in text


async def test_the_fate_is_read_from_the_ledger_with_every_place(scene):
    made, twin = await scene.propose(target=scene.targets[0]), await scene.propose()
    await scene.curation.resolve(scene.operator, twin.id, scene.targets[0])
    await scene.curation.merge(scene.operator, twin.id, made.id)
    await scene.curation.exclude(scene.operator, made.id, Code.FREQUENCY_CAP)
    await scene.facts()
    fate = (await scene.browser.get(f"{twin.url}.json", JSON))["fate"]
    assert [line["what"] for line in fate] == ["made", "resolved", "merged"]
    assert [line["url"] for line in fate] == [None, f"/targets/{scene.targets[0]}", made.url]
    assert all(isinstance(line["index"], int) for line in fate)
    fate = (await scene.browser.get(f"{made.url}.json", JSON))["fate"]
    assert (fate[-1]["what"], fate[-1]["code"]) == ("excluded", "frequency_cap")
    assert "Inspected as often as allowed this year" in await scene.browser.get(made.url)


async def test_proposing_begins_with_a_search_that_works_without_javascript(scene):
    made = await scene.propose(target=scene.targets[1])
    base = f"/episodes/{scene.episode}/nominate"
    facts = await scene.browser.get(f"{base}.json?q=测试面馆1", JSON)
    assert [(r["name"], r["supporters"]) for r in facts["results"]] == [("测试面馆1", 1)]
    page = await scene.browser.get(f"{base}?q=测试面馆1")
    assert facts["results"][0]["choose_url"] in page
    chosen = await scene.browser.get(facts["results"][0]["choose_url"])
    assert f'value="{scene.targets[1]}"' in chosen
    assert made.url in chosen


async def test_an_episode_that_nominates_no_more_says_so_and_shows_no_form(scene):
    made = await scene.propose(target=scene.targets[0])
    await scene.end_nominating()
    page = await scene.browser.get(f"/episodes/{scene.episode}/nominate?target={scene.targets[0]}")
    assert "<textarea" not in page
    assert "takes no proposals now" in page
    assert not (await scene.browser.get(f"{made.url}.json", JSON))["may_support"]


async def test_ones_own_page_has_proposals_support_and_news(scene):
    assert not (await scene.browser.get("/mine.json", JSON))["known"]
    made = await scene.browser.propose(scene.episode, target=scene.targets[0], reason="x")
    other = await scene.propose(target=scene.targets[1])
    await scene.browser.post(f"{other.url}/follow", proof=await scene.browser.prove(f"nominate:{scene.episode}"))
    scene.clock.advance(minutes=1)
    await scene.curation.exclude(scene.operator, made["id"], Code.CLOSED)
    scene.clock.advance(minutes=1)
    await scene.curation.shortlist(scene.operator, other.id)
    facts = await scene.browser.get("/mine.json", JSON)
    assert [n["id"] for n in facts["mine"]] == [made["id"]]
    assert [n["id"] for n in facts["followed"]] == [other.id]
    assert [(n["code"], n["reason"], n["about"]) for n in facts["news"]] == [
        ("shortlisted", None, "测试面馆1"),
        ("excluded", "closed", "测试面馆0"),
    ]
    assert facts["unread"] == (await scene.browser.get(f"{made['url']}.json", JSON))["unread"] == 2
    assert "Closed down" in await scene.browser.get("/mine")
    read = await scene.browser.post("/mine/read", 200, until=facts["drawn_at"])
    assert read == {"unread": 0}


async def test_the_desk_puts_what_nobody_read_first_on_every_page(scene):
    read = [await scene.propose() for _ in range(3)]
    for nomination in read:
        await scene.curation.release(scene.operator, nomination.id)
        await scene.follow(nomination)
    waiting = [await scene.propose(target=scene.targets[n % 5], name=f"店{n}") for n in range(PAGE + 1)]
    first = await scene.pages.desk(scene.operator, scene.episode, 1)
    second = await scene.pages.desk(scene.operator, scene.episode, 2)
    assert (first.waiting, first.total, first.pages) == (PAGE + 1, PAGE + 4, 2)
    assert [line.nomination.waiting for line in second.lines] == [True, False, False, False]
    shown = [line.nomination.id for page in (first, second) for line in page.lines]
    assert sorted(shown) == sorted(n.id for n in (*read, *waiting))


async def test_the_desk_offers_duplicates_with_the_button_that_fits(scene):
    registered = await scene.propose(target=scene.targets[1])
    vague = await scene.propose(name="测试面馆1（老店）", place="测试路2号")
    desk = await scene.pages.desk(scene.operator, scene.episode, 1)
    line = next(line for line in desk.lines if line.nomination.id == vague.id)
    assert line.registered[0].id == scene.targets[1]
    assert line.alike[0].id == registered.id
    page = await scene.site.html(f"/operator/episodes/{scene.episode}/nominations", scene.operator)
    assert f'action="{vague.url}/merge"' in page
    assert f'value="{registered.id}"' in page


async def test_what_may_be_done_is_what_the_table_says(scene):
    made = await scene.propose()
    assert acts(made) == ["release", "hide", "resolve", "merge", "exclude"]
    resolved = await scene.curation.resolve(scene.operator, made.id, scene.targets[0])
    assert acts(resolved) == ["release", "hide", "shortlist", "merge", "exclude"]
    excluded = await scene.curation.exclude(scene.operator, made.id, Code.CLOSED)
    assert acts(excluded) == ["release", "hide", "shortlist"]


def test_what_a_nomination_went_into_has_a_page():
    assert into_url(None, "ep_1") is None
    assert into_url("no_1", "ep_1") == "/nominations/no_1"
    assert into_url("ta_1", "ep_1") == "/targets/ta_1"
    assert into_url("dr_1", "ep_1") == "/draws/dr_1"
    assert into_url("in_1", "ep_1") == "/episodes/ep_1"
    assert into_url("in_1", None) is None


async def test_every_state_code_and_piece_of_news_has_its_words(scene):
    await scene.propose(target=scene.targets[0])
    page = await scene.site.html(f"/operator/episodes/{scene.episode}/nominations", scene.operator, language="en")
    for code in Code:
        assert f'<option value="{code}">{code}</option>' not in page
    words = (TEMPLATE_ROOT / "_words.html").read_text("utf-8")
    states, news = (words.split(f"nomination_{name} = {{")[1].split("}")[0] for name in ("states", "news"))
    assert all(f'"{state}":' in states for state in State)
    assert all(f'"{code}":' in news for code in (*State, "made", "released", "hidden", "resolved") if code != "counted")
