"""Ids, tidying, and what a row says."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from server.targets.model import ROW_FIELDS, Checklist, Grade, Import, Item, Row, Target, id_of, tidy

ROW = Row("7", "老王面馆", "和平路1号", "东区", "catering", attributes={"TaxCode": "H25"})
NOW = datetime(2026, 3, 6, tzinfo=UTC)


def target(row: Row) -> Target:
    return Target("ta_1", "own", created_at=NOW, updated_at=NOW, **{name: getattr(row, name) for name in ROW_FIELDS})


@pytest.mark.parametrize(
    ("text", "kept", "why"),
    [
        ("  2801 Leavenworth St ", "2801 Leavenworth St", "spaces at the ends"),
        ("2nd  Floor", "2nd Floor", "spaces in a row"),
        ("a\tb\r\nc", "a b c", "tabs and line breaks"),
        ("　老王　面馆　", "老王 面馆", "ideographic spaces"),
        ("老王\u200b面馆", "老王面馆", "zero-width spaces are seen by nobody and found by no search"),
        ("\ufeff店\u00ad铺", "店铺", "nor are byte-order marks and soft hyphens"),
        ("老王\u2028面馆\x07", "老王 面馆", "separators and controls are spaces"),
        ("\U00031350记", "\U00031350记", "letters younger than this Python"),
        (b"\xfe\x59\xbc\xc7".decode("gb18030"), "\ue81e记", "private ones, as old GB 18030 has for rare names"),
        ("Cafe\u0301", "Café", "composed"),
        ("面馆（东店）", "面馆（东店）", "full-width brackets are part of the name"),
        ("Grubbin'", "Grubbin'", "apostrophes too"),
        ("\u202eevil", "evil", "no text that turns its direction"),
        (" \u3000\u00a0 ", "", "nothing but spaces"),
    ],
)
def test_text_is_tidied(text: str, kept: str, why: str) -> None:
    assert tidy(text) == kept, why


def test_an_id_depends_on_the_register_and_its_key_alone() -> None:
    assert id_of("own", "7") == id_of("own", "7") == "ta_" + id_of("own", "7")[3:]
    assert len({id_of("own", "7"), id_of("lives", "7"), id_of("own", "8"), id_of("own7", "")}) == 4
    assert len(id_of("own", "7")) == 19


@pytest.mark.parametrize(
    "change",
    [{"name": "老李面馆"}, {"grade": Grade.A}, {"code": "91350100M000100Y43"}, {"attributes": {}}, {"latitude": 1.0}],
)
def test_any_other_word_is_news(change: dict[str, object]) -> None:
    assert target(ROW).says(ROW)
    assert not target(ROW).says(replace(ROW, **change))  # type: ignore[arg-type]


def test_a_row_says_more_with_every_cell_that_is_filled() -> None:
    fuller = [
        replace(ROW, attributes={}),
        ROW,
        replace(ROW, attributes={"TaxCode": "H25", "business_certificate": "372127"}),
        replace(ROW, attributes={"TaxCode": "H25", "business_certificate": "372127"}, grade=Grade.B),
    ]
    assert [row.filled for row in fuller] == sorted({row.filled for row in fuller})


def test_the_record_of_an_import_names_nobody() -> None:
    done = Import("im_1", "own", "ab" * 32, 10, 1, 2, "mark", NOW, NOW, added=5, changed=1)
    assert done.body == {
        "file_sha256": "ab" * 32,
        "format": "own",
        "rows": 10,
        "added": 5,
        "changed": 1,
        "unchanged": 1,
        "refused": 2,
    }


def test_an_item_is_found_by_its_code() -> None:
    item = Item("C01", "证", "Licence", "法", "看", "look", "low", "懂", "plain")
    checklist = Checklist("catering/1", "catering", 1, "餐饮", "Catering", (item,), NOW, "ab" * 32)
    assert checklist.item("C01") is item
    assert checklist.item("C02") is None
