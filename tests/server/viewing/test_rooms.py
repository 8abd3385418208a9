import dataclasses
from typing import get_type_hints

from server.viewing.rooms import Rooms

BELOW = {
    "ballots",
    "draws",
    "episodes",
    "inspections",
    "kit",
    "ledger",
    "nominations",
    "notifications",
    "people",
    "rectifications",
    "targets",
}


def test_viewing_looks_only_at_rooms_below_it():
    for name, hint in get_type_hints(Rooms).items():
        module = getattr(hint, "__module__", "")
        assert not module.startswith("server.") or module.split(".")[1] in BELOW, name


def test_the_rooms_are_fixed_once_built():
    assert Rooms.__dataclass_params__.frozen
    assert {f.default for f in dataclasses.fields(Rooms)} == {dataclasses.MISSING}, "none may be forgotten"
