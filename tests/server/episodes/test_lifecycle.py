import pytest

from server.episodes.lifecycle import COURSE, ENDS, Method, Phase, is_past, may_move

EVERY = [(method, now, to) for method in Method for now in Phase for to in Phase]


@pytest.mark.parametrize(("method", "now", "to"), EVERY)
def test_an_episode_goes_one_step_on_or_is_cancelled(method: Method, now: Phase, to: Phase) -> None:
    course = COURSE[method]
    next_step = now in course[:-1] and course[course.index(now) + 1] is to
    cancelled = to is Phase.CANCELLED and now not in ENDS
    assert may_move(method, now, to) == (next_step or cancelled)


@pytest.mark.parametrize(
    ("method", "skipped"),
    [
        (Method.DRAW, {Phase.NOMINATING, Phase.VOTING}),  # nobody proposes where lots decide
        (Method.VOTE, {Phase.DRAWING}),
        (Method.SHORTLIST, set()),
    ],
)
def test_every_course_runs_from_draft_to_closed(method: Method, skipped: set[Phase]) -> None:
    course = COURSE[method]
    assert course[0] is Phase.DRAFT
    assert course[-1] is Phase.CLOSED
    assert set(Phase) - set(course) - {Phase.CANCELLED} == skipped


@pytest.mark.parametrize(
    ("phase", "now", "past"),
    [
        (Phase.DRAWING, Phase.LIVE, True),
        (Phase.LIVE, Phase.LIVE, False),
        (Phase.CLOSED, Phase.LIVE, False),
        (Phase.VOTING, Phase.LIVE, False),  # not in this method's course at all
        (Phase.DRAWING, Phase.CANCELLED, False),
    ],
)
def test_what_lies_behind(phase: Phase, now: Phase, past: bool) -> None:
    assert is_past(Method.DRAW, phase, now) is past
