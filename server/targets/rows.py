"""Reading a register: rows that are good, rows that are not and why, and what was tidied. No I/O."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from server.targets.model import Row, tidy

MAX_CELL = 1000
WHOLE_ROW = "(row)"


@dataclass(frozen=True)
class BadCell:
    """One cell that could not be used. `line` counts from 1, the header's; `number` is the column's, from 1."""

    line: int
    number: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        place = f"line {self.line}, column {self.number} ({self.column})" if self.number else f"line {self.line}"
        return f"{place}, value {self.value!r}: {self.reason}"


@dataclass(frozen=True)
class Conflict:
    """Two rows under one key that say different things: the one with more cells filled was kept, else the first."""

    key: str
    kept: int
    dropped: int


@dataclass
class Reading:
    """Everything that a file came to: every row is in exactly one of `rows`, `refused`, `same` and `conflicts`."""

    total: int = 0
    rows: dict[str, tuple[int, Row]] = field(default_factory=dict)
    refused: list[BadCell] = field(default_factory=list)
    same: list[tuple[int, int]] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    left_out: list[BadCell] = field(default_factory=list)
    blanks: Counter[str] = field(default_factory=Counter)
    tidied: Counter[str] = field(default_factory=Counter)


class Refused(Exception):
    """A row that cannot be used, with the cell that is at fault."""

    def __init__(self, cell: BadCell) -> None:
        super().__init__(str(cell))
        self.cell = cell


@dataclass(frozen=True)
class Record:
    """One row of the file: its tidied cells, and what an importer may say about them."""

    line: int
    cells: Mapping[str, str]
    reading: Reading

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def refuse(self, column: str, reason: str) -> NoReturn:
        """The whole row cannot be used because of this cell."""
        raise Refused(self._bad(column, reason))

    def leave_out(self, column: str, reason: str) -> None:
        """The row is kept without this cell."""
        self.reading.left_out.append(self._bad(column, reason))

    def count(self, what: str) -> None:
        """Something was tidied."""
        self.reading.tidied[what] += 1

    def require(self, *columns: str) -> None:
        """Refuses a row that leaves one of these blank."""
        for column in columns:
            if not self.cells[column]:
                self.refuse(column, "is blank; every target has one")

    def _bad(self, column: str, reason: str) -> BadCell:
        return BadCell(self.line, list(self.cells).index(column) + 1, column, self.cells[column], reason)


Make = Callable[[Record], Row]
"""Makes a row of a record, or refuses it."""


def gather(lines: Iterable[tuple[int, list[str]]], columns: Sequence[str], make: Make) -> Reading:
    """Reads (line number, cells) into rows; of rows with the same key the fullest is kept, of equals the first."""
    reading = Reading()
    variants: dict[str, list[tuple[int, Row]]] = {}
    for line, raw in lines:
        if not any(cell.strip() for cell in raw):
            reading.tidied["empty lines"] += 1
            continue
        reading.total += 1
        try:
            row = make(Record(line, _cells(line, raw, columns, reading), reading))
        except Refused as problem:
            reading.refused.append(problem.cell)
        else:
            _add(reading, variants.setdefault(row.key, []), line, row)
    for key, found in variants.items():
        _choose(reading, key, found)
    return reading


def _add(reading: Reading, variants: list[tuple[int, Row]], line: int, row: Row) -> None:
    for earlier, known in variants:
        if known == row:
            reading.same.append((line, earlier))
            return
    variants.append((line, row))


def _choose(reading: Reading, key: str, variants: list[tuple[int, Row]]) -> None:
    kept, row = max(variants, key=lambda variant: (variant[1].filled, -variant[0]))
    reading.rows[key] = (kept, row)
    reading.conflicts += [Conflict(key, kept, line) for line, _ in variants if line != kept]


def _cells(line: int, raw: list[str], columns: Sequence[str], reading: Reading) -> dict[str, str]:
    if len(raw) != len(columns):
        reason = f"has {len(raw)} cells where the header has {len(columns)}; a comma inside a cell needs quotes"
        raise Refused(BadCell(line, 0, WHOLE_ROW, ",".join(raw)[:60], reason))
    for number, (column, text) in enumerate(zip(columns, raw, strict=True), 1):
        if len(text) > MAX_CELL:
            reason = f"is {len(text)} characters long, at most {MAX_CELL} are read"
            raise Refused(BadCell(line, number, column, text[:40] + "…", reason))
    return {column: _tidied(column, text, reading) for column, text in zip(columns, raw, strict=True)}


def _tidied(column: str, text: str, reading: Reading) -> str:
    clean = tidy(text)
    if not clean:
        reading.blanks[column] += 1
    if text != text.strip():
        reading.tidied["spaces at the ends"] += 1
    if "  " in text.strip():
        reading.tidied["spaces in a row"] += 1
    if unicodedata.normalize("NFC", text) != text:
        reading.tidied["other spellings of a letter"] += 1
    if any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") for c in text):
        reading.tidied["invisible characters"] += 1
    return clean
