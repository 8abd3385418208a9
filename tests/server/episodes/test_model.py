from dataclasses import replace
from datetime import UTC, datetime

import pytest

from server.episodes.lifecycle import Method, Phase
from server.episodes.model import Episode, WrongPhase

EPISODE = Episode("ep_1", 1, "一期", Method.DRAW, Phase.DRAFT, datetime(2026, 3, 6, tzinfo=UTC))


@pytest.mark.parametrize(
    ("district", "category", "expected"),
    [
        ("", "", {}),  # the whole registry (不定向)
        ("城东区", "", {"district": "城东区"}),
        ("", "catering", {"category": "catering"}),
        ("城东区", "catering", {"district": "城东区", "category": "catering"}),
    ],
)
def test_the_filter_holds_what_is_named(district, category, expected) -> None:
    assert replace(EPISODE, district=district, category=category).filter == expected


def test_a_step_that_the_course_does_not_have_is_refused() -> None:
    EPISODE.check_move(Phase.DRAWING)
    with pytest.raises(WrongPhase):
        EPISODE.check_move(Phase.LIVE)


def test_what_belongs_to_another_phase_is_refused() -> None:
    EPISODE.check_phase(Phase.DRAFT, Phase.DRAWING)
    with pytest.raises(WrongPhase):
        EPISODE.check_phase(Phase.LIVE)
