"""The page modules hang together and hold no words; what they do is proved by the journeys in a real browser."""

import re
from pathlib import Path

import pytest

MODULES = sorted(Path("web/static/modules").glob("*.js"))
STRING = re.compile(r"\"([^\"\n]*)\"|`([^`$\n]*)`")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_imports_name_what_exists(path: Path) -> None:
    for names, other in re.findall(r'import {([^}]+)} from "\./([\w.]+)"', path.read_text("utf-8")):
        source = (path.parent / other).read_text("utf-8")
        exported = set(re.findall(r"export (?:async )?(?:function\*?|class|const) (\w+)", source))
        assert {name.strip() for name in names.split(",")} <= exported, other


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_words_come_from_the_server(path: Path) -> None:
    code = re.sub(r"(?m)//.*$|/\*\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL)
    assert not re.search(r"[\u4e00-\u9fff]", code)
    for match in STRING.finditer(re.sub(r"new (Error|DOMException)\([^)]*\)", "", code)):
        assert not re.fullmatch(r"[A-Z][a-z]+( [a-z]+)+[.!?]?", match.group(1) or match.group(2) or "")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_text_is_never_put_in_as_markup(path: Path) -> None:
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\.style\b|eval\(", path.read_text("utf-8")
    )


def test_every_module_of_a_template_exists() -> None:
    for template in Path("web/templates").rglob("*.html"):
        for name in re.findall(r"static\('modules/([\w.]+)'\)", template.read_text("utf-8")):
            assert Path("web/static/modules", name) in MODULES
