from tests.server.conftest import HTML


async def test_what_does_not_exist_is_said_in_words(site):
    for path in ("/ballots/ba_none", "/ballots/ba_none/receipt"):
        async with await site.ask("GET", path, headers=HTML, language="zh_CN") as reply:
            assert reply.status == 404
            assert reply.content_type == "text/html"
        assert (await site.json(f"{path}.json", status=404))["error"]["kind"] == "NoSuchBallot"
