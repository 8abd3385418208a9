import pytest

from server.citizens.actions import COOKIE
from server.episodes.lifecycle import Method, Phase
from server.nominations.model import State
from tests.makers import fill_registry, hire_cast
from tests.server.conftest import HTML, JSON
from tests.server.nominations.conftest import Square, solved

SECRET = "秘密的文字"


class Browser:
    """A browser without an account: it keeps its cookie and does its work."""

    def __init__(self, site):
        self.site, self.cookie = site, ""

    async def prove(self, scope):
        async with await self.send("/citizen/challenge", scope=scope) as reply:
            if COOKIE in reply.cookies:
                self.cookie = f"{COOKIE}={reply.cookies[COOKIE].value}"
                self.site.client.session.cookie_jar.clear()  # Every browser of a test keeps its own.
            return solved(await reply.json())

    async def send(self, path, headers=JSON, **fields):
        headers = {**headers, "Cookie": f"{self.cookie}; lang=en"}
        return await self.site.client.post(path, headers=headers, data=fields, allow_redirects=False)

    async def post(self, path, status=201, **fields):
        async with await self.send(path, **fields) as reply:
            assert reply.status == status, await reply.text()
            return await reply.json()

    async def get(self, path, headers=HTML, language="en", status=200):
        headers = {**headers, "Cookie": f"{self.cookie}; lang={language}"}
        async with self.site.client.get(path, headers=headers) as reply:
            assert reply.status == status, await reply.text()
            return await (reply.json() if headers["Accept"] == JSON["Accept"] else reply.text())

    async def propose(self, episode, status=201, **fields):
        proof = await self.prove(f"nominate:{episode}")
        return await self.post(f"/episodes/{episode}/nominations", status, **{"proof": proof, **fields})


@pytest.fixture
async def scene(site, clock):
    """An episode that takes nominations, at the doors."""
    await fill_registry(site.house)
    scene = Square(site.house, await hire_cast(site.house), clock)
    scene.episode = await scene.open()
    scene.site, scene.browser = site, Browser(site)
    scene.targets = [t.id for t in (await site.house.targets.search("测试面馆"))[0]]
    return scene


async def test_a_citizen_proposes_and_is_answered_with_what_proves_it(scene):
    made = await scene.browser.propose(scene.episode, target=scene.targets[0], reason=SECRET)
    assert (made["state"], made["supporters"], made["released"]) == ("counted", 1, False)
    assert made["url"] == f"/nominations/{made['id']}"
    kept = await scene.nominations.get(made["id"])
    assert made["words_digest"] == kept.words.digest(made["salt"])
    assert SECRET not in str(made)


async def test_a_form_leads_to_the_page_of_the_proposal(scene):
    proof = await scene.browser.prove(f"nominate:{scene.episode}")
    fields = {"target": scene.targets[0], "reason": "x", "proof": proof}
    async with await scene.browser.send(f"/episodes/{scene.episode}/nominations", headers={}, **fields) as reply:
        assert reply.status == 303
        assert reply.headers["Location"].startswith("/nominations/no_")


async def test_who_is_not_known_or_has_not_worked_is_refused_in_words(scene):
    path = f"/episodes/{scene.episode}/nominations"
    words = {"target": scene.targets[0], "reason": "x"}
    assert (await scene.browser.post(path, 401, **words))["error"]["kind"] == "Unidentified"
    proof = await scene.browser.prove(f"nominate:{scene.episode}")
    for bad in ("", "x", proof[:-1] + ("0" if proof[-1] != "0" else "1")):
        refused = await scene.browser.post(path, 400, **words, proof=bad)
        assert refused["error"]["kind"] in ("NoWork", "ForgedWork")
    elsewhere = await scene.browser.prove("nominate:ep_other")
    assert (await scene.browser.post(path, 400, **words, proof=elsewhere))["error"]["kind"] == "OtherWork"
    assert await scene.store.count(scene.episode) == 0


async def test_what_is_missing_is_named(scene):
    for fields, where in (
        ({"target": scene.targets[0]}, "reason"),
        ({"reason": "x"}, "name"),
        ({"reason": "x", "name": "店"}, "place"),
        ({"reason": "x" * 501, "target": scene.targets[0]}, "reason"),
    ):
        assert (await scene.browser.propose(scene.episode, 400, **fields))["error"]["where"] == where
    assert (await scene.browser.propose(scene.episode, 404, target="ta_nobody", reason="x"))["error"]["status"] == 404


