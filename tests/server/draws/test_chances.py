"""Chances are what the tickets say: 10,000 draws with fixed keys against the exact probabilities."""

import csv
import hashlib
import math
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import permutations
from pathlib import Path

import pytest

from server.draws.shuffle import lots, pseudonym

REGISTER = Path(__file__).parents[4] / "shared/data/lives-sf"
BUSINESSES = 7729
TICKETS = {"High Risk": 4, "Moderate Risk": 2, "Low Risk": 1}
DRAWS = 10_000
BUCKETS = 100
SMALL_POOL = [4, 0, 2, 1, 2, 1, 3]
CRITICAL = {2: 13.816, 99: 148.230, 119: 172.418}
"""The chi-square that chance exceeds once in a thousand times, by degrees of freedom, from the tables."""
needs_register = pytest.mark.skipif(not REGISTER.exists(), reason="the real register is not on this machine")


def keys() -> Iterator[bytes]:
    return (hashlib.sha256(n.to_bytes(8, "big")).digest() for n in range(DRAWS))


def chi_square(seen: Mapping[Hashable, int], expected: Mapping[Hashable, float]) -> float:
    assert set(seen) <= set(expected), "something was drawn that has no chance"
    assert min(expected.values()) >= 5, "too few draws for this test to mean anything"
    return math.fsum((seen.get(cell, 0) - hoped) ** 2 / hoped for cell, hoped in expected.items())


def rows(name: str) -> Iterable[dict[str, str]]:
    with (REGISTER / name).open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


@pytest.fixture(scope="module")
def register() -> list[int]:
    """The tickets of every business in the order of a pool's lines, by the highest risk ever found there."""
    tickets = {row["business_id"]: 1 for row in rows("businesses.csv")}
    for row in rows("violations.csv"):
        if row["business_id"] in tickets:
            tickets[row["business_id"]] = max(tickets[row["business_id"]], TICKETS[row["risk_category"]])
    return [tickets[business] for business in sorted(tickets, key=lambda b: pseudonym(bytes(16), b))]


@pytest.fixture(scope="module")
def drawn(register: list[int]) -> Counter[int]:
    return Counter(lots(key, register, 1)[0] for key in keys())


def divide(register: Sequence[int], way: str) -> Sequence[int]:
    """The cell of every line: its tickets, or one of a hundred stretches of the file."""
    if way == "risk":
        return register
    return [line * BUCKETS // len(register) for line in range(len(register))]


def distance(drawn: Counter[int], cells: Sequence[int], weights: Sequence[int]) -> float:
    """The chi-square of what was drawn, were these the weights."""
    expected: Counter[Hashable] = Counter()
    seen: Counter[Hashable] = Counter()
    for line, (cell, weight) in enumerate(zip(cells, weights, strict=True)):
        expected[cell] += weight
        seen[cell] += drawn[line]
    return chi_square(seen, {cell: DRAWS * weight / sum(weights) for cell, weight in expected.items()})


@needs_register
def test_the_register_has_every_business_once_and_all_three_risks(register: list[int]) -> None:
    assert len(register) == BUSINESSES
    assert set(register) == {1, 2, 4}


@needs_register
@pytest.mark.parametrize("way", ["risk", "place"])
def test_one_of_the_register_is_drawn_as_often_as_its_risk_says(
    register: list[int], drawn: Counter[int], way: str
) -> None:
    assert drawn.total() == DRAWS
    cells = divide(register, way)
    assert distance(drawn, cells, register) < CRITICAL[len(set(cells)) - 1]


@needs_register
def test_lots_that_did_not_look_at_the_risk_would_be_found_out(register: list[int], drawn: Counter[int]) -> None:
    assert distance(drawn, divide(register, "risk"), [1] * len(register)) > 10 * CRITICAL[2]


@needs_register
def test_a_thumb_on_the_scale_would_be_found_out(register: list[int], drawn: Counter[int]) -> None:
    """One draw in fifty goes to the first stretch of the file, whatever was drawn."""
    bent = drawn.copy()
    moved = [line for line in drawn.elements() if line >= BUSINESSES // BUCKETS + 1][::50]
    bent.subtract(moved)
    bent[0] += len(moved)
    assert distance(bent, divide(register, "place"), register) > CRITICAL[BUCKETS - 1]


def chance(sequence: Sequence[int]) -> Fraction:
    """Of these lines in this order: each takes its tickets out of what is left."""
    left, product = sum(SMALL_POOL), Fraction(1)
    for line in sequence:
        product *= Fraction(SMALL_POOL[line], left)
        left -= SMALL_POOL[line]
    return product


@pytest.fixture(scope="module")
def chances() -> dict[tuple[int, ...], Fraction]:
    lines = [line for line, tickets in enumerate(SMALL_POOL) if tickets]
    return {sequence: chance(sequence) for sequence in permutations(lines, 3)}


@pytest.fixture(scope="module")
def threes() -> Counter[tuple[int, ...]]:
    return Counter(tuple(lots(key, SMALL_POOL, 3)) for key in keys())


def test_three_of_a_small_pool_come_in_every_order_as_often_as_they_should(
    chances: dict[tuple[int, ...], Fraction], threes: Counter[tuple[int, ...]]
) -> None:
    assert sum(chances.values()) == 1
    expected = {sequence: float(DRAWS * part) for sequence, part in chances.items()}
    assert chi_square(threes, expected) < CRITICAL[len(chances) - 1]


@pytest.mark.parametrize("line", range(len(SMALL_POOL)))
def test_each_of_a_small_pool_is_among_three_as_often_as_it_should(
    line: int, chances: dict[tuple[int, ...], Fraction], threes: Counter[tuple[int, ...]]
) -> None:
    """The exact probability of being included, within 3.3 standard deviations (one in a thousand, two-sided)."""
    exact = float(sum(part for sequence, part in chances.items() if line in sequence))
    seen = sum(times for sequence, times in threes.items() if line in sequence)
    assert abs(seen - DRAWS * exact) <= 3.3 * math.sqrt(DRAWS * exact * (1 - exact))
