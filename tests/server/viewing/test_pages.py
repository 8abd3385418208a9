import json
from datetime import timedelta

import pytest

from server.draws.plan import Asked
from server.episodes.lifecycle import Method, Phase
from server.episodes.voting import Terms
from server.rectifications.model import State
from tests.makers import fill_registry, hire_cast, shortlisted, vote

pytestmark = pytest.mark.asyncio(loop_scope="module")
FORBIDDEN_KEYS = {"grade", "login", "salt", "password", "password_hash", "account", "account_id", "secret_hash", "by"}
GRADES = {"A", "B", "C", "D"}


def walk(value, key=""):
    """Every key and every value of a JSON document."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from walk(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item, key)
    else:
        yield key, value


async def secrets_of(story):
    """Everything in the database that no page may show."""
    database = story.house.database
    accounts = await database.collection("accounts").find({})
    findings = await database.collection("findings").find({})
    orders = await database.collection("rectifications").find({})
    return {
        *(str(d["_id"]) for d in accounts),
        *(d["login"] for d in accounts),
        *(d["password_hash"] for d in accounts),
        *(bytes(d["salt"]).hex() for d in accounts),
        *(d["salt"] for d in findings),
        *(d["ticket"] for d in findings),
        *(step["salt"] for d in orders for step in d["steps"]),
    }


async def test_what_must_never_be_shown_occurs_on_no_page_and_in_no_twin(story):
    secrets = await secrets_of(story)
    assert len(secrets) > 20
    for path, who in story.pages:
        twin = await story.twin(path, who)
        text = json.dumps(twin, ensure_ascii=False) + await story.site.html(path, who)
        shown = [secret for secret in secrets if secret in text]
        assert not shown, f"{path} shows {shown}"
        if not path.startswith("/ledger"):
            assert not {key for key, _ in walk(twin)} & FORBIDDEN_KEYS, path
        assert not {value for _, value in walk(twin) if isinstance(value, str)} & GRADES, path


async def test_the_private_link_is_on_its_own_page_alone(story):
    for path, who in story.pages:
        if not path.startswith("/business/"):
            assert story.link not in json.dumps(await story.twin(path, who)), path


@pytest.mark.parametrize("language", ["zh_CN", "en"])
async def test_every_page_is_there_in_both_languages(story, language):
    tag = {"zh_CN": 'lang="zh', "en": 'lang="en'}[language]
    for path, who in story.pages:
        page = await story.site.html(path, who, language)
        assert "</html>" in page, path
        assert f"<html {tag}" in page, path


async def test_a_page_and_its_twin_say_the_same(story):
    path = f"/rectifications/{story.orders['C02'].id}"
    page, twin = await story.site.html(path), await story.twin(path)
    assert [step["to"] for step in twin["steps"]] == ["ordered", "submitted"]
    for words in (twin["rectification"]["what"], twin["target"]["name"], "已经换新"):
        assert words in page


async def test_the_front_page_shows_what_is_live_and_what_is_open(story):
    home = await story.twin("/")
    assert home["live"]["id"] == story.now.episode
    assert home["next"] is None, "an announced draft is not shown before its time"
    assert [card["id"] for card in home["recent"]] == [story.past.episode]
    states = {card["state"] for card in home["rectifications"]}
    assert states == {"ordered", "submitted"}, "neither closed nor withdrawn ones are urgent"
    tally = home["tally"]
    assert {
        name: tally[name] for name in ("episodes", "targets", "findings", "fails", "open", "closed", "overdue")
    } == {
        "episodes": 2,
        "targets": 5,
        "findings": 5,
        "fails": 4,
        "open": 3,
        "closed": 1,
        "overdue": 1,
    }
    assert home["checkpoint"]["size"] == story.house.ledger.head.size


async def test_episodes_are_listed_newest_first_and_by_phase(story):
    everything = await story.twin("/episodes")
    assert [e["id"] for e in everything["episodes"]] == [story.coming.id, story.now.episode, story.past.episode]
    live = await story.twin("/episodes?phase=live")
    assert [e["id"] for e in live["episodes"]] == [story.now.episode]


async def test_an_episode_shows_its_course_team_items_and_findings(story):
    page = await story.twin(f"/episodes/{story.past.episode}")
    assert [line["phase"] for line in page["plan"]] == [
        "draft", "drawing", "ready", "live", "concluded", "following", "closed",
    ]  # fmt: skip
    assert [line["phase"] for line in page["plan"] if line["now"]] == ["following"]
    assert [person["name"] for person in page["inspectors"]] == [
        p.name for p in await story.house.people.find(story.past.team)
    ]
    assert [f["item_code"] for f in page["findings"]] == ["C05", "C04", "C03", "C02", "C01"]
    assert page["summary"] == {"checked": 4, "passed": 1, "failed": 3, "total": len(page["items"])}
    assert (page["playing"], page["hls_url"]) == (None, None), "nothing was filmed"
    assert page["results"] == ["ordered_to_correct"]


async def test_a_live_episode_says_where_its_picture_and_its_events_begin(story):
    size = story.house.ledger.head.size
    page = await story.twin(f"/episodes/{story.now.episode}")
    assert (page["playing"], page["hls_url"]) == ("live", f"/hls/{story.now.id}/index.m3u8")
    assert page["events_from"] == size - 1
    assert page["findings"][0]["index"] < size


async def test_an_announced_episode_has_no_target_yet(story):
    page = await story.twin(f"/episodes/{story.coming.id}")
    assert (page["target"], page["inspection_id"], page["draws"], page["items"]) == (None, None, [], [])


async def test_the_tracker_narrows_by_state_and_by_lateness(story):
    everything = await story.twin("/rectifications")
    assert len(everything["rectifications"]) == 5
    assert everything["counts"] == {
        **dict.fromkeys(map(str, State), 0),
        "ordered": 2,
        "submitted": 1,
        "closed": 1,
        "withdrawn": 1,
    }
    late = await story.twin("/rectifications?overdue=1")
    assert [r["id"] for r in late["rectifications"]] == [story.orders["C03"].id]
    assert late["overdue_count"] == 1
    assert late["rectifications"][0]["days_left"] < 0
    closed = await story.twin("/rectifications?state=closed")
    assert [r["id"] for r in closed["rectifications"]] == [story.orders["C01"].id]
    assert (await story.twin("/rectifications?state=closed&overdue=1"))["rectifications"] == []


async def test_the_steps_offered_are_those_of_whoever_looks(story):
    path = f"/rectifications/{story.orders['C02'].id}"
    assert (await story.twin(path))["moves"] == []
    assert (await story.twin(path, story.cast.deputy))["moves"] == []
    offered = (await story.twin(path, story.member))["moves"]
    assert offered == [{"to": "reinspected", "needs_words": True}, {"to": "returned", "needs_words": True}]
    assert (await story.twin(path, story.cast.operator))["moves"] == []


async def test_lists_ask_the_database_as_often_however_long_they_are(story, asked):
    pages = story.house.pages
    short = await asked(pages.episode(story.now.episode, "zh_CN"))
    long = await asked(pages.episode(story.past.episode, "zh_CN"))
    assert 0 < short < 25
    assert long == short, "four rectifications and five findings cost as much as one"
    tracker = await asked(pages.rectifications(None, False, "zh_CN"))
    assert tracker == await asked(pages.rectifications(State.CLOSED, False, "zh_CN"))


@pytest.mark.asyncio(loop_scope="function")
async def test_the_front_page_asks_to_take_part_in_what_goes_on(site):
    house, cast = site.house, await hire_cast(site.house)
    await fill_registry(house)
    plan = {"live": house.clock() + timedelta(days=5)}
    episode = await house.episodes.create(cast.operator, title="由你选", method=Method.SHORTLIST, plan=plan)

    async def kinds():
        return [(i["kind"], i["url"]) for i in (await site.json("/index.json"))["invitations"]]

    assert await kinds() == []
    await house.episodes.advance(cast.operator, episode.id, Phase.NOMINATING)
    assert await kinds() == [("propose", f"/episodes/{episode.id}/nominate")]
    await shortlisted(house, cast.operator, episode.id, [c.id for c in await house.targets.candidates()][:3])
    terms = Terms(choose=1, closes_at=house.clock() + timedelta(hours=1))
    ballot = await house.voting.open(cast.operator, episode.id, terms)
    assert await kinds() == [("vote", f"/ballots/{ballot.id}")]
    await vote(house, ballot, [ballot.options[0]], 1)
    house.clock.at = ballot.closes_at
    await house.ballots.close_due()
    assert await kinds() == []
    draw = await house.choosing.announce(cast.operator, episode.id, Asked())
    assert await kinds() == [("watch_draw", f"/draws/{draw.id}")]
