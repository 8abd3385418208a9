"""Imports into a real database: idempotent, one at a time, and never more written than the record tells."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from server.kit.errors import Invalid
from server.kit.mongo import Tx
from server.people.model import SYSTEM, Deed, require
from server.targets.import_own import read_own
from server.targets.imports import BATCH, ImportRunning, Imports
from server.targets.model import Grade, Import, Target, id_of
from server.targets.store import TargetStore
from tests.server.targets.conftest import Town, many, own


async def bodies(town: Town) -> list[dict[str, Any]]:
    """What the ledger was told of imports."""
    return [json.loads(raw)["body"] for raw in await town.facts()]


class Break(Exception):
    """What ends an import in these tests."""


async def test_a_register_is_imported_and_put_on_record(town: Town) -> None:
    data = own(
        ("老王面馆", "和平路1号", "东区", "catering", "", "C", "1"),
        ("平安药房", "人民路2号", "西区", "pharmacy", "", "", "2"),
        ("坏店", "人民路3号", "西区", "pharmacy", "", "Z", "3"),
    )
    report = await town.targets.import_register(SYSTEM, data, "own")
    assert (report.added, report.changed, report.unchanged, report.refused, report.written) == (2, 0, 0, 1, 2)
    target = await town.targets.get(id_of("own", "1"))
    assert (target.name, target.grade, target.version) == ("老王面馆", Grade.C, 0)
    assert target.created_at == target.updated_at == town.clock()
    assert await bodies(town) == [
        {
            "file_sha256": hashlib.sha256(data).hexdigest(),
            "format": "own",
            "rows": 3,
            "added": 2,
            "changed": 0,
            "unchanged": 0,
            "refused": 1,
        }
    ]


async def test_the_same_file_again_changes_nothing_and_records_nothing(town: Town) -> None:
    await town.targets.import_register(SYSTEM, many(5), "own")
    revision = await town.targets.store.revision()
    report = await town.targets.import_register(SYSTEM, many(5), "own")
    assert (report.added, report.changed, report.unchanged, report.written) == (0, 0, 5, 0)
    assert len(await town.facts()) == 1
    assert await town.targets.store.revision() == revision


async def test_a_changed_row_is_a_new_version_and_what_is_missing_stays(town: Town) -> None:
    await town.targets.import_register(SYSTEM, many(3), "own")
    before = await town.targets.get(id_of("own", "T00000"))
    town.clock.advance(days=1)
    report = await town.targets.import_register(
        SYSTEM, own(("新面馆", "测试路0号", "东区", "catering", "", "B", "T00000")), "own"
    )
    assert (report.added, report.changed, report.unchanged) == (0, 1, 0)
    after = await town.targets.get(before.id)
    assert (after.name, after.version) == ("新面馆", 1)
    assert (after.created_at, after.updated_at) == (before.created_at, town.clock())
    assert await town.targets.count() == 3


async def test_the_same_key_in_another_format_is_another_target(town: Town) -> None:
    await town.targets.import_register(SYSTEM, own(("店", "路", "", "catering", "", "", "19")), "own")
    header = "business_id,name,address,city,postal_code,latitude,longitude,phone_number,TaxCode"
    lives = f"{header},business_certificate,application_date\n19,Shop,Road,,,,,,,,\n"
    await town.targets.import_register(SYSTEM, lives.encode(), "lives")
    assert await town.targets.count() == 2


async def test_a_dry_run_tells_all_and_writes_nothing(town: Town) -> None:
    report = await town.targets.import_register(SYSTEM, many(5), "own", dry_run=True)
    assert (report.added, report.written) == (5, 0)
    assert await town.targets.count() == 0
    assert await town.facts() == []


async def test_progress_is_told_batch_by_batch(town: Town) -> None:
    told: list[tuple[int, int]] = []
    await town.targets.import_register(
        SYSTEM, many(BATCH * 2 + 1), "own", progress=lambda done, total: told.append((done, total))
    )
    total = BATCH * 2 + 1
    assert told == [(0, total), (BATCH, total), (BATCH * 2, total), (total, total)]


async def test_a_stopped_import_keeps_its_batches_and_the_record_tells_how_many(town: Town) -> None:
    written: list[int] = []

    def stop_after_two(done: int, _total: int) -> None:
        written.append(done)
        if done == BATCH * 2:
            importing.cancel()

    importing = asyncio.gather(town.targets.import_register(SYSTEM, many(BATCH * 4), "own", progress=stop_after_two))
    with pytest.raises(asyncio.CancelledError):
        await importing
    assert await town.targets.count() == written[-1] == BATCH * 2
    assert [body["added"] for body in await bodies(town)] == [BATCH * 2]

    report = await town.targets.import_register(SYSTEM, many(BATCH * 4), "own")
    assert (report.added, report.unchanged) == (BATCH * 2, BATCH * 2)
    assert sum(body["added"] for body in await bodies(town)) == await town.targets.count() == BATCH * 4


async def test_an_import_that_is_cancelled_before_its_first_batch_leaves_no_fact(town: Town) -> None:
    importing = asyncio.gather(
        town.targets.import_register(SYSTEM, many(5), "own", progress=lambda _done, _total: _raise(Break()))
    )
    with pytest.raises(Break):
        await importing
    assert await town.facts() == []
    assert await town.targets.count() == 0
    assert (await town.targets.import_register(SYSTEM, many(5), "own")).added == 5


def _raise(problem: Exception) -> None:
    raise problem


async def test_an_import_whose_server_died_is_put_on_record_by_the_next(town: Town) -> None:
    await broken_off(town, first_batch=await made(town, BATCH))
    assert await town.facts() == []

    town.clock.advance(seconds=59)
    with pytest.raises(ImportRunning):
        await town.targets.import_register(SYSTEM, many(BATCH * 3), "own")
    town.clock.advance(seconds=1)
    await town.targets.import_register(SYSTEM, many(BATCH * 3), "own")
    assert sorted(body["added"] for body in await bodies(town)) == [BATCH, BATCH * 2]


async def test_it_is_put_on_record_also_when_nothing_was_left_to_write(town: Town) -> None:
    await broken_off(town, first_batch=await made(town, BATCH * 3))
    town.clock.advance(seconds=60)
    assert (await town.targets.import_register(SYSTEM, many(BATCH * 3), "own", dry_run=True)).unchanged == BATCH * 3
    assert await bodies(town) == [], "a dry run writes nothing"
    report = await town.targets.import_register(SYSTEM, many(BATCH * 3), "own")
    assert (report.added, report.unchanged) == (0, BATCH * 3)
    assert [body["added"] for body in await bodies(town)] == [BATCH * 3]


class Slow(TargetStore):
    """Between reading the registry and telling what it holds, something else happens."""

    meanwhile: Callable[[], Awaitable[object]]

    async def of_register(self, register: str) -> dict[str, Target]:
        found = await super().of_register(register)
        await self.meanwhile()
        return found


async def test_an_import_that_compared_before_another_ended_is_refused(town: Town) -> None:
    """Otherwise it would add the same targets again, and the record would count them twice."""
    store = Slow(town.database)
    store.meanwhile = lambda: town.targets.import_register(SYSTEM, many(5), "own")
    late = Imports(town.database, town.ledger, town.clock, store)
    actor = require(SYSTEM, Deed.IMPORT_TARGETS)
    with pytest.raises(ImportRunning, match="changed the registry while this file was being compared"):
        await late.run(actor, many(5), "own", dry_run=False, progress=None)
    assert [body["added"] for body in await bodies(town)] == [5] == [await town.targets.count()]
    assert await store.running_import() is None


async def made(town: Town, count: int) -> list[Target]:
    """The targets of `many(count)`, as an import writes them."""
    rows = [row for _, row in read_own(many(count)).rows.values()]
    now = town.clock()
    return [
        Target(id_of("own", r.key), "own", r.key, r.name, r.address, r.district, r.category, now, now, grade=r.grade)
        for r in rows
    ]


async def broken_off(town: Town, first_batch: list[Target]) -> None:
    """What an import leaves behind whose process is killed after its first batch."""
    store, now = town.targets.store, town.clock()

    async def work(tx: Tx) -> None:
        assert await store.count_written("im_dead", len(first_batch), 0, now, tx)
        await store.write(first_batch, tx)

    await store.begin_import(Import("im_dead", "own", "ab" * 32, BATCH * 3, 0, 0, "mark", now, now))
    await town.database.transact(work)


async def test_of_two_imports_at_once_one_is_refused(town: Town) -> None:
    outcomes = await asyncio.gather(
        town.targets.import_register(SYSTEM, many(BATCH * 2), "own"),
        town.server().import_register(SYSTEM, many(BATCH * 2), "own"),
        return_exceptions=True,
    )
    refusals = [outcome for outcome in outcomes if isinstance(outcome, ImportRunning)]
    assert len(refusals) == 1
    assert str(refusals[0]) == (
        "Another import is running. Wait until it has ended; one that broke off is closed after 60 seconds."
    )
    assert [body["added"] for body in await bodies(town)] == [BATCH * 2] == [await town.targets.count()]


async def test_rows_with_one_credit_code_are_kept_and_named(town: Town) -> None:
    code, other = "91350100M000100Y43", "914403001922038216"
    premises = [(f"总店{n}", f"和平路{n}号", "", "catering", code, "", f"K{n}") for n in range(3)]
    alone = ("药房", "人民路", "", "pharmacy", other, "", "P")
    report = await town.targets.import_register(SYSTEM, own(*premises, alone), "own")
    assert report.added == 4
    assert [str(shared) for shared in report.shared_codes] == [
        f"line 3 has the code of line 2 ({code})",
        f"line 4 has the code of line 2 ({code})",
    ]
    again = await town.targets.import_register(SYSTEM, own(*premises, alone), "own")
    assert again.shared_codes == report.shared_codes, "told each time"


async def test_a_code_that_comes_back_under_another_key_is_named(town: Town) -> None:
    code = "91350100M000100Y43"
    await town.targets.import_register(SYSTEM, own(("店", "路", "", "catering", code, "", "")), "own")
    report = await town.targets.import_register(SYSTEM, own(("店", "路", "", "catering", code, "", "D-7")), "own")
    assert [str(shared) for shared in report.shared_codes] == [f"line 2 has the code of target {code} ({code})"]
    again = await town.targets.import_register(SYSTEM, own(("店", "路", "", "catering", code, "", "")), "own")
    assert [shared.other for shared in again.shared_codes] == ["target D-7"]


async def test_an_unknown_format_is_refused(town: Town) -> None:
    with pytest.raises(Invalid, match="There is no format “xml”; there are own, lives"):
        await town.targets.import_register(SYSTEM, b"", "xml")


async def test_an_unusable_file_leaves_no_trace(town: Town) -> None:
    with pytest.raises(Invalid, match="The file is empty"):
        await town.targets.import_register(SYSTEM, b"", "own")
    assert await town.targets.store.running_import() is None


async def test_the_real_register_twice(town: Town, real_register: bytes) -> None:
    first = await town.targets.import_register(SYSTEM, real_register, "lives")
    assert (first.reading.total, first.added, first.refused) == (7744, 7725, 4)
    assert await town.targets.count() == 7725
    second = await town.targets.import_register(SYSTEM, real_register, "lives")
    assert (second.added, second.changed, second.unchanged, second.refused) == (0, 0, 7725, 4)
    assert len(await town.facts()) == 1
