"""Unified social credit codes (统一社会信用代码): 18 characters, the last checks the rest (GB 32100). Pure."""

import unicodedata

from server.kit.errors import Invalid

CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LENGTH = 18
WEIGHTS = tuple(pow(3, position, 31) for position in range(LENGTH - 1))


class BadCreditCode(Invalid):
    """A code that cannot be one."""


def check(text: str) -> str:
    """The code in capitals of ordinary width, or BadCreditCode saying what is wrong and where."""
    code = unicodedata.normalize("NFKC", text).strip().upper()
    if len(code) != LENGTH:
        raise BadCreditCode(
            "A unified social credit code has {wanted} characters; this one has {length}.",
            where="code",
            wanted=LENGTH,
            length=len(code),
        )
    for position, character in enumerate(code, 1):
        if character not in CHARACTERS:
            raise BadCreditCode(
                "Character {position} is “{character}”, which these codes do not have (no I, O, S, V, Z).",
                where="code",
                position=position,
                character=character,
            )
    expected = check_character(code[:-1])
    if code[-1] != expected:
        raise BadCreditCode(
            "The check character is “{found}”, but the other seventeen give “{expected}”: some character is wrong.",
            where="code",
            found=code[-1],
            expected=expected,
        )
    return code


def check_character(first: str) -> str:
    """The last character from the first seventeen: 31 less their weighted sum, modulo 31."""
    total = sum(CHARACTERS.index(character) * weight for character, weight in zip(first, WEIGHTS, strict=True))
    return CHARACTERS[-total % 31]
