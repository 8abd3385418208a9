"""Reading a checklist file (docs/formats.md). No I/O."""

import json
import re
from typing import Any

from server.kit.errors import Invalid
from server.targets.model import Item

CODE = re.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
SEVERITIES = ("low", "medium", "high", "critical")


class BadChecklist(Invalid):
    """A checklist file that cannot be published; the message says which field and why."""


def read_checklist(data: bytes) -> tuple[str, str, str, tuple[Item, ...]]:
    """Code, title in Chinese, title in English, items."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as problem:
        raise BadChecklist("The checklist is not JSON ({problem}).", problem=problem) from None
    if not isinstance(found, dict) or not isinstance(found.get("items"), list) or not found["items"]:
        raise BadChecklist("The checklist is not an object with a list of “items”.")
    title_zh, title_en = _both(found, "title", "the checklist")
    items = tuple(_item(item, number) for number, item in enumerate(found["items"], 1))
    codes = [item.code for item in items]
    if twice := next((code for code in codes if codes.count(code) > 1), None):
        raise BadChecklist("Two items have the code {code}.", code=twice)
    return _code(found, "the checklist"), title_zh, title_en, items


def _item(found: Any, number: int) -> Item:
    where = f"item {number}"
    if not isinstance(found, dict):
        raise BadChecklist("{at} is not an object.", at=where)
    severity = _text(found, "severity", where)
    if severity not in SEVERITIES:
        raise BadChecklist(
            "The severity of {at} is “{value}”; use {known}.", at=where, value=severity, known=", ".join(SEVERITIES)
        )
    title_zh, title_en = _both(found, "title", where)
    look_zh, look_en = _both(found, "look_for", where)
    plain_zh, plain_en = _both(found, "plain_words", where)
    return Item(
        code=_code(found, where),
        title_zh=title_zh,
        title_en=title_en,
        legal_basis=_text(found, "legal_basis", where),
        look_for_zh=look_zh,
        look_for_en=look_en,
        severity=severity,
        plain_words_zh=plain_zh,
        plain_words_en=plain_en,
    )


def _code(found: dict[str, Any], where: str) -> str:
    """A code, which is part of addresses and of form fields."""
    code = _text(found, "code", where)
    if not CODE.fullmatch(code):
        raise BadChecklist(
            "The code of {at} is “{value}”; use up to 64 letters a to z, digits, points, hyphens and underscores.",
            at=where,
            value=code[:64],
        )
    return code


def _both(found: dict[str, Any], name: str, where: str) -> tuple[str, str]:
    words = found.get(name)
    if not isinstance(words, dict):
        raise BadChecklist("“{name}” of {at} is not an object with “zh” and “en”.", name=name, at=where)
    return _text(words, "zh", f"“{name}” of {where}"), _text(words, "en", f"“{name}” of {where}")


def _text(found: dict[str, Any], name: str, where: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value.strip():
        raise BadChecklist("“{name}” of {at} is missing or blank.", name=name, at=where)
    return value.strip()
