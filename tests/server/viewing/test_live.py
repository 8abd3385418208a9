import dataclasses
import json

import pytest

from server.ledger.model import Kind
from server.viewing.live import Live, url_of
from server.viewing.views import EpisodeCard, FindingView, RectificationCard
from tests.server.viewing.test_pages import secrets_of, walk

pytestmark = pytest.mark.asyncio(loop_scope="module")
SHOWN = {
    Kind.FINDING_PUBLISHED: FindingView,
    Kind.FINDING_WITHDRAWN: FindingView,
    Kind.RECTIFICATION_ORDERED: RectificationCard,
    Kind.RECTIFICATION_MOVED: RectificationCard,
    Kind.EPISODE_MOVED: EpisodeCard,
}


async def everything(story):
    live, ledger = Live(story.house.cards, story.house.pages), story.house.ledger
    return [(entry, await live.shown(entry)) for entry in await ledger.entries(0, 0)]


async def test_every_fact_carries_what_a_page_needs_and_no_other_does(story):
    told = await everything(story)
    assert {entry.fact.kind for entry, _ in told} >= set(SHOWN)
    for entry, shown in told:
        view = SHOWN.get(entry.fact.kind)
        if view is None:
            assert shown is None, entry.fact.kind
        else:
            assert set(shown) == {f.name for f in dataclasses.fields(view)}
            assert shown["id"] == entry.fact.subject


async def test_what_must_never_be_shown_is_in_no_event(story):
    secrets = await secrets_of(story)
    for entry, shown in await everything(story):
        text = json.dumps(shown, ensure_ascii=False) + entry.raw.decode()
        assert not [secret for secret in secrets if secret in text], entry.fact.kind
        assert "login" not in {key for key, _ in walk(shown)}


async def test_events_speak_chinese_with_the_english_words_beside_it(story):
    [shown] = [s for e, s in await everything(story) if e.fact.subject == story.findings["C05"].id]
    assert shown["item_title"] != shown["item_title_en"]
    [card, *_] = [s for e, s in await everything(story) if e.fact.subject == story.orders["C02"].id]
    assert card["what"] != card["what_en"]


async def test_a_finding_in_an_event_knows_its_place(story):
    for entry, shown in await everything(story):
        if entry.fact.kind is Kind.FINDING_PUBLISHED:
            assert shown["index"] == entry.index


async def test_a_fact_whose_noun_is_gone_is_told_without_it(story):
    live = Live(story.house.cards, story.house.pages)
    [entry, *_] = [e for e in await story.house.ledger.entries(0, 0) if e.fact.kind is Kind.EPISODE_MOVED]
    gone = dataclasses.replace(entry, fact=dataclasses.replace(entry.fact, subject="ep_gone"))
    assert await live.shown(gone) is None


async def test_every_address_of_an_entry_leads_to_a_page(story):
    addresses = {url_of(entry) for entry in await story.house.ledger.entries(0, 0)} - {None}
    assert {path.split("/")[1] for path in addresses} == {
        "checklists", "draws", "episodes", "findings", "rectifications",
    }  # fmt: skip
    for path in addresses:
        await story.twin(path)


async def test_a_page_gets_the_same_over_the_wire(story):
    last = story.findings["now"]
    async with await story.site.ask("GET", f"/events?episode={story.now.episode}&from=-1") as reply:
        while True:
            line = (await reply.content.readline()).decode()
            if line.startswith("data: ") and last.id in line:
                break
    said = json.loads(line.removeprefix("data: "))
    assert said["shown"]["words"] == last.words
    assert said["kind"] == "finding.published"
