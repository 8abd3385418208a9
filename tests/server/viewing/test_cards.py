import pytest

from server.viewing.cards import local
from tests.makers import failing, fill_registry, live

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_words_fall_back_to_chinese():
    assert local("en", "中文", "English") == "English"
    assert local("en", "中文", "") == "中文"
    assert local("zh_CN", "中文", "English") == "中文"


async def test_cards_come_in_the_order_given(story):
    cards, house = story.house.cards, story.house
    episodes = [await house.episodes.get(i) for i in (story.past.episode, story.coming.id, story.now.episode)]
    assert [c.id for c in await cards.episodes(episodes)] == [e.id for e in episodes]
    findings = [story.findings[k] for k in ("now", "C05", "C01")]
    assert [v.id for v in await cards.findings(findings, "zh_CN")] == [f.id for f in findings]
    orders = [story.orders[k] for k in ("C03", "C01")]
    assert [c.id for c in await cards.rectifications(orders, "zh_CN")] == [o.id for o in orders]
    assert (await cards.episodes([]), await cards.findings([], "en"), await cards.rectifications([], "en")) == (
        [],
        [],
        [],
    )


async def test_an_episodes_card_counts_what_stands(story):
    card = await story.house.cards.episode(story.past.episode)
    assert (card.findings, card.fails, card.open_rectifications) == (4, 3, 2), "withdrawn ones do not count"
    assert card.target_id == story.past.target


async def test_a_withdrawn_finding_stays_with_its_reason(story):
    view = await story.house.cards.finding(story.findings["C04"].id)
    assert (view.withdrawn, view.withdrawn_reason) == (True, "记录有误")
    assert view.words == "问题 C04"


async def test_a_finding_names_the_officer_the_rule_and_what_follows(story):
    finding = story.findings["C01"]
    view = await story.house.cards.finding(finding.id)
    assert view.by_name == story.member.name
    assert view.rectification_url == f"/rectifications/{story.orders['C01'].id}"
    assert view.legal_basis
    assert [photo.url for photo in view.photos] == [f"/evidence/{finding.photos[0].sha256}.jpg"]
    passed = await story.house.cards.finding(story.findings["C05"].id)
    assert passed.rectification_url is None


async def test_a_photo_is_served_as_it_was_promised(story):
    [photo] = (await story.house.cards.finding(story.findings["C01"].id)).photos
    async with await story.site.ask("GET", photo.url) as reply:
        assert (reply.status, reply.content_type) == (200, "image/jpeg")
        assert "immutable" in reply.headers["Cache-Control"]


async def test_days_left_are_counted_on_the_citys_calendar(story):
    card = await story.house.cards.rectification(story.orders["C03"].id)
    today = story.house.rectifications.today()
    assert card.days_left == (card.due_on - today).days < 0
    assert card.overdue


async def test_a_list_of_findings_and_cases_is_asked_for_at_once(story, asked):
    cards = story.house.cards
    one = await asked(cards.findings([story.findings["C01"]], "zh_CN"))
    all_of_them = await asked(cards.findings(list(story.findings.values()), "zh_CN"))
    assert 0 < all_of_them == one
    one = await asked(cards.rectifications([story.orders["C01"]], "zh_CN"))
    assert 0 < await asked(cards.rectifications(list(story.orders.values()), "zh_CN")) == one


@pytest.mark.asyncio(loop_scope="function")
async def test_viewers_are_counted_while_an_episode_is_live(house, cast):
    await fill_registry(house)
    inspection = await live(house, cast)
    house.watching.only([inspection.episode])
    house.watching.beat(inspection.episode, "somebody")
    assert (await house.cards.episode(inspection.episode)).watching == 1
    await failing(house, cast, inspection)
    await house.inspections.conclude(cast.operator, inspection.episode)
    assert (await house.cards.episode(inspection.episode)).watching == 0
