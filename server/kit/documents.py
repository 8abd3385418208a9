"""Frozen dataclasses to documents and back: `id` is kept as `_id`, enums by value, tuples as lists."""

import dataclasses
import types
import typing
from collections.abc import Hashable, Mapping
from datetime import date
from enum import Enum
from functools import cache
from typing import Any, TypeVar, cast

T = TypeVar("T")


def document(noun: Any) -> dict[str, Any]:
    """A noun as the database keeps it."""
    fields = {f.name: _down(getattr(noun, f.name)) for f in dataclasses.fields(noun)}
    return {"_id": fields.pop("id"), **fields} if "id" in fields else fields


def noun(kind: type[T], found: Mapping[str, Any]) -> T:
    """A document as a noun of this kind; a field the document lacks keeps its default."""
    given = {("id" if name == "_id" else name): value for name, value in found.items()}
    return kind(**{name: _up(hint, given[name]) for name, hint in _hints(cast(Any, kind)).items() if name in given})


def maybe(kind: type[T], found: Mapping[str, Any] | None) -> T | None:
    """The noun, or None where nothing was found."""
    return None if found is None else noun(kind, found)


@cache
def _hints(kind: Hashable) -> dict[str, Any]:
    names = {f.name for f in dataclasses.fields(cast(type[Any], kind))}
    return {name: hint for name, hint in typing.get_type_hints(cast(type[Any], kind)).items() if name in names}


def _down(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case Mapping():
            return {_down(key): _down(item) for key, item in value.items()}
        case list() | tuple():
            return [_down(item) for item in value]
    if type(value) is date:  # The database keeps moments only; a day is kept as its ISO text.
        return value.isoformat()
    return document(value) if dataclasses.is_dataclass(value) else value


def _up(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return _up(next(a for a in arguments if a is not type(None)), value)
    if origin is tuple:
        return tuple(_up(arguments[0], item) for item in value)
    if origin is not None and issubclass(origin, Mapping):
        return {_up(arguments[0], key): _up(arguments[1], item) for key, item in value.items()}
    if hint is date:
        return date.fromisoformat(value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    return noun(cast(type[Any], hint), value) if dataclasses.is_dataclass(hint) else value
