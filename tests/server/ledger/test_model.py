import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from server.ledger.merkle import leaf_hash
from server.ledger.model import BODY, MAX_ENTRY_BYTES, Entry, Fact, Kind, MalformedFact, fact_of

AT = datetime(2026, 3, 6, 2, 0, 0, 123000, tzinfo=UTC)


def moved(**changes):
    body = {"from": "draft", "to": "nominating", "reason": None}
    return Fact(
        **{"kind": Kind.EPISODE_MOVED, "at": AT, "subject": "ep_1", "by": "m", "body": body, "episode": "ep_1"}
        | changes
    )


def test_every_kind_has_its_keys():
    assert set(BODY) == set(Kind)
    assert all(BODY.values())


def test_the_hashed_bytes_are_canonical_json():
    assert moved().raw() == (
        b'{"at":"2026-03-06T02:00:00.123Z","body":{"from":"draft","reason":null,"to":"nominating"},'
        b'"by":"m","episode":"ep_1","kind":"episode.moved","subject":"ep_1","v":1}'
    )


def test_words_are_kept_as_utf_8_and_never_span_lines():
    raw = moved(body={"from": "票决", "to": "line\nbreak", "reason": "\u2028"}).raw()
    assert "票决".encode() in raw
    assert b"\n" not in raw


def test_one_moment_has_one_form_whatever_its_zone():
    assert moved(at=AT.astimezone(timezone(timedelta(hours=8)))).raw() == moved().raw()


def test_a_fact_is_what_its_bytes_say():
    assert fact_of(moved().raw()) == moved()


@pytest.mark.parametrize(
    "body",
    [{}, {"from": 1, "to": 2}, {"from": 1, "to": 2, "reason": 3, "name": "Zhang San"}],
    ids=["none", "too few", "too many"],
)
def test_a_body_has_exactly_the_keys_of_its_kind(body):
    with pytest.raises(MalformedFact, match=r"episode\.moved needs the keys \['from', 'reason', 'to'\]"):
        moved(body=body).raw()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, "\ud800", b"bytes", AT, {1: 2}], ids=repr)
def test_a_value_without_a_canonical_form_is_refused(value):
    with pytest.raises(MalformedFact, match=r"episode\.moved has no canonical form"):
        moved(body={"from": value, "to": "", "reason": ""}).raw()


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(MalformedFact, match="no time zone"):
        moved(at=AT.replace(tzinfo=None)).raw()


def test_a_fact_has_a_largest_size():
    with pytest.raises(MalformedFact, match="at most 65536"):
        moved(body={"from": "x" * MAX_ENTRY_BYTES, "to": "", "reason": ""}).raw()


def test_a_fact_of_another_version_is_not_guessed_at():
    said = json.loads(moved().raw()) | {"v": 2}
    with pytest.raises(MalformedFact, match="version 2"):
        fact_of(json.dumps(said).encode())


def test_the_leaf_hash_is_that_of_the_bytes():
    entry = Entry(0, moved(), moved().raw())
    assert entry.leaf_hash == leaf_hash(moved().raw())
