"""Gathers what is to be translated: templates through Jinja's parser, the server through its syntax tree."""

import ast
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment
from jinja2.ext import extract_from_ast

from web.i18n import LANGUAGES, LOCALE_ROOT

ROOT = Path(__file__).parent.parent
PROJECT = "seethrough"
UNDATED = datetime(2026, 1, 1, tzinfo=UTC)
MARKERS = frozenset({"_", "N_"})
REFUSALS = frozenset({"Refusal", "NotFound", "NotAllowed", "Invalid", "TooLate", "TooMany", "Unavailable"})
TEMPLATE_MARKERS = ("_", "ngettext", "pgettext")

Found = tuple[str, str | tuple[str, str], str | None]
"""Where (file), what (msgid, or singular and plural), in which context."""


def gather(root: Path = ROOT) -> list[Found]:
    """Every sentence of the templates and the server, in the order of the files."""
    found: list[Found] = []
    for path in sorted((root / "web" / "templates").rglob("*.html")):
        found.extend(from_template(path.relative_to(root).as_posix(), path.read_text("utf-8")))
    trees = {
        path.relative_to(root).as_posix(): ast.parse(path.read_text("utf-8"))
        for path in sorted((root / "server").rglob("*.py"))
    }
    refusals = refusal_names(trees.values())
    for name, tree in trees.items():
        found.extend((name, sentence, None) for sentence in from_module(tree, refusals))
    return found


def from_template(name: str, source: str) -> Iterator[Found]:
    """The first arguments of `_`, `ngettext` and `pgettext` in a template."""
    env = Environment(trim_blocks=True, lstrip_blocks=True, autoescape=True)
    for _line, function, strings in extract_from_ast(env.parse(source), TEMPLATE_MARKERS, babel_style=False):
        parts = [strings] if isinstance(strings, str) else [part for part in strings or () if part]
        match function, parts:
            case "pgettext", [context, message, *_]:
                yield name, message, context
            case "ngettext", [singular, plural, *_]:
                yield name, (singular, plural), None
            case _, [message, *_]:
                yield name, message, None


def refusal_names(trees: Iterable[ast.Module]) -> frozenset[str]:
    """The names of all classes that are refusals, by following base classes until nothing new appears."""
    bases = {
        node.name: {_last_name(base) for base in node.bases}
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    names = set(REFUSALS)
    while new := {name for name, above in bases.items() if above & names} - names:
        names |= new
    return frozenset(names)


def from_module(tree: ast.Module, refusals: frozenset[str]) -> Iterator[str]:
    """First arguments of `_()`, `N_()` and refusals, and what a refusal hands to its base class."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name in refusals:
            yield from _sentences(node, frozenset({"__init__"}))
    yield from _sentences(tree, refusals | MARKERS)


def _sentences(tree: ast.AST, callables: frozenset[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and _last_name(node.func) in callables:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=value):
            return _last_name(value)
    return ""


def template_catalog(root: Path = ROOT) -> Catalog:
    """All sentences without any translation: what messages.pot holds."""
    catalog = Catalog(project=PROJECT, charset="utf-8", fuzzy=False)
    for file, message, context in gather(root):
        catalog.add(message, locations=[(file, 0)], context=context)
    return catalog


def update(root: Path = ROOT, locale_root: Path = LOCALE_ROOT) -> str:
    """Writes messages.pot, brings every catalogue up to date, keeps translations; says what is missing."""
    template = template_catalog(root)
    _write(locale_root / "messages.pot", template)
    report = []
    for lang in LANGUAGES:
        path = locale_root / lang / "messages.po"
        catalog = _read(path, lang)
        catalog.update(template, no_fuzzy_matching=True, update_header_comment=False)
        catalog.obsolete.clear()
        if lang == "en":
            _say_the_same(catalog)
        _write(path, catalog)
        missing = untranslated(catalog)
        report.append(f"{lang}: {len(catalog)} sentences, {len(missing)} without translation")
        report.extend(f"  {sentence}" for sentence in missing)
    return "\n".join(report)


def _read(path: Path, lang: str) -> Catalog:
    if not path.is_file():
        return Catalog(locale=lang, project=PROJECT, charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=lang)


def _write(path: Path, catalog: Catalog) -> None:
    """Without line numbers and dates, so that a catalogue only changes when a sentence does."""
    catalog.creation_date = catalog.revision_date = UNDATED
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=110, include_lineno=False, sort_output=True, omit_header=False)


def _say_the_same(catalog: Catalog) -> None:
    for message in catalog:
        if message.id and not _is_translated(message.string):
            message.string = message.id


def untranslated(catalog: Catalog) -> list[str]:
    """The sentences that this catalogue says nothing for."""
    return [str(message.id) for message in catalog if message.id and not _is_translated(message.string)]


def _is_translated(string: object) -> bool:
    return all(string) if isinstance(string, tuple | list) else bool(string)
