"""The official calendar of China: public holidays and the make-up days (调休) worked for them. Pure.

The State Council publishes a year's days in the autumn before; chinesecalendar keeps them from 2004 on. A day that is
not published yet counts as its weekday says, and `is_known` says so. docs/decisions/0009-official-holidays.md.
"""

from datetime import date

from chinese_calendar import constants

from scheduler.deadlines import Calendar

CHINA = Calendar(frozenset(constants.holidays), frozenset(constants.workdays))
KNOWN_FROM = date(min(constants.holidays).year, 1, 1)
KNOWN_UNTIL = date(max(constants.holidays).year, 12, 27)
"""New Year's holiday is published with the year that it begins, and may reach back, never further than 29 December."""


def is_known(day: date) -> bool:
    """Whether the calendar that covers this day has been published (to the version of the library that we have)."""
    return KNOWN_FROM <= day <= KNOWN_UNTIL
