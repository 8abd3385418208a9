from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from server.draws.pool import Member
from server.episodes.eligibility import Excluded, Rules, Visit, members
from server.targets.model import Candidate, Grade

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 6, 2, tzinfo=UTC)
RULES = Rules(cap=2, interval_days=90)


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


@pytest.mark.parametrize(("grade", "tickets"), [(Grade.A, 1), (Grade.B, 2), (Grade.C, 4), (Grade.D, 8), (None, 2)])
def test_tickets_go_by_grade(grade, tickets) -> None:
    assert members([Candidate("ta_1", grade, False)], [], RULES, NOW, ZONE) == [Member("ta_1", tickets)]


@pytest.mark.parametrize(
    ("visits", "code"),
    [
        ([], None),
        ([days_ago(91)], None),
        ([days_ago(89)], Excluded.MINIMUM_INTERVAL),
        ([days_ago(20), days_ago(50)], Excluded.FREQUENCY_CAP),
        ([days_ago(100), days_ago(200), days_ago(300)], None),  # all of last year
        ([datetime(2025, 12, 31, 17, tzinfo=UTC)], Excluded.MINIMUM_INTERVAL),
    ],
)
def test_whoever_was_inspected_lately_or_often_is_left_out(visits, code) -> None:
    history = [Visit("ta_1", at) for at in visits] + [Visit("ta_2", days_ago(1))]
    (member,) = members([Candidate("ta_1", Grade.B, False)], history, RULES, NOW, ZONE)
    assert member == (Member("ta_1", 0, code.value) if code else Member("ta_1", 2))


def test_the_years_are_those_of_the_city() -> None:
    """An evening in UTC is the next year's first morning in Shanghai."""
    rules = Rules(cap=1, interval_days=0)
    visits = [
        Visit("ta_1", datetime(2025, 12, 31, 15, tzinfo=UTC)),
        Visit("ta_2", datetime(2025, 12, 31, 17, tzinfo=UTC)),
    ]
    candidates = [Candidate("ta_1", None, False), Candidate("ta_2", None, False)]
    first, second = members(candidates, visits, rules, NOW, ZONE)
    assert first.tickets == 2
    assert second.note == Excluded.FREQUENCY_CAP


def test_what_is_closed_or_named_is_left_out_with_its_code() -> None:
    candidates = [Candidate(f"ta_{n}", Grade.D, closed=n == 1) for n in (1, 2, 3)]
    found = members(candidates, [], RULES, NOW, ZONE, named={"ta_2": Excluded.JOINT_INSPECTION})
    assert [(m.tickets, m.note) for m in found] == [(0, "closed"), (0, "joint_inspection"), (8, "")]


def test_a_shortlist_is_drawn_with_a_ticket_each() -> None:
    candidates = [Candidate("ta_1", Grade.A, False), Candidate("ta_2", Grade.D, False)]
    assert [m.tickets for m in members(candidates, [], RULES, NOW, ZONE, alike=True)] == [1, 1]
