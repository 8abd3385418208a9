"""Facts into HTML: the templates with their filters, their words and their hashed static addresses."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from web.i18n import LANGUAGES, Words, html_tag, words

HERE = Path(__file__).parent
STATIC_ROOT = HERE / "static"
TEMPLATE_ROOT = HERE / "templates"
ZONE = ZoneInfo("Asia/Shanghai")
NOTHING = "—"
MOMENT = {"zh_CN": "y年M月d日 HH:mm", "en": "d MMM y, HH:mm"}
DAY = {"zh_CN": "y年M月d日", "en": "d MMM y"}
SHORT = {"zh_CN": "M月d日 EEE HH:mm", "en": "EEE d MMM, HH:mm"}
HASH_DIGITS = 8


class Renderer:
    """Draws a template in a language. Keeps one Jinja environment per language, so macros know the words."""

    def __init__(self, *, static_root: Path = STATIC_ROOT, template_root: Path = TEMPLATE_ROOT) -> None:
        self._static_root = static_root
        self._files, self.static_hash = read_static(static_root)
        self._environments = {lang: environment(lang, template_root, self.static) for lang in LANGUAGES}

    def render(
        self,
        template: str,
        page: object,
        *,
        lang: str,
        who: object | None,
        path: str,
        query: Mapping[str, str] | None = None,
        now: datetime,
        extra: Mapping[str, object] | None = None,
    ) -> str:
        """The page as HTML. `page` is the facts; `extra` adds names for every page (`ledger_size`)."""
        chosen = lang if lang in self._environments else LANGUAGES[0]
        asked = {name: value for name, value in (query or {}).items() if name != "lang"}
        other = next(code for code in LANGUAGES if code != chosen)
        drawn = self._environments[chosen].get_template(template)
        return drawn.render(
            extra or {},
            page=page,
            who=who,
            path=path,
            now=now,
            json_path=with_query("/index.json" if path == "/" else f"{path}.json", asked),
            alternate=with_query(path, {**asked, "lang": other}),
            here=with_query(path, asked),
        )

    def static(self, name: str) -> str:
        """A static file's address. One hash for the whole tree, so modules import each other relatively."""
        return f"/static/{self.static_hash}/{name}"

    def static_file(self, tree_hash: str, name: str) -> Path | None:
        """The file behind such an address, to be served as immutable; None if hash or name are not ours."""
        known = tree_hash == self.static_hash and name in self._files
        return self._static_root / name if known else None


def read_static(root: Path) -> tuple[frozenset[str], str]:
    """The names below the static root and one hash over names and contents."""
    digest = hashlib.sha256()
    names = sorted(file.relative_to(root).as_posix() for file in root.rglob("*") if file.is_file())
    for name in names:
        digest.update(f"{name}\0".encode() + hashlib.sha256((root / name).read_bytes()).digest())
    return frozenset(names), digest.hexdigest()[:HASH_DIGITS]


def with_query(path: str, query: Mapping[str, str]) -> str:
    """An address with its parameters, if there are any."""
    return f"{path}?{urlencode(query)}" if query else path


def environment(lang: str, template_root: Path, static: Callable[[str], str]) -> Environment:
    """Jinja with everything the templates may call, in one language."""
    env = Environment(
        loader=FileSystemLoader(template_root),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    known = words(lang)
    env.globals.update(
        _=partial(say, known), ngettext=partial(say_count, known), pgettext=partial(say_in, known),
        static=static, lang=lang, html_lang=html_tag(lang), new_key=new_key,
    )  # fmt: skip
    env.filters.update(
        moment=partial(moment, MOMENT[lang], lang), short=partial(moment, SHORT[lang], lang),
        clock=partial(moment, "HH:mm", lang), day=partial(day, lang), ago=pass_context(partial(ago, lang)),
        number=partial(number, lang), timecode=timecode, iso=iso, local=local, pretty=pretty,
    )  # fmt: skip
    return env


def say(known: Words, msgid: str, **values: object) -> Markup:
    """`_()` of the templates: translated, then filled; values are escaped, markup values stay markup."""
    return escape(known.gettext(msgid)).format(**values)


def say_in(known: Words, context: str, msgid: str, **values: object) -> Markup:
    """`pgettext()` of the templates."""
    return escape(known.pgettext(context, msgid)).format(**values)


def say_count(known: Words, singular: str, plural: str, count: int, **values: object) -> Markup:
    """`ngettext()` of the templates: `{n}` is the count."""
    written = number(known.lang, count)
    return escape(known.ngettext(singular, plural, count)).format(n=written, **values)


@cache
def _locale(lang: str) -> Locale:
    """Parsed once: Babel looks a locale's name up on disk each time it is given one as text."""
    return Locale.parse(lang)


def moment(pattern: str, lang: str, at: datetime | None) -> str | Markup:
    """A moment as `<time>` on the city's clock."""
    if at is None:
        return NOTHING
    text = format_datetime(at, pattern, tzinfo=ZONE, locale=_locale(lang))
    return Markup('<time datetime="{}">{}</time>').format(iso(at), text)


def day(lang: str, on: date | datetime | None) -> str | Markup:
    """A day as `<time>`; a moment becomes its day on the city's calendar."""
    if on is None:
        return NOTHING
    if isinstance(on, datetime):
        on = on.astimezone(ZONE).date()
    text = format_date(on, DAY[lang], locale=_locale(lang))
    return Markup('<time datetime="{}">{}</time>').format(on.isoformat(), text)


def ago(lang: str, context: Context, at: datetime | None) -> str | Markup:
    """How long ago (or until when), as `<time>` that the page's module keeps fresh."""
    if at is None:
        return NOTHING
    delta: timedelta = at - context["now"]
    text = format_timedelta(delta, add_direction=True, locale=_locale(lang))
    exact = format_datetime(at, MOMENT[lang], tzinfo=ZONE, locale=_locale(lang))
    return Markup('<time datetime="{}" title="{}" data-ago>{}</time>').format(iso(at), exact, text)


def iso(at: datetime) -> str:
    """A moment for machines."""
    return at.isoformat(timespec="seconds")


def local(at: datetime) -> str:
    """A moment as `<input type=datetime-local>` writes it, on the city's clock."""
    return at.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")


def number(lang: str, value: float | None) -> str:
    """A number with its thousands apart."""
    return NOTHING if value is None else format_decimal(value, locale=_locale(lang))


def timecode(position: datetime | float | str | None) -> str:
    """Where in the recording: seconds as m:ss, a moment as the city's clock with seconds."""
    if isinstance(position, datetime):
        return position.astimezone(ZONE).strftime("%H:%M:%S")
    if isinstance(position, int | float):
        minutes, seconds = divmod(int(position), 60)
        return f"{minutes}:{seconds:02d}"
    return position or NOTHING


def new_key() -> str:
    """A fresh key for a form, so that sending it twice does it once."""
    return str(uuid4())


def pretty(value: object) -> str:
    """Any fact as indented JSON, for the pages that show the record itself."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)
