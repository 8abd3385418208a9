"""What people send: urlencoded, multipart or JSON bodies as one Form, with refusals that name the field."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from aiohttp import web

from server.kit.errors import Invalid, NotFound

MAX_TEXT = 2000
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

    def moment(self, name: str, zone: tzinfo) -> datetime:
        """A moment in UTC; `datetime-local` values without an offset are taken in the city's zone."""
        value = self.text(name)
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise Invalid(
                "“{value}” is not a date and time such as 2026-03-06T10:00.", where=name, value=value
            ) from None
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


async def form(request: web.Request) -> Form:
    """The request's body; anything unreadable is Invalid."""
    if request.content_type == "application/json":
        return Form(_whole(_flat(await _json(request))))
    try:
        posted = await request.post()
    except ValueError as problem:
        raise Invalid("The form could not be read ({problem}). Please send it again.", problem=problem) from None
    fields: dict[str, str] = {}
    uploads: dict[str, list[Upload]] = {}
    for name, value in posted.items():
        if isinstance(value, web.FileField):
            data = value.file.read()
            if data:
                uploads.setdefault(name, []).append(Upload(value.filename, data))
        elif isinstance(value, str):
            fields[name] = value
    return Form(_whole(fields), uploads)


def _whole(fields: dict[str, str]) -> dict[str, str]:
    """Refuses half a surrogate pair, which no database and no other program could keep."""
    for name, value in fields.items():
        if any("\ud800" <= c <= "\udfff" for c in value):
            raise Invalid("This text holds a broken character. Please type it again.", where=name)
    return fields


async def _json(request: web.Request) -> Any:
    try:
        return await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise Invalid("The request's body is not JSON. Please send a JSON object.") from None


def _flat(body: Any) -> dict[str, str]:
    if not isinstance(body, dict):
        raise Invalid("The request's body is not a JSON object. Please send an object of fields.")
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in body.items()}


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
