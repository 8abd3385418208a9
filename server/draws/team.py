"""Who of the drawn inspectors goes: the walk down the drawn order (docs/verify.md, section 7). Pure."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

TEAM_SIZE = 2
"""Two inspect; the first leads."""


class Passed(StrEnum):
    """Why somebody in the drawn order was passed over."""

    RECUSED = "recused"
    NOT_QUALIFIED = "not_qualified"
    OTHER_DISTRICT = "other_district"


@dataclass(frozen=True)
class Duty:
    """What a member's line in the pool says of them; empty lists mean no bounds."""

    burden: int = 0
    categories: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()

    def note(self) -> str:
        """The note of their line."""
        said = {"burden": self.burden, "categories": sorted(self.categories), "districts": sorted(self.districts)}
        return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class Place:
    """What the visit asks for: the target's category and district, and who was recused (member ids)."""

    category: str
    district: str
    recused: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Step:
    """One step of the walk: a position in the pool, and why it was passed over, if it was."""

    position: int
    passed: Passed | None = None


def duty_of(note: str) -> Duty:
    """A line's note; ValueError where it is not one."""
    try:
        said = json.loads(note)
        return Duty(int(said["burden"]), tuple(said["categories"]), tuple(said["districts"]))
    except (ValueError, KeyError, TypeError) as problem:
        raise ValueError(f"{note!r} does not say burden, categories and districts") from problem


def by_burden(order: Sequence[int], duties: Sequence[Duty]) -> list[int]:
    """The drawn order with the least burdened first; among equals the lot stays."""
    return sorted(order, key=lambda position: duties[position].burden)


def walk(order: Sequence[int], duties: Sequence[Duty], members: Sequence[str], place: Place) -> list[Step]:
    """The whole walk: those not passed over stand in the order in which they are called."""
    return [Step(at, _passed(duties[at], members[at], place)) for at in by_burden(order, duties)]


def called(steps: Sequence[Step]) -> list[int]:
    """The positions of those who may be called, first the lead."""
    return [step.position for step in steps if step.passed is None]


def _passed(duty: Duty, member: str, place: Place) -> Passed | None:
    if member in place.recused:
        return Passed.RECUSED
    if not _within(place.category, duty.categories):
        return Passed.NOT_QUALIFIED
    return None if _within(place.district, duty.districts) else Passed.OTHER_DISTRICT


def _within(value: str, bounds: Collection[str]) -> bool:
    return not bounds or value in bounds
