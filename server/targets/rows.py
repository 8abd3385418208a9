"""Reading a register: rows that are good, rows that are not and why, and what was tidied. No I/O."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from server.kit.errors import Invalid
from server.targets.model import Row, tidy

MAX_CELL = 1000


class UnusableFile(Invalid):
    """A file of which no row can be read."""


class BadCell(Exception):
    """One cell that cannot be used: its column, what it holds, why."""

    def __init__(self, column: str, value: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.value = value
        self.reason = reason


@dataclass(frozen=True)
class BadRow:
    """A row that was refused. `line` counts from 1, the header being line 1."""

    line: int
    column: str
    value: str
    reason: str


@dataclass
class Reading:
    """Everything that a file came to: every row is in exactly one of `rows`, `bad`, `same` and `conflicting`."""

    total: int = 0
    rows: dict[str, tuple[int, Row]] = field(default_factory=dict)
    bad: list[BadRow] = field(default_factory=list)
    same: list[tuple[int, int]] = field(default_factory=list)
    conflicting: list[tuple[int, int, str]] = field(default_factory=list)
    blanks: Counter[str] = field(default_factory=Counter)
    tidied: Counter[str] = field(default_factory=Counter)


Cells = dict[str, str]
Make = Callable[[Cells, Reading], Row]
"""Makes a row of tidied cells, or raises BadCell."""


def read(data: bytes, columns: Sequence[str], make: Make, encodings: Sequence[str]) -> Reading:
    """Reads a CSV file with exactly these columns. Of rows with the same key the first is kept."""
    reading = Reading()
    for line, raw in _lines(_decoded(data, encodings), columns):
        reading.total += 1
        try:
            cells = _cells(line, raw, columns, reading)
            _keep(reading, line, make(cells, reading))
        except BadCell as problem:
            reading.bad.append(BadRow(line, problem.column, problem.value, problem.reason))
    return reading


def _keep(reading: Reading, line: int, row: Row) -> None:
    if row.key not in reading.rows:
        reading.rows[row.key] = (line, row)
        return
    first, kept = reading.rows[row.key]
    if kept == row:
        reading.same.append((line, first))
    else:
        reading.conflicting.append((line, first, row.key))


def _cells(line: int, raw: list[str], columns: Sequence[str], reading: Reading) -> Cells:
    if len(raw) != len(columns):
        raise BadCell("(row)", ",".join(raw)[:60], f"has {len(raw)} cells, the header has {len(columns)}")
    cells = {}
    for column, text in zip(columns, raw, strict=True):
        cells[column] = _tidied(column, text, reading)
    return cells


def _tidied(column: str, text: str, reading: Reading) -> str:
    if len(text) > MAX_CELL:
        raise BadCell(column, text[:40] + "…", f"is {len(text)} characters long, at most {MAX_CELL} are read")
    clean = tidy(text)
    if not clean:
        reading.blanks[column] += 1
    if text != text.strip():
        reading.tidied["spaces at the ends"] += 1
    if "  " in text.strip():
        reading.tidied["spaces in a row"] += 1
    return clean


def _decoded(data: bytes, encodings: Sequence[str]) -> str:
    if not data.strip():
        raise UnusableFile("The file is empty. A register begins with a line of column names.")
    if b"\0" in data:
        line = data[: data.index(b"\0")].count(b"\n") + 1
        raise UnusableFile("Line {line} holds a NUL byte, so this is no text file. Save it as CSV in UTF-8.", line=line)
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as problem:
            at = problem.start
    line = data[:at].count(b"\n") + 1
    raise UnusableFile(
        "Line {line} is not text in {encodings}. Save the file as CSV in UTF-8.",
        line=line,
        encodings=" / ".join(encodings),
    )


def _lines(text: str, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of each row that is not wholly empty; the header is checked first."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [tidy(name) for name in next(reader)]
        if header != list(columns):
            _refuse_header(header, columns)
        start = reader.line_num + 1
        for cells in reader:
            if any(cells):
                yield start, cells
            start = reader.line_num + 1
    except csv.Error as problem:
        raise UnusableFile(
            "Line {line} cannot be read as CSV ({problem}). A quote that is opened must be closed.",
            line=reader.line_num,
            problem=problem,
        ) from None


def _refuse_header(header: list[str], columns: Sequence[str]) -> None:
    for number, (found, wanted) in enumerate(zip(header, columns, strict=False), 1):
        if found != wanted:
            raise UnusableFile(
                "Line 1, column {number} is “{found}”; this format has “{wanted}” there. See docs/formats.md.",
                number=number,
                found=found[:40],
                wanted=wanted,
            )
    raise UnusableFile(
        "Line 1 has {found} columns; this format has {wanted}. See docs/formats.md.",
        found=len(header),
        wanted=len(columns),
    )
