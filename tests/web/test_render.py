"""Every template with facts of every kind, in both languages: valid, accessible, and within the CSP."""

import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.web.sample_pages import PAGES, error, home
from tests.web.samples import NOW, OPERATOR
from web.i18n import LANGUAGES
from web.render import Renderer, ago, moment, number, read_static, timecode, with_query

VOID = {"meta", "link", "img", "input", "br", "hr", "source"}
CODE_ELEMENTS = {"code", "pre", "template"}
PAGE_BYTES = 150_000


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer()


class Page(HTMLParser):
    """Reads a page strictly: every element closed in order; remembers elements with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None], tuple[str, ...]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len({name for name, _ in attrs}), f"an attribute twice on <{tag}>"
        self.elements.append((tag, dict(attrs), tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> at {self.getpos()} closes the wrong element"

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs, _ in self.elements if name == tag]


def drawn(renderer: Renderer, name: str, lang: str) -> str:
    _, template, path, facts, who = next(page for page in PAGES if page[0] == name)
    return renderer.render(template, facts, lang=lang, who=who, path=path, now=NOW, extra={"ledger_size": 9})


every_page = pytest.mark.parametrize("name", [page[0] for page in PAGES])
every_language = pytest.mark.parametrize("lang", LANGUAGES)


@every_page
@every_language
def test_every_page_is_well_formed(renderer: Renderer, name: str, lang: str) -> None:
    page = Page(drawn(renderer, name, lang))
    assert page.open == []
    assert [attrs["lang"] for attrs in page.of("html")] == [lang.replace("_", "-")]
    assert len(page.of("h1")) == 1
    assert len(page.of("main")) == 1
    ids = [attrs["id"] for _, attrs, above in page.elements if "id" in attrs and "template" not in above]
    repeated = {each for each in ids if ids.count(each) > 1 and not str(each).startswith("finding-")}
    assert not repeated


@every_page
def test_no_page_needs_more_than_the_csp_allows(renderer: Renderer, name: str) -> None:
    page = Page(drawn(renderer, name, "zh_CN"))
    assert not page.of("style")
    assert all(attrs.get("src") for attrs in page.of("script"))
    for tag, attrs, _ in page.elements:
        assert "style" not in attrs, tag
        assert not [attribute for attribute in attrs if attribute.startswith("on")], tag
        for address in ("src", "href", "action"):
            assert re.match(r"/(?!/)|#|$", attrs.get(address) or ""), attrs


@every_page
@every_language
def test_every_input_has_a_label_and_every_image_a_text(renderer: Renderer, name: str, lang: str) -> None:
    page = Page(drawn(renderer, name, lang))
    for tag, attrs, above in page.elements:
        if tag == "img":
            assert attrs.get("alt") is not None
        if tag in ("input", "select", "textarea") and attrs.get("type") != "hidden":
            assert "label" in above or attrs.get("aria-labelledby"), attrs
        if tag == "button":
            assert attrs.get("type") in ("button", "submit")
        if tag == "video":
            assert attrs.get("aria-label")


@every_page
def test_names_of_sections_exist(renderer: Renderer, name: str) -> None:
    page = Page(drawn(renderer, name, "en"))
    ids = {attrs.get("id") for _, attrs, _ in page.elements}
    for _, attrs, _ in page.elements:
        for reference in (attrs.get("aria-labelledby"), attrs.get("aria-describedby")):
            assert reference is None or reference in ids


@every_page
def test_static_files_of_every_page_exist(renderer: Renderer, name: str) -> None:
    text = drawn(renderer, name, "zh_CN")
    for tree_hash, file in re.findall(r'"/static/(\w+)/([^"]+)"', text):
        assert file.startswith("vendor/") or renderer.static_file(tree_hash, file), file


def test_a_page_without_the_player_stays_small(renderer: Renderer) -> None:
    style = Path("web/static/style.css").stat().st_size
    for name, *_ in PAGES:
        text = drawn(renderer, name, "zh_CN")
        scripts = sum(file.stat().st_size for file in scripts_of(text))
        assert len(text.encode()) + style + scripts < PAGE_BYTES, name


def scripts_of(text: str) -> set[Path]:
    """The modules that a page loads, and those that they import."""
    found: set[Path] = set()
    waiting = {Path("web/static/modules", name) for name in re.findall(r'src="/static/\w+/modules/([\w.]+)"', text)}
    while waiting:
        path = waiting.pop()
        found.add(path)
        imports = {(path.parent / name).resolve() for name in re.findall(r'from "(\.[^"]+\.js)"', path.read_text())}
        waiting |= {name.relative_to(Path.cwd()) for name in imports} - found
    return found


def test_the_language_switch_keeps_the_question(renderer: Renderer) -> None:
    text = renderer.render(
        "error.html", error(), lang="en", who=None, path="/targets", query={"q": "茶 & 酒", "lang": "en"}, now=NOW
    )
    assert 'href="/targets?q=%E8%8C%B6+%26+%E9%85%92&amp;lang=zh_CN"' in text
    assert 'href="/targets.json?q=%E8%8C%B6+%26+%E9%85%92"' in text


def test_facts_are_escaped_everywhere(renderer: Renderer) -> None:
    facts = home()
    facts.live.title = facts.recent[0].target_name = "<script>alert(1)</script>"
    text = renderer.render("home.html", facts, lang="en", who=OPERATOR, path="/", now=NOW)
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_a_missing_fact_is_an_error(renderer: Renderer) -> None:
    facts = home()
    del facts.tally
    with pytest.raises(Exception, match="tally"):
        renderer.render("home.html", facts, lang="en", who=None, path="/", now=NOW)


def test_static_addresses_change_with_any_content(tmp_path: Path) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "style.css").write_text("a {}")
    (tmp_path / "modules" / "a.js").write_text("1")
    names, before = read_static(tmp_path)
    assert names == {"style.css", "modules/a.js"}
    (tmp_path / "modules" / "a.js").write_text("2")
    assert read_static(tmp_path)[1] != before


@pytest.mark.parametrize(
    ("tree_hash", "name"),
    [
        ("", "style.css"),  # no hash: would be kept for ever under a name that lasts
        ("00000000", "style.css"),  # an older tree
        (None, "../render.py"),  # outside
        (None, "modules"),  # a folder
    ],
)
def test_only_known_static_files_are_served(renderer: Renderer, tree_hash: str | None, name: str) -> None:
    assert renderer.static_file(renderer.static_hash if tree_hash is None else tree_hash, name) is None


def test_moments_are_told_on_the_citys_clock() -> None:
    at = datetime(2026, 3, 5, 16, 5, tzinfo=UTC)
    assert moment("HH:mm", "zh_CN", at) == '<time datetime="2026-03-05T16:05:00+00:00">00:05</time>'
    assert moment("HH:mm", "zh_CN", None) == "—"


@pytest.mark.parametrize(("lang", "words"), [("zh_CN", "3分钟前"), ("en", "3 minutes ago")])
def test_how_long_ago(lang: str, words: str) -> None:
    assert f">{words}<" in ago(lang, {"now": NOW}, NOW - timedelta(minutes=3))  # type: ignore[arg-type]  # a Context


@pytest.mark.parametrize(
    ("position", "text"),
    [(75, "1:15"), (NOW, "10:24:00"), (None, "—")],
)
def test_positions_in_a_recording(position: object, text: str) -> None:
    assert timecode(position) == text  # type: ignore[arg-type]  # the table mixes types


def test_numbers_and_addresses() -> None:
    assert number("en", 213456) == "213,456"
    assert number("en", None) == "—"
    assert with_query("/a", {}) == "/a"
    assert with_query("/a", {"q": "x y"}) == "/a?q=x+y"


def test_days_of_moments_are_days_in_the_city(renderer: Renderer) -> None:
    env = renderer._environments["en"]
    at = datetime(2026, 3, 5, 16, 5, tzinfo=UTC)
    assert env.filters["day"](at) == '<time datetime="2026-03-06">6 Mar 2026</time>'
    assert env.filters["day"](date(2026, 3, 5)) == '<time datetime="2026-03-05">5 Mar 2026</time>'
