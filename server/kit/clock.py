"""The one place that asks the machine what time it is; everything else is given a Clock."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_last = 0, EPOCH


def now() -> datetime:
    """The present moment, aware, in UTC, whole milliseconds (what the database keeps).

    Asked many times in a millisecond by a busy server, so the last answer is kept.
    """
    global _last  # noqa: PLW0603  one tuple, replaced whole: no lock is needed
    millisecond, moment = _last
    present = time.time_ns() // 1_000_000
    if present != millisecond:
        moment = EPOCH + timedelta(milliseconds=present)
        _last = present, moment
    return moment


def iso(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds: `2026-03-06T02:00:00.000Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
