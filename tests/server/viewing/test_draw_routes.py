import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_pages_of_a_draw_are_there_for_whom_they_are_for(stage):
    draw = await stage.ceremony()
    for path in (f"/draws/{draw.id}", f"/episodes/{draw.episode}/why"):
        for language in ("zh_CN", "en"):
            assert "<h1>" in await stage.site.html(path, language=language)
    for path in (f"/draws/{draw.id}/witness", "/deputy"):
        assert "<h1>" in await stage.site.html(path, stage.cast.deputy)
        await stage.site.json(f"{path}.json", stage.cast.operator, status=403)


async def test_a_deputy_begins_at_their_desk(stage):
    async with await stage.site.ask("GET", "/deputy", stage.cast.deputy) as reply:
        assert reply.headers["Cache-Control"] == "no-store"
