"""The house's own format."""

import pytest

from server.targets.import_own import read_own
from server.targets.model import Grade, Row
from server.targets.rows import Conflict
from tests.server.targets.conftest import own

CODE = "91350100M000100Y43"


def test_a_full_row_is_read() -> None:
    reading = read_own(own((" 老王面馆 ", "和平路1号", "东区", "catering", CODE.lower(), "b", "D-7")))
    row = Row("D-7", "老王面馆", "和平路1号", "东区", "catering", CODE, Grade.B)
    assert reading.rows == {"D-7": (2, row)}


@pytest.mark.parametrize(
    ("code", "key", "taken", "why"),
    [
        (CODE, "D-7", "D-7", "the register's own key"),
        (CODE, "", CODE, "else the code"),
        ("", "", "老王面馆|和平路1号", "else name and address"),
    ],
)
def test_a_row_goes_by_the_best_name_it_has(code: str, key: str, taken: str, why: str) -> None:
    reading = read_own(own(("老王面馆", "和平路1号", "", "catering", code, "", key)))
    assert list(reading.rows) == [taken], why


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (("", "a", "", "catering", "", "", ""), "line 2, column 1 (name), value '': is blank; every target has one"),
        (("n", "", "", "catering", "", "", ""), "line 2, column 2 (address), value '': is blank; every target has one"),
        (("n", "a", "", "", "", "", ""), "line 2, column 4 (category), value '': is blank; every target has one"),
        (
            ("n", "a", "", "catering", "91350100M000100Y44", "", ""),
            "line 2, column 5 (code), value '91350100M000100Y44': The check character is “4”, "
            "but the other seventeen give “3”: some character is wrong.",
        ),
        (("n", "a", "", "catering", "", "E", ""), "line 2, column 6 (grade), value 'E': is none of A, B, C, D"),
    ],
)
def test_a_bad_cell_refuses_its_row_alone(cells: tuple[str, ...], message: str) -> None:
    reading = read_own(own(cells, ("好店", "a", "", "catering", "", "", "")))
    assert [str(cell) for cell in reading.refused] == [message]
    assert len(reading.rows) == 1


def test_of_premises_of_one_code_without_keys_the_dropped_one_is_named() -> None:
    """One code, no key of their own: they are one target, and the report says which line it cost."""
    rows = [(f"店{n}", f"和平路{n}号", "东区", "catering", CODE, "", "") for n in range(2)]
    reading = read_own(own(*rows))
    assert reading.conflicts == [Conflict(CODE, kept=2, dropped=3)]
    keyed = read_own(own(*((*row[:6], f"K{n}") for n, row in enumerate(rows))))
    assert len(keyed.rows) == 2


def test_a_grade_of_full_width_is_one() -> None:
    ((_, row),) = read_own(own(("店", "a", "", "catering", "", "Ａ", "1"))).rows.values()
    assert row.grade is Grade.A


def test_gb_18030_is_read_as_well() -> None:
    data = own(("老王面馆", "和平路1号", "东区", "catering", "", "", "1"))
    assert read_own(data.decode().encode("gb18030")).rows == read_own(data).rows
