"""The catalogues are whole, and nothing on a page stands outside of them."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from web.extract import template_catalog
from web.i18n import LANGUAGES, html_tag, load, translate, words

TEMPLATES = sorted(Path("web/templates").rglob("*.html"))
PLACEHOLDER = re.compile(r"{(\w*)}")
OUTSIDE_CATALOGUE = ("English", "中文", "light dark", "seethrough verify draw")


def forms(string: object) -> list[str]:
    return [str(form) for form in (string if isinstance(string, tuple | list) else [string])]


def messages(lang: str) -> list[Message]:
    return [message for message in load(lang) if message.id]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_sentence_has_its_translation(lang: str) -> None:
    catalog = load(lang)
    wanted = [message for message in template_catalog() if message.id]
    key = [message.id[0] if isinstance(message.id, tuple) else message.id for message in wanted]
    found = [catalog.get(text, message.context) for text, message in zip(key, wanted, strict=True)]
    missing = [
        text
        for text, message in zip(key, found, strict=True)
        if message is None or not all(forms(message.string or ""))
    ]
    assert missing == [], "run `python -m web.i18n update` and translate these"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_is_fuzzy(lang: str) -> None:
    assert [message.id for message in messages(lang) if message.fuzzy] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_translations_fill_the_same_placeholders(lang: str) -> None:
    for message in messages(lang):
        asked = set(PLACEHOLDER.findall(" ".join(forms(message.id))))
        for form in forms(message.string):
            given = set(PLACEHOLDER.findall(form))
            assert given <= asked, message.id
            assert asked - given <= {"n"}, message.id  # A singular may say "once".


def test_english_says_what_its_keys_say() -> None:
    for message in messages("en"):
        assert forms(message.string) == forms(message.id)


def test_chinese_is_chinese() -> None:
    for message in messages("zh_CN"):
        assert any("\u3000" <= character <= "\u9fff" for form in forms(message.string) for character in form), (
            message.id
        )


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_bare_words_in_templates(path: Path) -> None:
    text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "\x00", path.read_text("utf-8"), flags=re.DOTALL)
    shown = re.findall(r'(?:alt|title|aria-label|placeholder|content)="([^"\x00]*)"', text)
    shown += re.sub(r"<[^>]*>", "\n", text).splitlines()
    for line in shown:
        left = re.sub("|".join(OUTSIDE_CATALOGUE), "", line)
        assert not re.search(r"[\u4e00-\u9fff]|[A-Za-z]{2,} +[A-Za-z]{2,}", left) or "width=device-width" in left, line


def test_values_are_filled_after_translation() -> None:
    assert translate("zh_CN", "Welcome, {name}", name="陈立") == "陈立，欢迎您"
    assert translate("en", "Welcome, {name}", name="陈立") == "Welcome, 陈立"


def test_an_unknown_sentence_stays_as_it_is() -> None:
    assert translate("zh_CN", "Never {seen} before.", seen="read") == "Never read before."


@pytest.mark.parametrize(
    ("lang", "count", "sentence"),
    [("en", 1, "{n} day left"), ("en", 2, "{n} days left"), ("en", 0, "{n} days left"), ("zh_CN", 1, "还剩 {n} 天")],
)
def test_counts_take_their_form(lang: str, count: int, sentence: str) -> None:
    assert words(lang).ngettext("{n} day left", "{n} days left", count) == sentence


def test_an_unknown_language_is_read_as_the_default() -> None:
    assert words("fr").lang == "zh_CN"
    assert html_tag("zh_CN") == "zh-CN"
