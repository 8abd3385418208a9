"""Files as people have them: encodings, line ends, and broken in every way, each with a message that says where."""

import pytest

from server.targets.csv_file import GB18030, UTF8, UnusableFile, lines

COLUMNS = ("name", "address")
HEADER = "name,address\n"
CHINESE = "name,address\n" + "老王面馆,和平路\n" * 20


def read(data: bytes, *encodings: str) -> list[tuple[int, list[str]]]:
    return list(lines(data, COLUMNS, encodings or (UTF8, GB18030)))


@pytest.mark.parametrize(
    "data",
    [
        "name,address\n老王,和平路\n".encode(),
        "\ufeffname,address\n老王,和平路\n".encode(),
        "name,address\r\n老王,和平路\r\n".encode(),
        "name,address\r老王,和平路\r".encode(),
        "name,address\n老王,和平路".encode(),
        "name,address\n老王,和平路\n".encode("gb18030"),
        'name , address\n"老王","和平路"\n'.encode("gbk"),
    ],
    ids=["utf-8", "byte-order mark", "windows", "old mac", "no last line end", "gb 18030", "gbk and quotes"],
)
def test_a_file_is_read_however_it_was_saved(data: bytes) -> None:
    assert read(data) == [(2, ["老王", "和平路"])]


def test_rows_are_numbered_by_their_first_line() -> None:
    data = HEADER.encode() + b'"two\nlines",a\n\n"x, ""y""",b\n'
    assert read(data) == [(2, ["two\nlines", "a"]), (4, []), (5, ['x, "y"', "b"])]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "The file is empty. A register begins with a line of column names."),
        (b" \n\r\n\t", "The file is empty."),
        (b"\xef\xbb\xbf", "The file is empty."),
        (b"\n" + HEADER.encode(), "Line 1 has 0 columns; this format has 2."),
        (HEADER.encode() + b"a,b\nc,\0d\n", "Line 3, byte 3 is a NUL, so this is no text file."),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is a NUL, so this is no text file. Save it as CSV in UTF-8."),
        (HEADER.encode("utf-16"), "Line 1, byte 4 is a NUL, so this is no text file."),
        (HEADER.encode() + b"a,\xff\xff\n", "Line 2, byte 3 is not text in UTF-8 or GB18030."),
        (CHINESE.encode()[:-3] + b"\n", "Line 21, byte 20 is not text in UTF-8 or GB18030."),
        (b"name;address\n", "Line 1, column 1 is “name;address”; this format has “name” there. See docs/formats.md."),
        (b"name,addres\n", "Line 1, column 2 is “addres”; this format has “address” there."),
        (b"name\n", "Line 1 has 1 columns; this format has 2. See docs/formats.md."),
        (b"name,address,grade\n", "Line 1 has 3 columns; this format has 2."),
        (b"Name,address\n", "Line 1, column 1 is “Name”; this format has “name” there."),
        (HEADER.encode() + b'a,b\n"c,d\ne,f\n', "Line 3 opens a quote that is never closed."),
        (
            HEADER.encode() + b'"' + b"x\n" * 200_000,
            "Line 2 begins a cell that goes on for more than 131072 characters",
        ),
        (HEADER.encode() + b'a,b\n"c"d,e\n', "Line 3 cannot be read as CSV (',' expected after '\"')."),
        (b'"name,address\n', "Line 1 opens a quote that is never closed."),
    ],
)
def test_an_unusable_file_is_refused_with_the_place(data: bytes, message: str) -> None:
    with pytest.raises(UnusableFile) as refusal:
        read(data)
    assert message in str(refusal.value)


def test_utf_8_with_a_broken_character_is_not_taken_for_gb_18030() -> None:
    """These bytes are GB 18030 too, but other words: two bytes of a character of three are missing."""
    damaged = CHINESE.encode().replace("老".encode(), "老".encode()[:1], 1)
    damaged.decode("gb18030", "replace")
    with pytest.raises(UnusableFile, match="Line 2, byte 1 is not text in UTF-8"):
        read(damaged)


def test_a_format_may_allow_one_encoding_only() -> None:
    with pytest.raises(UnusableFile, match=r"Line 2, byte 1 is not text in UTF-8\. Save"):
        read("name,address\n老王,和平路\n".encode("gb18030"), UTF8)
