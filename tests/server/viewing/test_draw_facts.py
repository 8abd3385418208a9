from dataclasses import fields

from server.viewing.draw_facts import DrawPage, WitnessPage
from server.viewing.facts import EpisodePage


def test_a_draws_json_holds_what_the_specification_promises() -> None:
    assert {"announcement", "facts", "pool_url", "other_draws", "place", "chain"} <= {f.name for f in fields(DrawPage)}


def test_live_pages_say_up_to_where_they_have_seen_the_ledger() -> None:
    for page in (DrawPage, WitnessPage, EpisodePage):
        assert "events_from" in {f.name for f in fields(page)}
