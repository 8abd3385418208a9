import pytest

from tests.makers import fill_registry, hire_cast
from tests.server.conftest import HTML, JSON
from tests.server.nominations.conftest import Square
from tests.server.nominations.test_routes import Browser


@pytest.fixture
async def scene(site, clock):
    await fill_registry(site.house)
    scene = Square(site.house, await hire_cast(site.house), clock)
    scene.episode = await scene.open()
    scene.site, scene.browser = site, Browser(site)
    scene.targets = [t.id for t in (await site.house.targets.search("测试面馆"))[0]]
    scene.made = await scene.propose(target=scene.targets[0])
    return scene


def paths(scene):
    base = f"/episodes/{scene.episode}"
    return [
        f"{base}/nominate",
        f"{base}/nominate?q=面馆",
        f"{base}/nominate?target={scene.targets[0]}",
        f"{base}/nominate?described=1",
        f"{base}/nominations",
        scene.made.url,
        "/mine",
    ]


@pytest.mark.parametrize("language", ["en", "zh_CN"])
async def test_every_page_opens_for_strangers_and_for_citizens(scene, language):
    for _ in range(2):
        for path in paths(scene):
            assert "</html>" in await scene.browser.get(path, HTML, language)
            address, _, query = path.partition("?")
            assert isinstance(await scene.browser.get(f"{address}.json?{query}", JSON), dict)
        await scene.browser.prove("nominate:x")


async def test_no_cache_keeps_what_depends_on_who_looks(scene):
    for path in paths(scene):
        async with scene.site.client.get(path) as reply:
            assert reply.headers["Cache-Control"] == "no-store", path


async def test_what_is_not_there_is_not_found(scene):
    for path in (
        "/episodes/ep_nobody/nominate",
        "/episodes/ep_nobody/nominations",
        "/nominations/no_nobody",
        f"/episodes/{scene.episode}/nominate?target=ta_nobody",
    ):
        assert await scene.browser.get(path, status=404)
    assert await scene.browser.get(f"/episodes/{scene.episode}/nominations?page=0", status=400)
    assert (await scene.site.json("/operator/episodes/ep_nobody/nominations", scene.cast.operator, 404))["error"]


async def test_the_desk_is_for_operators(scene):
    desk = f"/operator/episodes/{scene.episode}/nominations"
    await scene.site.json(f"{desk}.json", None, 401)
    await scene.site.json(f"{desk}.json", scene.cast.deputy, 403)
    assert "后厨卫生堪忧" in await scene.site.html(desk, scene.cast.operator)
