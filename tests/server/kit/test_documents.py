from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum

import pytest

from server.kit.documents import document, maybe, noun


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Step:
    at: datetime
    to: Colour


@dataclass(frozen=True)
class Thing:
    id: str
    colour: Colour
    due_on: date
    steps: tuple[Step, ...] = ()
    names: tuple[str, ...] = ()
    maybe_colour: Colour | None = None
    inner: Step | None = None
    plan: Mapping[str, datetime] = field(default_factory=dict)
    by_colour: Mapping[Colour, int] = field(default_factory=dict)
    raw: bytes = b""
    count: int = 0


AT = datetime(2026, 3, 6, 2, tzinfo=UTC)
FULL = Thing(
    id="th_1",
    colour=Colour.RED,
    due_on=date(2026, 3, 9),
    steps=(Step(AT, Colour.BLUE), Step(AT, Colour.RED)),
    names=("甲", "乙"),
    maybe_colour=Colour.BLUE,
    inner=Step(AT, Colour.RED),
    plan={"live": AT},
    by_colour={Colour.RED: 1},
    raw=b"\x00\x01",
    count=3,
)


@pytest.mark.parametrize("thing", [FULL, Thing("th_2", Colour.BLUE, date(2026, 1, 1))], ids=["full", "bare"])
def test_a_noun_comes_back_as_it_went(thing: Thing) -> None:
    assert noun(Thing, document(thing)) == thing


def test_a_document_holds_plain_values_only() -> None:
    kept = document(FULL)
    assert kept["_id"] == "th_1"
    assert "id" not in kept
    assert kept["colour"] == "red"
    assert type(kept["colour"]) is str
    assert kept["due_on"] == "2026-03-09"
    assert kept["steps"] == [{"at": AT, "to": "blue"}, {"at": AT, "to": "red"}]
    assert kept["by_colour"] == {"red": 1}


def test_a_field_that_the_document_lacks_keeps_its_default() -> None:
    assert noun(Thing, {"_id": "th_3", "colour": "red", "due_on": "2026-01-01"}).count == 0


def test_a_field_that_the_noun_lacks_is_left_out() -> None:
    assert noun(Thing, {**document(FULL), "from_a_newer_server": 1}) == FULL


async def test_the_database_keeps_a_noun_as_it_is(database) -> None:
    things = database.collection("things")
    await things.insert(document(FULL))
    assert maybe(Thing, await things.find_one({"_id": "th_1"})) == FULL
    assert maybe(Thing, await things.find_one({"_id": "nobody"})) is None
