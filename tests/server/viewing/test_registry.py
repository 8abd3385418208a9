import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_targets_are_found_by_words(story):
    found = await story.twin("/targets?q=测试面馆3")
    assert found["results"][0]["name"] == "测试面馆3"
    assert found["q"] == "测试面馆3"


async def test_without_words_the_whole_registry_is_shown_by_pages(story):
    found = await story.twin("/targets")
    assert (found["total"], found["page"], found["pages"], len(found["results"])) == (5, 1, 1, 5)
    assert (found["districts"], found["categories"]) == (["测试区"], ["catering"])


async def test_a_district_or_category_narrows_the_search(story):
    assert (await story.twin("/targets?district=测试区&category=catering"))["total"] == 5
    nothing = await story.twin("/targets?district=别处")
    assert (nothing["total"], nothing["results"], nothing["pages"]) == (0, [], 1)


async def test_a_target_says_how_often_and_when_it_was_inspected(story):
    target = (await story.twin(f"/targets/{story.past.target}"))["target"]
    assert target["inspections"] == 1 + (story.now.target == story.past.target)
    assert target["last_inspected_on"] == ("2026-04-10" if story.now.target == story.past.target else "2026-03-06")
    assert target["source"].startswith("own #T000")


async def test_a_targets_history_tells_everything_newest_first(story):
    history = (await story.twin(f"/targets/{story.past.target}"))["history"]
    moments = [line["at"] for line in history]
    assert moments == sorted(moments, reverse=True)
    told = {line["what"] for line in history}
    assert told >= {
        "episode.drawing",
        "episode.live",
        "episode.concluded",
        "rectification.ordered",
        "rectification.closed",
        "rectification.withdrawn",
    }
    assert {line["url"] for line in history} >= {f"/episodes/{story.past.episode}"}


async def test_a_checklist_is_shown_in_its_version_with_the_digest_of_its_file(story):
    page = await story.twin("/checklists/catering/1")
    assert (page["code"], page["version"], len(page["sha256"])) == ("catering", 1, 64)
    assert all(item["legal_basis"] and item["plain_words"] for item in page["items"])
    assert all(item["result"] is None for item in page["items"])
    english = await story.twin("/checklists/catering/1", language="en")
    assert english["title"] != page["title"]
