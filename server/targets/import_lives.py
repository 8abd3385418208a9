"""Businesses of the LIVES open format, as San Francisco published them (docs/formats.md). Pure.

Telephone numbers are read and dropped: a registry needs no personal data.
"""

import re

from server.targets.model import Row
from server.targets.rows import BadCell, Cells, Reading, read

COLUMNS = (
    "business_id",
    "name",
    "address",
    "city",
    "postal_code",
    "latitude",
    "longitude",
    "phone_number",
    "TaxCode",
    "business_certificate",
    "application_date",
)
ZIP = re.compile(r"(\d{5})(?:-?\d{4})?")
CATERING = "catering"


def read_lives(data: bytes) -> Reading:
    """Reads businesses.csv."""
    return read(data, COLUMNS, _row, ("utf-8-sig",))


def _row(cells: Cells, reading: Reading) -> Row:
    for column in ("business_id", "name", "address"):
        if not cells[column]:
            raise BadCell(column, "", "is blank; every target has one")
    latitude, longitude = _place(cells, reading)
    return Row(
        key=cells["business_id"],
        name=_unquoted(cells["name"], reading),
        address=cells["address"],
        district=_district(cells["postal_code"], reading),
        category=_category(cells["TaxCode"]),
        latitude=latitude,
        longitude=longitude,
        attributes={name: cells[name] for name in ("TaxCode", "business_certificate") if cells[name]},
    )


def _unquoted(name: str, reading: Reading) -> str:
    """Straight quotes that survive the CSV are part of no name's spelling; they become typographic ones."""
    if '"' not in name:
        return name
    reading.tidied["stray quotes"] += 1
    return re.sub(r'"([^"]*)"', "“\\1”", name).replace('"', "”")


def _district(postal_code: str, reading: Reading) -> str:
    """The postal code's area; anything that is no postal code of five or nine digits is no district."""
    found = ZIP.fullmatch(postal_code)
    if found and found.group(1) != "00000":
        return found.group(1)
    if postal_code:
        reading.tidied["postal codes that are none"] += 1
    return ""


def _category(tax_code: str) -> str:
    """Classes H… prepare and sell food; the rest keep the code's own name."""
    return CATERING if tax_code.upper().startswith("H") or not tax_code else tax_code.upper()


def _place(cells: Cells, reading: Reading) -> tuple[float | None, float | None]:
    if not cells["latitude"] or not cells["longitude"]:
        return None, None
    values = []
    for column, bound in (("latitude", 90), ("longitude", 180)):
        try:
            value = float(cells[column])
        except ValueError:
            raise BadCell(column, cells[column], "is not a number of degrees") from None
        if not -bound <= value <= bound:
            raise BadCell(column, cells[column], f"lies outside ±{bound} degrees")
        values.append(value)
    if values == [0, 0]:
        reading.tidied["places at 0, 0"] += 1
        return None, None
    return values[0], values[1]
