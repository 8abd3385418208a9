"""Searching the registry in memory: any part of a name or an address, in any script. Pure."""

import heapq
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

PAGE = 20
PIECE = 1000
ACCENTS = re.compile("[\u0300-\u036f]")  # those of Latin, Greek and Cyrillic; the marks of kana tell words apart
QUOTES = str.maketrans("“”„‘’`´", "\"\"\"''''")


@dataclass(frozen=True)
class Found:
    """One page of ids, and how many fit in all."""

    ids: list[str]
    total: int


def folded(text: str) -> str:
    """Text as it is compared: width, capitals, accents and the shape of quotes make no difference."""
    plain = ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    return unicodedata.normalize("NFC", plain).casefold().translate(QUOTES)


def _by_name(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["name"], row["_id"]


def _in_order(rows: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Sorted piece by piece: one long sort would not let another thread's event loop run."""
    pieces = [sorted(rows[start : start + PIECE], key=_by_name) for start in range(0, len(rows), PIECE)]
    return list(heapq.merge(*pieces, key=_by_name))


def _needed(words: list[str]) -> list[str]:
    """Words less those that another one holds: wherever that one occurs, so do they. The order stays."""
    distinct = list(dict.fromkeys(words))
    return [word for word in distinct if not any(word in other for other in distinct if other != word)]


class Index:
    """All targets, folded once; made anew when the registry changes."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """`rows` have `_id`, `name`, `address`, `district` and `category`."""
        kept = _in_order(list(rows))
        self._ids = [row["_id"] for row in kept]
        self._names = [folded(row["name"]) for row in kept]
        self._texts = [f"{name}\n{folded(row['address'])}" for name, row in zip(self._names, kept, strict=True)]
        self._places = [(row["district"], row["category"]) for row in kept]

    def __len__(self) -> int:
        return len(self._ids)

    def search(self, words: str, *, district: str = "", category: str = "", page: int = 1) -> Found:
        """Every word must occur; names that begin with the first word come first, then names, then addresses.

        Pages count from 1; one that does not exist is empty.
        """
        wanted = _needed(folded(words).split())
        fit = self._within(self._having(wanted), district, category)
        start = (page - 1) * PAGE if page > 0 else len(fit)
        best = self._ranked(fit, wanted[0], start + PAGE) if wanted else fit
        return Found([self._ids[n] for n in best[start : start + PAGE]], len(fit))

    def _having(self, wanted: list[str]) -> list[int]:
        """The longest word is looked for everywhere, the others only where it was found."""
        if not wanted:
            return list(range(len(self._ids)))
        first, *others = sorted(wanted, key=len, reverse=True)
        fit = [n for n, text in enumerate(self._texts) if first in text]
        for word in others:
            fit = [n for n in fit if word in self._texts[n]]
        return fit

    def _within(self, fit: list[int], district: str, category: str) -> list[int]:
        if district:
            fit = [n for n in fit if self._places[n][0] == district]
        if category:
            fit = [n for n in fit if self._places[n][1] == category]
        return fit

    def _ranked(self, fit: list[int], word: str, enough: int) -> list[int]:
        """At least the first `enough` in order: names that begin with the word, other names with it, the rest."""
        names = self._names
        best = [n for n in fit if names[n].startswith(word)]
        if len(best) < enough:
            others = [n for n in fit if not names[n].startswith(word)]
            best += [n for n in others if word in names[n]]
            if len(best) < enough:
                best += [n for n in others if word not in names[n]]
        return best
