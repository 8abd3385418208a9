"""A CSV file as lines of cells, or a refusal that says where it is broken. Knows no format. No I/O."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from server.kit.errors import Invalid

UTF8, GB18030 = "utf-8-sig", "gb18030"


class UnusableFile(Invalid):
    """A file of which no row can be read."""


def lines(data: bytes, columns: Sequence[str], encodings: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of each row below the header, which must name exactly these columns.

    A row that spans several lines has the number of its first.
    """
    reader = csv.reader(io.StringIO(_decoded(data, encodings), newline=""), strict=True)
    start = 1
    try:
        _check_header([name.strip() for name in next(reader, [])], columns)
        start = reader.line_num + 1
        for cells in reader:
            yield start, cells
            start = reader.line_num + 1
    except csv.Error as problem:
        raise _unreadable(start, reader.line_num, problem) from None


def _unreadable(start: int, end: int, problem: csv.Error) -> UnusableFile:
    if "field larger than" in str(problem):
        return UnusableFile(
            "Line {line} begins a cell that goes on for more than {limit} characters, to line {end}. Is a quote open?",
            line=start,
            end=end,
            limit=csv.field_size_limit(),
        )
    if "unexpected end of data" in str(problem):
        return UnusableFile(
            "Line {line} opens a quote that is never closed. Close it, or double the quote if it is part of the text.",
            line=start,
        )
    return UnusableFile(
        "Line {line} cannot be read as CSV ({problem}). Put cells that hold quotes in quotes, and double those inside.",
        line=end,
        problem=problem,
    )


def _decoded(data: bytes, encodings: Sequence[str]) -> str:
    if (at := data.find(b"\0")) >= 0:
        raise UnusableFile(
            "Line {line}, byte {byte} is a NUL, so this is no text file. Save it as CSV in UTF-8.", **_place(data, at)
        )
    furthest = 0
    for encoding in encodings[:1] if _is_utf8_but_damaged(data) else encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as problem:
            furthest = max(furthest, problem.start)
        else:
            if text.strip():
                return text
            raise UnusableFile("The file is empty. A register begins with a line of column names.")
    raise UnusableFile(
        "Line {line}, byte {byte} is not text in {encodings}. Save the file as CSV in UTF-8.",
        encodings=" or ".join("UTF-8" if encoding == UTF8 else encoding.upper() for encoding in encodings),
        **_place(data, furthest),
    )


def _is_utf8_but_damaged(data: bytes) -> bool:
    """Whether all but a few characters are UTF-8. As GB 18030 such a file may decode too, into other words."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return 0 < broken * 10 <= sum(not character.isascii() for character in text)


def _place(data: bytes, at: int) -> dict[str, Any]:
    return {"line": data.count(b"\n", 0, at) + 1, "byte": at - data.rfind(b"\n", 0, at)}


def _check_header(header: list[str], columns: Sequence[str]) -> None:
    for number, (found, wanted) in enumerate(zip(header, columns, strict=False), 1):
        if found != wanted:
            raise UnusableFile(
                "Line 1, column {number} is “{found}”; this format has “{wanted}” there. See docs/formats.md.",
                number=number,
                found=found[:40],
                wanted=wanted,
            )
    if len(header) != len(columns):
        raise UnusableFile(
            "Line 1 has {found} columns; this format has {wanted}. See docs/formats.md.",
            found=len(header),
            wanted=len(columns),
        )
