"""The LIVES format: cell by cell, then the real register of San Francisco, number by number."""

from collections import Counter

import pytest

from server.targets.import_lives import COLUMNS, read_lives
from server.targets.model import Row
from server.targets.rows import Conflict, Reading

FULL = {
    "business_id": "19",
    "name": "Nrgize Lifestyle Cafe",
    "address": "1200 Van Ness Ave",
    "city": "San Francisco",
    "postal_code": "94109",
    "latitude": "37.786848",
    "longitude": "-122.421547",
    "phone_number": "+14155240011",
    "TaxCode": "H24",
    "business_certificate": "352312",
    "application_date": "03/14/2018",
}


def read(**cells: str) -> Reading:
    row = ",".join('"' + value.replace('"', '""') + '"' for value in {**FULL, **cells}.values())
    return read_lives(f"{','.join(COLUMNS)}\n{row}\n".encode())


def only(reading: Reading) -> Row:
    assert not reading.refused
    return next(row for _, row in reading.rows.values())


def test_a_full_row_is_read_without_personal_data() -> None:
    row = only(read())
    assert row == Row(
        "19",
        "Nrgize Lifestyle Cafe",
        "1200 Van Ness Ave",
        "94109",
        "catering",
        latitude=37.786848,
        longitude=-122.421547,
        attributes={"TaxCode": "H24", "business_certificate": "352312"},
    )
    assert "4155240011" not in repr(row)


@pytest.mark.parametrize(
    ("postal_code", "district", "left_out"),
    [
        ("94109", "94109", 0),
        ("941091234", "94109", 0),
        ("94109-1234", "94109", 0),
        ("", "", 0),
        ("CA", "", 1),
        ("Ca", "", 1),
        ("941", "", 1),
        ("00000", "", 1),
        ("9410９", "", 1),
    ],
)
def test_the_district_is_the_postal_code_if_it_is_one(postal_code: str, district: str, left_out: int) -> None:
    reading = read(postal_code=postal_code)
    assert only(reading).district == district
    assert len(reading.left_out) == left_out


@pytest.mark.parametrize(
    ("latitude", "longitude", "place", "left_out"),
    [
        ("37.5", "-122.5", (37.5, -122.5), 0),
        ("0", "0", (None, None), 0),
        ("", "", (None, None), 0),
        ("37.5", "", (None, None), 0),
        ("north", "-122.5", (None, None), 1),
        ("91", "-122.5", (None, None), 1),
        ("37.5", "-181", (None, None), 1),
        ("nan", "inf", (None, None), 2),
    ],
)
def test_a_place_is_kept_whole_or_not_at_all(
    latitude: str, longitude: str, place: tuple[float | None, float | None], left_out: int
) -> None:
    reading = read(latitude=latitude, longitude=longitude)
    row = only(reading)
    assert (row.latitude, row.longitude) == place
    assert len(reading.left_out) == left_out


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ('Taqueria "Los Coyotes" #2', "Taqueria “Los Coyotes” #2"),
        ('3" Pizza', "3” Pizza"),
        ("Working Girls' Cafe'", "Working Girls' Cafe'"),
        ("  Penang Garden  Restaurant ", "Penang Garden Restaurant"),
    ],
)
def test_names_lose_straight_quotes_and_spaces_and_nothing_else(name: str, kept: str) -> None:
    assert only(read(name=name)).name == kept


@pytest.mark.parametrize(
    ("tax_code", "category"), [("H25", "catering"), ("H89 ", "catering"), ("", "catering"), ("AA", "AA")]
)
def test_the_category_follows_the_tax_code(tax_code: str, category: str) -> None:
    assert only(read(TaxCode=tax_code)).category == category


@pytest.mark.parametrize("column", ["business_id", "name", "address"])
def test_a_row_without_its_essentials_is_refused(column: str) -> None:
    (cell,) = read(**{column: " "}).refused
    number = COLUMNS.index(column) + 1
    assert str(cell) == f"line 2, column {number} ({column}), value '': is blank; every target has one"


class TestTheRealRegister:
    """Every one of its 7,744 rows is accounted for. Found by looking at the file, not by running this code."""

    @pytest.fixture
    def reading(self, real_register: bytes) -> Reading:
        return read_lives(real_register)

    def test_the_counts_add_up(self, reading: Reading) -> None:
        assert reading.total == 7744
        assert len(reading.rows) == 7725  # 7,729 distinct ids, less the four refused
        assert len(reading.same) == 8
        assert len(reading.conflicts) == 7
        assert len(reading.refused) == 4
        assert 7725 + 8 + 7 + 4 == 7744

    def test_repetitions_are_named(self, reading: Reading) -> None:
        assert reading.same == [
            (1471, 1470),  # 5830
            (2073, 2072),  # 9463
            (2533, 2532),  # 33467
            (3253, 3252),  # 62797
            (3636, 3635),  # 66698, four times in two versions
            (3637, 3634),
            (4528, 4527),  # 75407
            (5199, 5198),  # 80680
        ]

    def test_of_rows_that_differ_the_one_with_the_certificate_is_kept(self, reading: Reading) -> None:
        assert reading.conflicts == [
            Conflict("3543", kept=873, dropped=872),
            Conflict("3566", kept=880, dropped=879),
            Conflict("65826", kept=3558, dropped=3559),
            Conflict("66698", kept=3634, dropped=3635),
            Conflict("68390", kept=3849, dropped=3850),
            Conflict("80829", kept=5212, dropped=5213),
            Conflict("84457", kept=5793, dropped=5794),
        ]
        assert reading.rows["3543"][1].attributes["business_certificate"] == "372127"

    def test_rows_without_name_or_address_are_refused(self, reading: Reading) -> None:
        assert [(cell.line, cell.column) for cell in reading.refused] == [
            (3647, "name"),  # 66759, without an address too
            (4816, "address"),  # 77922, “asdljdlst g fdh”
            (5316, "name"),  # 81462, without an address too
            (6840, "name"),  # 90582
        ]

    def test_postal_codes_that_are_none_are_left_out(self, reading: Reading) -> None:
        assert [(cell.line, cell.value) for cell in reading.left_out] == [
            (1345, "941"),
            (1664, "941"),
            (3410, "CA"),
            (3429, "CA"),
            (3762, "00000"),
            (6408, "Ca"),
            (6991, "00000"),
        ]

    def test_what_was_tidied_is_counted(self, reading: Reading) -> None:
        assert reading.tidied == {
            "spaces at the ends": 6071,  # 6,063 addresses, 5 names, 3 tax codes
            "spaces in a row": 240,  # 210 addresses, 30 names
            "places at 0, 0": 10,
            "straight quotes in names": 4,
            "postal codes of nine digits": 2,
        }

    def test_blank_cells_are_counted(self, reading: Reading) -> None:
        assert reading.blanks == {
            "name": 3,
            "address": 3,
            "city": 2376,
            "postal_code": 288,
            "latitude": 3819,
            "longitude": 3819,
            "phone_number": 5515,
            "TaxCode": 122,
            "business_certificate": 910,
            "application_date": 1679,
        }

    def test_categories_districts_and_places(self, reading: Reading) -> None:
        rows = [row for _, row in reading.rows.values()]
        assert Counter(row.category for row in rows) == {"catering": 7563, "AA": 162}
        assert len({row.district for row in rows if row.district}) == 48
        assert sum(not row.district for row in rows) == 289
        assert sum(row.latitude is not None for row in rows) == 3908
