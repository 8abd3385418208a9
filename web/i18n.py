"""The words of the interface: catalogues read from `.po` files, keyed by the English sentence.

`python -m web.i18n update` gathers new sentences from templates and server and keeps every translation.
"""

import sys
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

LANGUAGES = ("zh_CN", "en")
DEFAULT_LANGUAGE = LANGUAGES[0]
LOCALE_ROOT = Path(__file__).parent / "locale"


class Words:
    """One language's sentences; what has no translation stays English."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self._catalog = load(lang)

    def gettext(self, msgid: str) -> str:
        """The sentence in this language, its `{placeholders}` still empty."""
        return self._find(msgid) or msgid

    def pgettext(self, context: str, msgid: str) -> str:
        """The same for a word that means different things in different places."""
        return self._find(msgid, context) or msgid

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        """The form that goes with this count."""
        message = self._catalog.get(singular)
        forms = message.string if message and isinstance(message.string, tuple | list) else ()
        if len(forms) > 1:
            index = 0 if count == 1 else 1
            return forms[index] or (singular if count == 1 else plural)
        return next((form for form in forms if form), singular if count == 1 else plural)

    def _find(self, msgid: str, context: str | None = None) -> str | None:
        message: Message | None = self._catalog.get(msgid, context)
        return message.string if message and isinstance(message.string, str) else None


@cache
def load(lang: str) -> Catalog:
    """The catalogue of a language, read once."""
    path = LOCALE_ROOT / lang / "messages.po"
    if not path.is_file():
        return Catalog(locale=lang)
    with path.open("rb") as file:
        return read_po(file, locale=lang)


@cache
def words(lang: str) -> Words:
    """The words of a language; one object per language for the whole process."""
    return Words(lang if lang in LANGUAGES else DEFAULT_LANGUAGE)


def translate(lang: str, msgid: str, **values: object) -> str:
    """A sentence in this language with its `{placeholders}` filled: for error messages and letters."""
    sentence = words(lang).gettext(msgid)
    return sentence.format_map(values) if values else sentence


def html_tag(lang: str) -> str:
    """The language tag for HTML (BCP 47): zh_CN → zh-CN."""
    return lang.replace("_", "-")


if __name__ == "__main__":
    from web.extract import update

    if sys.argv[1:] != ["update"]:
        sys.exit("usage: python -m web.i18n update")
    sys.stdout.write(update() + "\n")
