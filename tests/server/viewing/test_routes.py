import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    "path",
    [
        "/episodes/ep_nobody",
        "/findings/fi_nobody",
        "/rectifications/re_nobody",
        "/draws/dr_nobody",
        "/targets/ta_nobody",
        "/checklists/catering/99",
        "/checklists/catering/one",
        "/checklists/catering/１",
        "/checklists/nobody/1",
        "/business/guess",
        f"/episodes/{'e' * 65}",
        f"/targets/{'%24' * 10}",
    ],
)
async def test_what_is_not_there_is_not_found_on_the_page_and_in_its_twin(story, path):
    assert "</html>" in await story.site.html(path, status=404)
    error = (await story.twin(path, status=404))["error"]
    assert (error["status"], error["where"]) == (404, None)


@pytest.mark.parametrize(
    ("path", "where", "message"),
    [
        ("/episodes?phase=soon", "phase", "“soon” is none of: draft, nominating, voting, drawing, ready, live"),
        ("/rectifications?state=late", "state", "“late” is none of: ordered, submitted, reinspected"),
        ("/targets?page=0", "page", "“0” is not a whole number from 1 to 10000."),
        ("/targets?page=many", "page", "“many” is not a whole number from 1 to 10000."),
    ],
)
async def test_a_question_that_cannot_be_is_refused(story, path, where, message):
    error = (await story.twin(path, status=400, language="en"))["error"]
    assert error["where"] == where
    assert error["message"].startswith(message)


async def test_an_empty_choice_is_no_choice(story):
    assert await story.twin("/episodes?phase=") == await story.twin("/episodes")
    assert await story.twin("/rectifications?state=&overdue=0") == await story.twin("/rectifications")


async def test_a_program_that_accepts_json_gets_it_at_the_pages_own_address(story):
    path = f"/findings/{story.findings['C01'].id}"
    assert await story.site.json(path) == await story.twin(path)


async def test_the_business_page_is_kept_by_no_cache(story):
    for path in (f"/business/{story.link}", f"/business/{story.link}.json"):
        async with await story.site.ask("GET", path) as reply:
            assert reply.headers["Cache-Control"] == "no-store"


async def test_pages_answer_head_too(story):
    for path in ("/", "/episodes.json", f"/episodes/{story.now.episode}"):
        async with await story.site.ask("HEAD", path) as reply:
            assert reply.status == 200
            assert await reply.read() == b""


async def test_the_english_page_speaks_english_where_there_are_words(story):
    path = f"/findings/{story.findings['C01'].id}"
    chinese, english = await story.twin(path), await story.twin(path, language="en")
    assert chinese["finding"]["item_title"] != english["finding"]["item_title"]
    assert english["finding"]["item_title"] == chinese["finding"]["item_title_en"]
    assert english["finding"]["words"] == chinese["finding"]["words"], "what people wrote stays as it is"
