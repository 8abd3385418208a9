"""The stylesheet's colours are readable (WCAG 2.2, 1.4.3 and 1.4.11), in light and in dark."""

import re
from pathlib import Path

import pytest

STYLE = Path("web/static/style.css").read_text("utf-8")
TEXT, SHAPE = 4.5, 3.0
GROUNDS = ("paper", "sheet", "wash")
PAIRS = [
    *((ink, ground, TEXT) for ink in ("ink", "ink-soft", "accent", "seal", "warn", "good") for ground in GROUNDS),
    ("on-accent", "accent", TEXT),
    ("on-seal", "seal-fill", TEXT),
    ("paper", "ink", TEXT),
    ("on-screen", "screen", TEXT),
    *(("rule-strong", ground, SHAPE) for ground in GROUNDS),
]


def tokens(block: str) -> dict[str, tuple[float, ...]]:
    found = re.findall(r"--([\w-]+): #([0-9a-f]{6});", block)
    return {name: tuple(int(value[i : i + 2], 16) / 255 for i in (0, 2, 4)) for name, value in found}


def luminance(colour: tuple[float, ...]) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


LIGHT = tokens(STYLE.split("@media (prefers-color-scheme: dark)")[0])
DARK = LIGHT | tokens(STYLE.split("@media (prefers-color-scheme: dark)")[1].split("/* 2 ")[0])


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_colours_are_readable(theme: dict[str, tuple[float, ...]], ink: str, ground: str, least: float) -> None:
    assert contrast(theme[ink], theme[ground]) >= least


def test_no_colour_outside_the_tokens() -> None:
    rules = STYLE.split("/* 2 ")[1].split("@media print")[0]
    assert re.findall(r"#[0-9a-f]{3,8}\b", rules) == []


def test_those_who_ask_for_less_motion_get_none() -> None:
    assert "prefers-reduced-motion: reduce" in STYLE
