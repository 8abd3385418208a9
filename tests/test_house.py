"""The house itself: arrows, sizes, mirrored tests, and that everything is documented."""

import ast
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from server.app import build_app
from server.config import PREFIX, Settings
from server.kit.clock import now
from server.kit.doors import DOORS
from server.kit.mongo import Database

ROOT = Path(__file__).parent.parent
ROOMS = ("server", "streaming", "scheduler", "web")
FILE_LINES = 400
FUNCTION_LINES = 40
WORDS_ONLY = {"server/demo_city.py"}
"""Files of words and numbers alone, with nothing in them that a test of their own could find wrong."""


def sources() -> list[Path]:
    return sorted(p for room in ROOMS for p in (ROOT / room).rglob("*.py") if p.name != "__init__.py")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_arrows_point_where_the_house_says() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_streaming_scheduler_and_web_stand_alone() -> None:
    """The same rule read from the text, so that the tool's settings cannot be wrong unseen."""
    for path in sources():
        room = name(path).split("/")[0]
        if room != "server":
            found = {m.split(".")[0] for m in imported(path)} & set(ROOMS) - {room}
            assert not found, f"{name(path)} imports {found}"


def test_only_one_file_knows_the_database_driver() -> None:
    knowing = {name(p) for p in sources() if imported_roots(p) & {"motor", "pymongo", "bson"}}
    assert knowing == {"server/kit/mongo.py"}


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def imported_roots(path: Path) -> set[str]:
    return {module.split(".")[0] for module in imported(path)}


@pytest.mark.parametrize("path", sources(), ids=name)
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= FILE_LINES, f"{name(path)} has more than {FILE_LINES} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= FUNCTION_LINES or only_defines(node), (
                f"{name(path)}: {node.name} has {length} lines, at most {FUNCTION_LINES} are allowed"
            )


def only_defines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """A function that adds doors is a list of small functions; each of them is measured by itself."""
    return node.name.startswith(("add_", "_add_")) and any(isinstance(s, ast.AsyncFunctionDef) for s in node.body)


@pytest.mark.parametrize("path", [p for p in sources() if name(p) not in WORDS_ONLY], ids=name)
def test_every_source_file_has_its_test_file(path: Path) -> None:
    room = path.relative_to(ROOT)
    stem = "main" if path.stem == "__main__" else path.stem
    test = ROOT / "tests" / room.parent / f"test_{stem}.py"
    assert test.exists(), f"write {test.relative_to(ROOT)}"


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs/settings.md").read_text()
    for f in fields(Settings):
        line = next((row for row in text.splitlines() if f"`{PREFIX}{f.name.upper()}`" in row), "")
        assert f.metadata["sentence"] in line, f"docs/settings.md does not explain {f.name} in its own sentence"
        assert str(f.default) in line, f"docs/settings.md has another default for {f.name}"


def test_no_setting_is_documented_that_does_not_exist() -> None:
    known = {f"{PREFIX}{f.name.upper()}" for f in fields(Settings)} | {f"{PREFIX}TEST_MONGODB_URI"}
    for path in [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]:
        named = set(re.findall(rf"{PREFIX}[A-Z_]+[A-Z]", path.read_text()))
        assert named <= known, f"{name(path)} names {named - known}"


async def test_every_door_is_documented_and_nothing_else(tmp_path: Path) -> None:
    database = Database.connect("mongodb://127.0.0.1:1/", "nowhere")  # It is never asked.
    app = build_app(Settings(data_dir=tmp_path), clock=now, database=database)
    await database.close()
    rows = re.findall(r"^\| ([A-Z]+) \| (`/.*?`) \| `(\w+)` \| (\S.*) \|$", (ROOT / "docs/routes.md").read_text(), re.M)
    documented = {(method, path, deed) for method, paths, deed, _ in rows for path in re.findall("`(.*?)`", paths)}
    doors = {(door.method, re.sub(r":[^}]*}", "}", door.path), door.deed) for door in app[DOORS]}
    assert doors - documented == set(), "docs/routes.md lacks these"
    assert documented - doors == set(), "docs/routes.md names what there is not"


def test_lock_files_carry_hashes_and_no_addresses() -> None:
    python, node = (ROOT / "requirements.lock").read_text(), (ROOT / "web/package-lock.json").read_text()
    assert "://" not in python
    assert "--hash=sha256:" in python
    assert '"resolved"' not in node
    assert '"integrity"' in node


def test_the_map_names_every_room() -> None:
    text = (ROOT / "docs/map.md").read_text()
    for path in sources():
        folder = name(path.parent)
        assert f"{folder}/" in text or f"`{folder}`" in text, f"docs/map.md does not name {folder}/"
