"""Checklist files: the published one, and everything that may be wrong with one."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from server.targets.checklist_file import BadChecklist, read_checklist

CATERING = Path(__file__).parents[3] / "server/targets/checklists/catering.json"
BOTH = {"zh": "字", "en": "words"}
ITEM = {"code": "C01", "title": BOTH, "legal_basis": "法", "look_for": BOTH, "severity": "low", "plain_words": BOTH}
LIST = {"code": "catering", "title": BOTH, "items": [ITEM]}


def without(path: str) -> dict[str, Any]:
    """The list less one field: `items.0.title.en`."""
    found: Any = copy.deepcopy(LIST)
    *way, last = path.split(".")
    place = found
    for step in way:
        place = place[int(step)] if step.isdigit() else place[step]
    del place[last]
    return found  # type: ignore[no-any-return]


def with_items(*items: Any) -> dict[str, Any]:
    return {**LIST, "items": list(items)}


def test_the_catering_checklist_can_be_published() -> None:
    code, title_zh, title_en, items = read_checklist(CATERING.read_bytes())
    assert (code, title_zh) == ("catering", "餐饮服务日常监督检查事项")
    assert title_en
    assert len(items) >= 10
    assert all("《" in item.legal_basis for item in items), "each item has its legal basis"


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ([], "is not an object with a list of “items”"),
        ({}, "is not an object with a list of “items”"),
        (with_items(), "is not an object with a list of “items”"),
        (without("code"), "“code” of the checklist is missing or blank."),
        (without("title"), "“title” of the checklist is not an object with “zh” and “en”."),
        (without("title.en"), "“en” of “title” of the checklist is missing or blank."),
        (with_items("C01"), "item 1 is not an object."),
        (with_items(ITEM, {**ITEM, "code": " "}), "“code” of item 2 is missing or blank."),
        (with_items({**ITEM, "legal_basis": 7}), "“legal_basis” of item 1 is missing or blank."),
        (with_items({**ITEM, "severity": "grave"}), "“grave”; use low, medium, high, critical."),
        (with_items({**ITEM, "look_for": "字"}), "“look_for” of item 1 is not an object with “zh” and “en”."),
        (with_items({**ITEM, "plain_words": {"zh": "字", "en": ""}}), "“en” of “plain_words” of item 1 is missing"),
        ({**LIST, "code": "a/b"}, "The code of the checklist is “a/b”; use up to 64 letters"),
        (with_items({**ITEM, "code": "C 1"}), "The code of item 1 is “C 1”; use up to 64 letters"),
        (with_items(ITEM, ITEM), "Two items have the code C01."),
    ],
)
def test_a_list_with_a_gap_is_refused_with_its_place(found: Any, message: str) -> None:
    with pytest.raises(BadChecklist) as refusal:
        read_checklist(json.dumps(found).encode())
    assert message in str(refusal.value)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe{}", b"code,title\n", b"[" * 100_000, b"1" * 5000])
def test_what_is_not_json_is_refused(data: bytes) -> None:
    with pytest.raises(BadChecklist, match="The checklist is not JSON"):
        read_checklist(data)
