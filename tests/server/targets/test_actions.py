"""The registry's verbs: who may, what is found, how fresh a search is, which checklist holds."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.kit.errors import NotAllowed
from server.people.model import SYSTEM, VIEWER, Role
from server.targets import actions
from server.targets.model import NoSuchChecklist, NoSuchTarget, id_of
from tests.server.targets.conftest import Town, many, own

CATERING = (Path(__file__).parents[3] / "server/targets/checklists/catering.json").read_bytes()


def edited(**fields: Any) -> bytes:
    return json.dumps({**json.loads(CATERING), **fields}).encode()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.INSPECTOR, Role.DEPUTY, Role.BUSINESS])
async def test_only_operators_change_the_registry(town: Town, role: Role) -> None:
    for actor in (None, replace(VIEWER, role=role)):
        with pytest.raises(NotAllowed, match="Only operators may import targets"):
            await town.targets.import_register(actor, many(1), "own")
        with pytest.raises(NotAllowed, match="Only operators may import targets"):
            await town.targets.publish_checklist(actor, CATERING)
    await town.targets.import_register(replace(VIEWER, role=Role.OPERATOR), many(1), "own")


async def test_targets_are_found_by_id_and_by_filter(town: Town) -> None:
    rows = [("店", "路", "东区", "catering", "", "", "1"), ("药房", "路", "西区", "pharmacy", "", "", "2")]
    await town.targets.import_register(SYSTEM, own(*rows), "own")
    first, second = id_of("own", "1"), id_of("own", "2")
    assert (await town.targets.get(first)).name == "店"
    assert set(await town.targets.get_many([first, second, "ta_none"])) == {first, second}
    assert [c.id for c in await town.targets.candidates(category="catering")] == [first]
    assert sorted(c.id for c in await town.targets.candidates()) == sorted([first, second])
    assert [c.id for c in await town.targets.candidates([second, "ta_none"])] == [second]
    assert await town.targets.districts() == sorted(["东区", "西区"])
    assert await town.targets.categories() == ["catering", "pharmacy"]
    assert await town.targets.count() == 2
    with pytest.raises(NoSuchTarget, match="There is no such target"):
        await town.targets.get("ta_none")


async def test_a_search_gives_a_page_of_targets_and_the_total(town: Town) -> None:
    await town.targets.import_register(SYSTEM, many(45), "own")
    found, total = await town.targets.search("面馆", page=3)
    assert (len(found), total) == (5, 45)
    found, total = await town.targets.search("面馆44", district="东区", category="catering")
    assert ([target.name for target in found], total) == (["面馆44"], 1)
    assert await town.targets.search("面馆44", district="西区") == ([], 0)


async def test_a_search_on_every_server_sees_a_change_within_its_second(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = town.server()
    await town.targets.import_register(SYSTEM, many(1), "own")
    assert (await other.search("面馆"))[1] == 1
    await town.targets.import_register(SYSTEM, many(2), "own")
    assert (await other.search("面馆"))[1] == 1, "it has just looked"
    monkeypatch.setattr(actions, "FRESH_SECONDS", 0.0)  # its second is over
    assert (await other.search("面馆"))[1] == 2
    index = other._index
    await other.search("面馆")
    assert other._index is index, "nothing changed: nothing is read"


async def test_many_first_searches_read_the_registry_once(town: Town) -> None:
    await town.targets.import_register(SYSTEM, many(10), "own")
    totals = await asyncio.gather(*(town.targets.search("面馆") for _ in range(20)))
    assert {total for _, total in totals} == {10}


async def test_a_checklist_is_published_in_versions(town: Town) -> None:
    first = await town.targets.publish_checklist(SYSTEM, CATERING)
    again = await town.targets.publish_checklist(SYSTEM, CATERING)
    assert again == first, "the same file is the same version"
    second = await town.targets.publish_checklist(SYSTEM, edited(title={"zh": "新", "en": "New"}))
    assert (first.version, second.version) == (1, 2)
    assert await town.targets.current_checklist("catering") == second
    assert await town.targets.checklist("catering", 1) == first
    assert await town.targets.checklist("catering", 1) == first, "from memory"
    bodies = [json.loads(raw) for raw in await town.facts()]
    assert sorted(fact["body"]["version"] for fact in bodies) == [1, 2]
    assert {fact["subject"] for fact in bodies} == {"catering"}
    assert {fact["body"]["sha256"] for fact in bodies} == {first.sha256, second.sha256}


async def test_a_file_published_earlier_may_be_published_again(town: Town) -> None:
    await town.targets.publish_checklist(SYSTEM, CATERING)
    await town.targets.publish_checklist(SYSTEM, edited(title={"zh": "新", "en": "New"}))
    assert (await town.targets.publish_checklist(SYSTEM, CATERING)).version == 3


async def test_two_who_publish_at_once_make_two_versions_or_one_is_refused(town: Town) -> None:
    files = [edited(title={"zh": f"第{n}", "en": f"No. {n}"}) for n in range(2)]
    servers = (town.targets, town.server())
    done = await asyncio.gather(
        *(server.publish_checklist(SYSTEM, file) for server, file in zip(servers, files, strict=True))
    )
    assert sorted(checklist.version for checklist in done) == [1, 2]


async def test_a_checklist_that_was_never_published_is_not_found(town: Town) -> None:
    with pytest.raises(NoSuchChecklist, match="There is no version 7 of the checklist catering"):
        await town.targets.checklist("catering", 7)
    with pytest.raises(NoSuchChecklist, match="No checklist is published for “catering”"):
        await town.targets.current_checklist("catering")
