"""GB 32100: real codes, every kind of mistake, and a second implementation of the check character."""

import random

import pytest

from server.targets.credit_code import CHARACTERS, BadCreditCode, check, check_character

# Codes of well-known companies, as their own websites print them.
REAL = ("91110000802100433B", "914403001922038216", "9144030071526726XG", "91350100M000100Y43")


def check_character_by_the_book(first: str) -> str:
    """GB 32100, by its tables: weights 1, 3, 9, 27, 19, …; the sum's remainder taken from 31, 31 counting as 0."""
    weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]
    letters = [*"0123456789", *"ABCDEFGH", *"JKLMN", *"PQR", *"TU", *"WXY"]
    total = 0
    for weight, letter in zip(weights, first, strict=True):
        total += weight * letters.index(letter)
    left = 31 - total % 31
    return letters[0 if left == 31 else left]


@pytest.mark.parametrize("code", REAL)
def test_a_real_code_is_right(code: str) -> None:
    assert check(code) == code


@pytest.mark.parametrize("text", ["91350100m000100y43", " 91350100M000100Y43 ", "９１３５０１００Ｍ０００１００Ｙ４３"])
def test_small_letters_spaces_and_full_width_are_the_same_code(text: str) -> None:
    assert check(text) == "91350100M000100Y43"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has 18 characters; this one has 0."),
        ("91350100M000100Y4", "has 18 characters; this one has 17."),
        ("91350100M000100Y433", "has 18 characters; this one has 19."),
        ("91350100I000100Y43", "Character 9 is “I”, which these codes do not have (no I, O, S, V, Z)."),
        ("9135010OM000100Y43", "Character 8 is “O”"),
        ("S1350100M000100Y43", "Character 1 is “S”"),
        ("91350100V000100Y43", "Character 9 is “V”"),
        ("91350100M000100YZ3", "Character 17 is “Z”"),
        ("91350100M000100Y4-", "Character 18 is “-”"),
        ("91350100M000100Y4福", "Character 18 is “福”"),
        ("91350100M000100Y44", "The check character is “4”, but the other seventeen give “3”"),
        ("91350100M001000Y43", "The check character is “3”, but"),  # two neighbours exchanged
    ],
)
def test_a_wrong_code_is_refused_with_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(BadCreditCode) as refusal:
        check(text)
    assert message in str(refusal.value)
    assert refusal.value.where == "code"


@pytest.mark.parametrize("code", REAL)
def test_every_wrong_character_and_every_exchange_of_neighbours_is_noticed(code: str) -> None:
    wrong = [code[:n] + c + code[n + 1 :] for n in range(18) for c in CHARACTERS if c != code[n]]
    wrong += [code[:n] + code[n + 1] + code[n] + code[n + 2 :] for n in range(17) if code[n] != code[n + 1]]
    for text in wrong:
        with pytest.raises(BadCreditCode):
            check(text)


def test_a_second_implementation_finds_the_same_check_character() -> None:
    chance = random.Random(32100)
    for _ in range(2000):
        first = "".join(chance.choices(CHARACTERS, k=17))
        assert check_character(first) == check_character_by_the_book(first)
