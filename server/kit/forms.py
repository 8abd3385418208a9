"""What people send: urlencoded, multipart or JSON bodies as one Form, with refusals that name the field."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from aiohttp import web

from server.kit.errors import Invalid, NotFound

MAX_TEXT = 2000
MAX_BODY = 64 * 1024
MAX_FIELDS = 100
MAX_NAME = 64
FIRST_YEAR, LAST_YEAR = 2000, 2200
"""What a calendar of this service can mean; beyond it, arithmetic with zones overflows."""
CONTROLS = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127))
"""Control characters but tab and line breaks: nobody types them, and terminals obey them."""
_WHOLE = re.compile("-?[0-9]{1,17}")


@dataclass(frozen=True)
class Upload:
    """One uploaded file, whole in memory: the application's body limit bounds it."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Form:
    """The fields of one request."""

    fields: Mapping[str, str]
    uploads: Mapping[str, list[Upload]] = field(default_factory=dict)

    def text(self, name: str, *, required: bool = True, max_length: int = MAX_TEXT) -> str:
        """A trimmed text; empty is allowed only when it is not required."""
        value = self.fields.get(name, "").strip()
        if required and not value:
            raise Invalid("Please fill in this field.", where=name)
        if len(value) > max_length:
            raise Invalid(
                "This text has {length} characters; at most {limit} are allowed. Please shorten it.",
                where=name,
                length=len(value),
                limit=max_length,
            )
        return value

    def secret(self, name: str) -> str:
        """A password, exactly as typed."""
        value = self.fields.get(name, "")
        if not value:
            raise Invalid("Please fill in this field.", where=name)
        return value

    def choice(self, name: str, options: type[Any]) -> Any:
        """A member of an enum."""
        value = self.text(name)
        try:
            return options(value)
        except ValueError:
            known = ", ".join(option.value for option in options)
            raise Invalid("“{value}” is none of: {known}.", where=name, value=value, known=known) from None

    def flag(self, name: str) -> bool:
        """Whether a box was ticked."""
        return self.fields.get(name, "").strip().lower() in ("1", "on", "true", "yes")

    def number(self, name: str, *, least: float, most: float, default: float | None = None) -> float:
        """A number from `least` to `most`; without a default it must be there."""
        value = self.text(name, required=default is None)
        if not value and default is not None:
            return default
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not least <= number <= most:
            raise Invalid(
                "“{value}” is not a number from {least} to {most}.",
                where=name,
                value=value[:40],
                least=least,
                most=most,
            )
        return number

    def moment(self, name: str, zone: tzinfo) -> datetime:
        """A moment in UTC; `datetime-local` values without an offset are taken in the city's zone."""
        value = self.text(name)
        try:
            moment = datetime.fromisoformat(value)
            moment = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
            if not FIRST_YEAR <= moment.year <= LAST_YEAR:
                raise ValueError(value)
        except (ValueError, OverflowError):
            raise Invalid(
                "“{value}” is not a date and time such as 2026-03-06T10:00.", where=name, value=value[:40]
            ) from None
        return moment


async def form(request: web.Request, *, limit: int = MAX_BODY) -> Form:
    """The request's body, at most `limit` bytes; anything unreadable is Invalid.

    The limit is small because reading happens on the event loop: only a door that takes photos raises it.
    """
    small = request.clone(client_max_size=limit)
    try:
        if request.content_type == "application/json":
            return Form(_whole(_flat(await small.json())))
        return _form(await small.post())
    except (Invalid, web.HTTPException, ConnectionError):
        raise
    except Exception:  # Whatever a decoder makes of odd bytes, charsets, encodings or nesting: the body is unreadable.
        raise Invalid("The request’s body could not be read. Please send a form, or a JSON object of texts.") from None


def _form(posted: Mapping[str, Any]) -> Form:
    fields: dict[str, str] = {}
    uploads: dict[str, list[Upload]] = {}
    for name, value in posted.items():
        if isinstance(value, web.FileField):
            with value.file:
                data = value.file.read()
            if data:
                uploads.setdefault(name, []).append(Upload(value.filename, data))
        elif isinstance(value, str):
            fields[name] = value
    return Form(_whole(fields), uploads)


def _whole(fields: dict[str, str]) -> dict[str, str]:
    """Refuses half a surrogate pair, which no database and no other program could keep; drops control characters."""
    for name, value in fields.items():
        try:
            name.encode()
            value.encode()
        except UnicodeEncodeError:
            where = name.encode("utf-8", "replace").decode()
            raise Invalid("This text holds a broken character. Please type it again.", where=where) from None
    return {name: value.translate(CONTROLS) for name, value in fields.items()}


def _flat(body: Any) -> dict[str, str]:
    if not isinstance(body, dict) or len(body) > MAX_FIELDS:
        raise Invalid("The request’s body could not be read. Please send a form, or a JSON object of texts.")
    for name, value in body.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, str | int | float)):
            raise Invalid("This field is a text or a number. Please send it as one.", where=name[:MAX_NAME])
    return {name: "" if value is None else str(value) for name, value in body.items()}


def whole_number(request: web.Request, name: str, default: int, *, least: int = 0, most: int = 2**53) -> int:
    """A whole number from the query, Invalid outside [least, most]."""
    value = request.query.get(name)
    if value is None:
        return default
    if not _WHOLE.fullmatch(value) or not least <= int(value) <= most:
        raise Invalid(
            "“{value}” is not a whole number from {least} to {most}.",
            where=name,
            value=value[:40],
            least=least,
            most=most,
        )
    return int(value)


def id_in_path(request: web.Request, name: str = "id") -> str:
    """The id in the address."""
    value = request.match_info[name]
    if len(value) > 64:
        raise NotFound("There is nothing at this address.")
    return value
