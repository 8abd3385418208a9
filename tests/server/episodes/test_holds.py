from datetime import UTC, datetime

from server.episodes.holds import Change, Hold, What
from server.episodes.lifecycle import Method, Phase
from server.episodes.model import Episode
from server.kit.documents import document, noun

AT = datetime(2026, 11, 23, 1, tzinfo=UTC)


def test_holds_and_changes_are_kept_in_the_episodes_document() -> None:
    change = Change(AT, "live", What.HELD, "empty_pool", message="{n} fit.", values={"n": "0"}, weeks=("2026-W40",))
    episode = Episode(
        "ep_1", 1, "一期", Method.DRAW, Phase.DRAFT, AT, holds={"live": Hold(AT, "operator", AT)}, changes=(change,)
    )
    assert noun(Episode, document(episode)) == episode


def test_an_episode_from_before_has_neither() -> None:
    old = {"_id": "ep_1", "number": 1, "title": "一期", "method": "draw", "phase": "draft", "created_at": AT}
    episode = noun(Episode, old)
    assert (episode.timed, episode.holds, episode.changes) == (False, {}, ())