async def test_proposing_too_often_says_when_to_try_again(scene):
    for n in range(5):
        await scene.browser.propose(scene.episode, name=f"店{n}", place="巷口", reason="x")
    fields = {
        "name": "店",
        "place": "巷口",
        "reason": "x",
        "proof": await scene.browser.prove(f"nominate:{scene.episode}"),
    }
    async with await scene.browser.send(f"/episodes/{scene.episode}/nominations", **fields) as reply:
        assert reply.status == 429
        assert int(reply.headers["Retry-After"]) > 0
        assert "24 h" in (await reply.json())["error"]["message"]


async def test_support_is_given_once_and_taken_back(scene):
    made = await scene.propose(target=scene.targets[0])
    proof = await scene.browser.prove(f"nominate:{scene.episode}")
    assert (await scene.browser.post(f"{made.url}/follow", proof=proof))["supporters"] == 2
    again = await scene.browser.post(f"{made.url}/follow", 409, proof=proof)
    assert again["error"]["kind"] == "SupportedAlready"
    assert (await scene.browser.post(f"{made.url}/unfollow", 200))["supporters"] == 1
    assert (await Browser(scene.site).post(f"{made.url}/unfollow", 200))["supporters"] == 1
    await scene.browser.post("/nominations/no_nobody/follow", 404)


# Operators


async def test_an_operator_sorts_by_buttons_and_comes_back_to_the_desk(scene):
    made, operator = await scene.propose(target=scene.targets[0]), scene.cast.operator
    twin = await scene.propose()
    desk = f"/operator/episodes/{scene.episode}/nominations"
    async with await scene.site.ask("POST", f"{made.url}/release", operator, headers={}, data={"version": 0}) as reply:
        assert (reply.status, reply.headers["Location"]) == (303, desk)
    post = scene.site.post
    assert (await post(f"{made.url}/hide", operator, reason="含人名"))["released"] is False
    assert (await post(f"{made.url}/shortlist", operator))["state"] == "shortlisted"
    resolved = await post(f"{twin.url}/resolve", operator, target=f"http://x/targets/{scene.targets[0]}/")
    assert resolved["target"] == scene.targets[0]
    assert (await post(f"{twin.url}/merge", operator, into=made.url))["into"] == made.id
    assert (await post(f"{made.url}/exclude", operator, code="closed"))["code"] == "closed"


async def test_a_stale_or_broken_form_is_refused(scene):
    made, operator = await scene.propose(), scene.cast.operator
    await scene.site.post(f"{made.url}/release", operator, version=0)
    for act, fields, status, where in (
        ("exclude", {"code": "closed", "version": 0}, 409, None),
        ("exclude", {"code": "closed", "version": "x"}, 400, "version"),
        ("exclude", {"code": "nonsense"}, 400, "code"),
        ("exclude", {}, 400, "code"),
        ("hide", {"reason": " "}, 400, "reason"),
        ("merge", {"into": made.id}, 400, "into"),
        ("merge", {}, 400, "into"),
        ("resolve", {"target": "ta_nobody"}, 404, None),
        ("shortlist", {}, 409, None),
    ):
        refused = await scene.site.post(f"{made.url}/{act}", operator, status, **fields)
        assert refused["error"]["where"] == where, act
    assert (await scene.get(made)).state is State.COUNTED


async def test_nothing_that_was_typed_is_in_an_answer_to_a_program(scene):
    made = await scene.propose(name=SECRET, place=SECRET, reason=SECRET, look_at=SECRET)
    answer = await scene.site.post(f"{made.url}/release", scene.cast.operator)
    assert SECRET not in str(answer)


async def test_an_episode_that_does_not_nominate_says_so(scene):
    plan = {Phase.LIVE.value: scene.clock()}
    drawn = await scene.site.house.episodes.create(scene.cast.operator, title="抽签", method=Method.DRAW, plan=plan)
    refused = await scene.browser.propose(drawn.id, 409, target=scene.targets[0], reason="x")
    assert refused["error"]["kind"] == "NotNominating"
