"""What somebody sees who imports a register at a terminal."""

import asyncio
import io
import json
from pathlib import Path

import pytest

from server.kit.errors import Invalid
from server.targets.command import run_import, run_publish
from server.targets.imports import BATCH
from tests.server.targets.conftest import REAL_REGISTER, Town, many, own

CATERING = Path(__file__).parents[3] / "server/targets/checklists/catering.json"


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


def saved(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "register.csv"
    path.write_bytes(data)
    return path


async def test_every_row_is_accounted_for(town: Town, tmp_path: Path, out: io.StringIO) -> None:
    row = ("店", "路", "东区", "catering", "", "", "1")
    fuller = ("店", "路", "东区", "catering", "", "A", "1")
    path = saved(
        tmp_path, own(row, fuller, row, ("坏", "路", "", "catering", "", "E", "2"), ("b  b", "路", *row[2:6], "3"))
    )
    assert await run_import(town.targets, path, "own", False, out) == 1
    assert out.getvalue().splitlines() == [
        "register.csv: 5 rows",
        "        2 added",
        "        0 changed",
        "        0 unchanged",
        "        1 say what an earlier row says, dropped",
        "        1 share another row's key but say less, dropped (of equals the first was kept)",
        "        1 refused",
        "Tidied, by cells:",
        "        1 spaces in a row",
        "Blank cells, by column:",
        "        5 code",
        "        1 district",
        "        3 grade",
        "Repeated:",
        "  line 4 repeats line 2",
        "Conflicting:",
        "  line 2: dropped for line 3 (key 1)",
        "Refused:",
        "  line 5, column 6 (grade), value 'E': is none of A, B, C, D",
    ]


async def test_a_file_of_good_rows_leaves_zero_and_a_second_run_changes_nothing(
    town: Town, tmp_path: Path, out: io.StringIO
) -> None:
    path = saved(tmp_path, many(3))
    assert await run_import(town.targets, path, "own", False, out) == 0
    assert await run_import(town.targets, path, "own", False, out) == 0
    assert "        3 unchanged" in out.getvalue()


async def test_a_dry_run_says_so(town: Town, tmp_path: Path, out: io.StringIO) -> None:
    assert await run_import(town.targets, saved(tmp_path, many(3)), "own", True, out) == 0
    assert "register.csv: 3 rows (dry run: nothing was written)" in out.getvalue()
    assert await town.targets.count() == 0


@pytest.mark.skipif(not REAL_REGISTER.exists(), reason="the real register is not on this machine (../shared/data)")
async def test_the_real_register_is_accounted_for(town: Town, out: io.StringIO) -> None:
    assert await run_import(town.targets, REAL_REGISTER, "lives", False, out) == 1
    printed = out.getvalue()
    for line in (
        "businesses.csv: 7,744 rows",
        "    7,725 added",
        "        8 say what an earlier row says, dropped",
        "        7 share another row's key but say less, dropped (of equals the first was kept)",
        "        4 refused",
        "  line 872: dropped for line 873 (key 3543)",
        "  line 3410, column 5 (postal_code), value 'CA': is no postal code of five or nine digits",
        "  line 4816, column 3 (address), value '': is blank; every target has one",
    ):
        assert f"{line}\n" in printed
    assert "+1415" not in printed


async def test_an_unusable_file_is_refused(town: Town, tmp_path: Path, out: io.StringIO) -> None:
    with pytest.raises(Invalid, match="Line 1, column 1 is “x”"):
        await run_import(town.targets, saved(tmp_path, b"x,y\n"), "own", False, out)
    with pytest.raises(Invalid, match=r"nowhere\.csv cannot be read \(No such file or directory\)\."):
        await run_import(town.targets, tmp_path / "nowhere.csv", "own", False, out)
    with pytest.raises(Invalid, match=r"cannot be read \(Is a directory\)\."):
        await run_import(town.targets, tmp_path, "own", False, out)
    assert out.getvalue() == ""


async def test_an_import_that_is_stopped_says_what_was_kept(town: Town, tmp_path: Path, out: io.StringIO) -> None:
    path = saved(tmp_path, many(BATCH * 20))
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        importing = group.create_task(run_import(town.targets, path, "own", False, out))
        while not await town.targets.count():  # noqa: ASYNC110  the database tells nobody
            await asyncio.sleep(0.005)
        importing.cancel()  # as Ctrl-C does
    assert importing.result() == 130
    kept = await town.targets.count()
    assert 0 < kept < BATCH * 20
    assert out.getvalue() == f"Stopped. {kept:,} targets were written and stay; import again to go on.\n"
    (fact,) = await town.facts()
    assert json.loads(fact)["body"]["added"] == kept


async def test_codes_that_several_targets_have_are_named(town: Town, tmp_path: Path, out: io.StringIO) -> None:
    rows = [("店", f"和平路{n}号", "东区", "catering", "91350100M000100Y43", "B", f"K{n}") for n in range(2)]
    assert await run_import(town.targets, saved(tmp_path, own(*rows)), "own", False, out) == 0
    assert out.getvalue().splitlines()[-2:] == [
        "Credit codes that several targets have (premises of one licence, or a slip):",
        "  line 3 has the code of line 2 (91350100M000100Y43)",
    ]


async def test_a_long_list_of_bad_rows_is_cut_and_counted(town: Town, tmp_path: Path, out: io.StringIO) -> None:
    rows = [("店", "路", "东区", "catering", "", "E", str(n)) for n in range(103)]
    assert await run_import(town.targets, saved(tmp_path, own(*rows)), "own", False, out) == 1
    assert out.getvalue().splitlines()[-2:] == [
        "  line 101, column 6 (grade), value 'E': is none of A, B, C, D",
        "  … and 3 more",
    ]


async def test_a_checklist_is_published(town: Town, out: io.StringIO) -> None:
    assert await run_publish(town.targets, CATERING, out) == 0
    items = len(json.loads(CATERING.read_bytes())["items"])
    assert out.getvalue() == f"餐饮服务日常监督检查事项: version 1 of “catering”, {items} items.\n"
