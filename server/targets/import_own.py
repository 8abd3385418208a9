"""The house's own format: name,address,district,category,code,grade,key (docs/formats.md). Pure."""

from server.kit.errors import Invalid
from server.targets import credit_code
from server.targets.model import Grade, Row
from server.targets.rows import BadCell, Cells, Reading, read

COLUMNS = ("name", "address", "district", "category", "code", "grade", "key")
ENCODINGS = ("utf-8-sig", "gb18030")


def read_own(data: bytes) -> Reading:
    """Reads the file."""
    return read(data, COLUMNS, _row, ENCODINGS)


def _row(cells: Cells, _reading: Reading) -> Row:
    for column in ("name", "address", "category"):
        if not cells[column]:
            raise BadCell(column, "", "is blank; every target has one")
    code = _code(cells["code"])
    return Row(
        key=cells["key"] or code or f"{cells['name']}|{cells['address']}",
        name=cells["name"],
        address=cells["address"],
        district=cells["district"],
        category=cells["category"],
        code=code,
        grade=_grade(cells["grade"]),
    )


def _code(text: str) -> str | None:
    if not text:
        return None
    try:
        return credit_code.check(text)
    except Invalid as problem:
        raise BadCell("code", text, str(problem)) from None


def _grade(text: str) -> Grade | None:
    if not text:
        return None
    try:
        return Grade(text.upper())
    except ValueError:
        raise BadCell("grade", text, "is none of A, B, C, D") from None
