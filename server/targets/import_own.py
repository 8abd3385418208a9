"""The house's own format: name,address,district,category,code,grade,key (docs/formats.md). Pure."""

import unicodedata

from server.kit.errors import Invalid
from server.targets import credit_code
from server.targets.csv_file import GB18030, UTF8, lines
from server.targets.model import Grade, Row
from server.targets.rows import Reading, Record, gather

COLUMNS = ("name", "address", "district", "category", "code", "grade", "key")


def read_own(data: bytes) -> Reading:
    """Reads the file."""
    return gather(lines(data, COLUMNS, (UTF8, GB18030)), COLUMNS, _row)


def _row(record: Record) -> Row:
    record.require("name", "address", "category")
    code = _code(record)
    return Row(
        key=record["key"] or code or f"{record['name']}|{record['address']}",
        name=record["name"],
        address=record["address"],
        district=record["district"],
        category=record["category"],
        code=code,
        grade=_grade(record),
    )


def _code(record: Record) -> str | None:
    if not record["code"]:
        return None
    try:
        return credit_code.check(record["code"])
    except Invalid as problem:
        record.refuse("code", str(problem))


def _grade(record: Record) -> Grade | None:
    if not record["grade"]:
        return None
    try:
        return Grade(unicodedata.normalize("NFKC", record["grade"]).upper())
    except ValueError:
        record.refuse("grade", "is none of A, B, C, D")
