"""What is found in templates and in the server's code."""

import ast
from pathlib import Path

from web.extract import from_module, from_template, refusal_names, update
from web.i18n import load

MODULE = """
class Gone(NotFound): ...
class LongGone(Gone): ...
class Unrelated(Exception): ...
class Spoken(errors.TooLate):
    def __init__(self): super().__init__("It is over.")
raise LongGone("There is no such {thing}.", thing=1)
raise Unrelated("never shown")
LABEL = N_("A label")
say(_("said"), name)
_(name)
"""


def test_refusals_are_found_through_their_bases() -> None:
    tree = ast.parse(MODULE)
    refusals = refusal_names([tree])
    assert {"Gone", "LongGone", "Spoken"} <= refusals
    assert "Unrelated" not in refusals
    assert set(from_module(tree, refusals)) == {"It is over.", "There is no such {thing}.", "A label", "said"}


def test_templates_speak_in_three_ways() -> None:
    source = '{{ _("One {n}", n=x) }}{{ ngettext("a", "b", n) }}{% set w = pgettext("here", "c") %}{{ _(name) }}'
    assert list(from_template("t", source)) == [
        ("t", "One {n}", None),
        ("t", ("a", "b"), None),
        ("t", "c", "here"),
    ]


def test_an_update_keeps_translations_and_drops_what_is_gone(tmp_path: Path) -> None:
    templates, server = tmp_path / "web/templates", tmp_path / "server"
    templates.mkdir(parents=True)
    server.mkdir()
    (templates / "a.html").write_text('{{ _("Stays") }}{{ _("Goes") }}')
    locale = tmp_path / "locale"
    update(tmp_path, locale)
    path = locale / "zh_CN" / "messages.po"
    path.write_text(path.read_text().replace('msgid "Stays"\nmsgstr ""', 'msgid "Stays"\nmsgstr "留"'))
    (templates / "a.html").write_text('{{ _("Stays") }}{{ _("New") }}')
    report = update(tmp_path, locale)
    text = path.read_text()
    assert 'msgstr "留"' in text
    assert "Goes" not in text
    assert "zh_CN: 2 sentences, 1 without translation\n  New" in report
    assert 'msgid "New"\nmsgstr "New"' in (locale / "en" / "messages.po").read_text()
    assert load("zh_CN") is load("zh_CN")
