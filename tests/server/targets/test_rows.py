"""Every row ends in exactly one count; of rows under one key the fullest stays."""

import random

import pytest

from server.targets.model import Row
from server.targets.rows import BadCell, Conflict, Reading, Record, gather

COLUMNS = ("key", "name", "district")


def make(record: Record) -> Row:
    record.require("key", "name")
    if record["district"] == "?":
        record.leave_out("district", "is a question")
        return Row(record["key"], record["name"], "a", "", "catering")
    return Row(record["key"], record["name"], "a", record["district"], "catering")


def gathered(*rows: list[str]) -> Reading:
    return gather(enumerate(rows, 2), COLUMNS, make)


def accounted(reading: Reading) -> int:
    return len(reading.rows) + len(reading.same) + len(reading.conflicts) + len(reading.refused)


def test_a_row_that_says_what_an_earlier_one_says_is_counted_with_both_lines() -> None:
    reading = gathered(["1", "a", "x"], ["2", "b", "x"], ["1", " a ", "x"])
    assert reading.same == [(4, 2)]
    assert [line for line, _ in reading.rows.values()] == [2, 3]


@pytest.mark.parametrize(
    ("rows", "kept", "why"),
    [
        ([["1", "a", ""], ["1", "a", "x"]], 3, "the second says more"),
        ([["1", "a", "x"], ["1", "a", ""]], 2, "the first says more"),
        ([["1", "a", "x"], ["1", "b", "y"]], 2, "they say as much: the first"),
        ([["1", "a", ""], ["1", "b", "x"], ["1", "c", "y"]], 3, "the first of the fullest"),
    ],
)
def test_of_rows_that_differ_the_fullest_is_kept_and_of_equals_the_first(
    rows: list[list[str]], kept: int, why: str
) -> None:
    reading = gathered(*rows)
    assert [line for line, _ in reading.rows.values()] == [kept], why
    dropped = [line for line in range(2, 2 + len(rows)) if line != kept]
    assert reading.conflicts == [Conflict("1", kept, line) for line in dropped]


def test_a_repetition_of_a_row_that_was_dropped_is_a_repetition() -> None:
    reading = gathered(["1", "a", "x"], ["1", "a", ""], ["1", "a", ""], ["1", "a", "x"])
    assert reading.same == [(4, 3), (5, 2)]
    assert reading.conflicts == [Conflict("1", 2, 3)]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (["", "a", "x"], "line 2, column 1 (key), value '': is blank; every target has one"),
        (["1", " \t", "x"], "line 2, column 2 (name), value '': is blank; every target has one"),
        (
            ["1", "a"],
            "line 2, value '1,a': has 2 cells where the header has 3; a comma inside a cell needs quotes",
        ),
        (
            ["1", "a", "x", "y"],
            "line 2, value '1,a,x,y': has 4 cells where the header has 3; a comma inside a cell needs quotes",
        ),
        (
            ["1", "a" * 1001, "x"],
            f"line 2, column 2 (name), value '{'a' * 40}…': is 1001 characters long, at most 1000 are read",
        ),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_with_its_place(row: list[str], message: str) -> None:
    reading = gathered(row, ["2", "b", ""])
    assert [str(cell) for cell in reading.refused] == [message]
    assert list(reading.rows) == ["2"]


def test_a_cell_may_be_left_out_while_its_row_is_kept() -> None:
    reading = gathered(["1", "a", "?"])
    assert reading.left_out == [BadCell(2, 3, "district", "?", "is a question")]
    assert len(reading.rows) == 1


def test_tidied_and_blank_cells_and_empty_lines_are_counted() -> None:
    reading = gathered([" 1", "a  b ", ""], [], ["", " ", ""], ["2", "b", " "])
    assert reading.tidied == {"spaces at the ends": 3, "spaces in a row": 1, "empty lines": 2}
    assert reading.blanks == {"district": 2}
    assert reading.total == 2


def test_letters_spelled_anew_and_invisible_characters_are_counted() -> None:
    reading = gathered(["1", "Cafe\u0301", "\u200bx"], ["2", "a\tb", "\u3000x"])
    assert reading.tidied == {
        "other spellings of a letter": 1,
        "invisible characters": 2,
        "spaces at the ends": 1,
    }


def test_the_counts_of_any_file_add_up() -> None:
    chance = random.Random(7)
    for _ in range(200):
        rows = [[chance.choice(["1", "2", ""]), chance.choice("ab"), chance.choice(["x", "", "?"])] for _ in range(12)]
        reading = gathered(*rows, ["too short"])
        assert reading.total == accounted(reading) == 13
