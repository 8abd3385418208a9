"""Which nominations and targets are probably the same one: pairs of characters in common. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from server.targets.search import folded

LEAST = 0.5
"""Below this likeness (0 to 1) two names are not shown side by side."""
NAME_WEIGHT = 0.7
SHOWN = 4
ASIDE = re.compile(r"[(（【\[].*?[)）】\]]")
BLANK = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Named:
    """Something with a name and a place: a nomination or a target, by its id; `target` where it is registered."""

    id: str
    name: str
    place: str
    target: str | None = None


@dataclass(frozen=True)
class Suggestion:
    """Something that may be the same, and how alike they are: 1 is the same target."""

    id: str
    likeness: float


def alike(one: str, other: str) -> float:
    """Dice's coefficient over pairs of characters, without punctuation, width and capitals."""
    return _dice(_pairs(one), _pairs(other))


def suggested(of: Named, others: Iterable[Named]) -> list[Suggestion]:
    """The likeliest others, best first."""
    name, place = _pairs(of.name), _pairs(of.place)
    found = []
    for other in others:
        same = of.target is not None and of.target == other.target
        likeness = 1.0 if same else _both(name, place, other)
        if other.id != of.id and likeness >= LEAST:
            found.append(Suggestion(other.id, round(likeness, 2)))
    return sorted(found, key=lambda s: (-s.likeness, s.id))[:SHOWN]


def searches(name: str) -> list[str]:
    """What to look a described name up by in the registry: whole, without asides, its beginning, its end."""
    plain = ASIDE.sub("", name).strip() or name
    half = max(2, (len(plain) + 1) // 2)
    return list(dict.fromkeys([name, plain, plain[:half], plain[-half:]]))


def _both(name: set[str], place: set[str], other: Named) -> float:
    """Names count most; places alone, such as a market hall with a hundred stalls, say little."""
    names = _dice(name, _pairs(other.name))
    if not place or not other.place:
        return names
    return max(names * NAME_WEIGHT + _dice(place, _pairs(other.place)) * (1 - NAME_WEIGHT), names * 0.9)


def _pairs(text: str) -> set[str]:
    plain = BLANK.sub("", folded(text))
    return {plain[n : n + 2] for n in range(len(plain) - 1)} or ({plain} if plain else set())


def _dice(one: set[str], other: set[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0
