"""Businesses of the LIVES open format, as San Francisco published them (docs/formats.md). Pure.

Telephone numbers are not kept: a registry needs no personal data.
"""

import re

from server.targets.csv_file import UTF8, lines
from server.targets.model import Row
from server.targets.rows import Reading, Record, gather

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
ZIP = re.compile(r"([0-9]{5})(-?[0-9]{4})?")
NO_ZIP = "00000"
CATERING = "catering"
DEGREES = {"latitude": 90, "longitude": 180}


def read_lives(data: bytes) -> Reading:
    """Reads businesses.csv."""
    return gather(lines(data, COLUMNS, (UTF8,)), COLUMNS, _row)


def _row(record: Record) -> Row:
    record.require("business_id", "name", "address")
    latitude, longitude = _place(record)
    return Row(
        key=record["business_id"],
        name=_name(record),
        address=record["address"],
        district=_district(record),
        category=_category(record["TaxCode"]),
        latitude=latitude,
        longitude=longitude,
        attributes={name: record[name] for name in ("TaxCode", "business_certificate") if record[name]},
    )


def _name(record: Record) -> str:
    """Straight quotes that survive the CSV are part of no name's spelling; they become typographic ones."""
    if '"' not in record["name"]:
        return record["name"]
    record.count("straight quotes in names")
    return re.sub(r'"([^"]*)"', "“\\1”", record["name"]).replace('"', "”")


def _district(record: Record) -> str:
    """The postal code's five digits; anything that is no postal code is left out, and the row kept."""
    text = record["postal_code"]
    found = ZIP.fullmatch(text)
    if found and found[1] != NO_ZIP:
        if found[2]:
            record.count("postal codes of nine digits")
        return found[1]
    if text:
        record.leave_out("postal_code", "is no postal code of five or nine digits")
    return ""


def _category(tax_code: str) -> str:
    """Classes H… prepare and sell food; the rest keep the code's own name."""
    return CATERING if tax_code.upper().startswith("H") or not tax_code else tax_code.upper()


def _place(record: Record) -> tuple[float | None, float | None]:
    """Both degrees or none: half a place, and one that lies nowhere, is left out."""
    values = [_degrees(record, column) for column in DEGREES]
    if values == [0, 0]:
        record.count("places at 0, 0")
        return None, None
    latitude, longitude = values
    return (None, None) if latitude is None or longitude is None else (latitude, longitude)


def _degrees(record: Record, column: str) -> float | None:
    if not record[column]:
        return None
    try:
        value = float(record[column])
    except ValueError:
        record.leave_out(column, "is not a number of degrees")
        return None
    if not -DEGREES[column] <= value <= DEGREES[column]:  # NaN lies in no interval
        record.leave_out(column, f"lies outside ±{DEGREES[column]} degrees")
        return None
    return value
