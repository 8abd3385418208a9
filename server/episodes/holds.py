"""What a plan went through: steps that are held, and the changes that the public can read. Pure.

An episode keeps both in its document: `holds` by step, `changes` oldest first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

BY_OPERATOR = "operator"
MISSED = "missed"
"""Codes of a hold that no refusal gave; all others are the kind of the refusal."""


class What(StrEnum):
    """What happened to a plan. The last three are said when the weekly cycle makes it."""

    HELD = "held"
    RESUMED = "resumed"
    MOVED = "moved"
    BROUGHT_FORWARD = "brought_forward"
    HOLIDAY = "holiday"
    SKIPPED = "skipped"
    UNKNOWN_CALENDAR = "unknown_calendar"


@dataclass(frozen=True)
class Hold:
    """A step that does not come by itself until it is resumed."""

    at: datetime
    code: str
    resumed_at: datetime | None = None


@dataclass(frozen=True)
class Change:
    """One change of a plan. `reason` was typed by an operator (its digest in the ledger is salted with `salt`);
    `message` with its `values` is the sentence of the refusal that held the step."""

    at: datetime
    step: str
    what: What
    code: str = ""
    reason: str = ""
    salt: str = ""
    message: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    before: datetime | None = None
    after: datetime | None = None
    weeks: tuple[str, ...] = ()
