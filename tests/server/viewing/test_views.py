import dataclasses
import inspect
from enum import Enum
from typing import get_type_hints

import pytest

from server.viewing import views
from server.viewing.views import TargetCard, TargetView

VIEWS = [kind for _, kind in inspect.getmembers(views, dataclasses.is_dataclass)]
NEVER = {"grade", "login", "salt", "account", "password", "mark", "latitude", "longitude", "attributes", "ticket"}


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
def test_a_view_has_no_field_for_what_is_never_shown(view):
    assert not {f.name for f in dataclasses.fields(view)} & NEVER


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
def test_a_view_cannot_be_changed_and_says_what_it_is(view):
    assert view.__dataclass_params__.frozen
    assert view.__doc__.strip().endswith(".")


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
def test_a_view_holds_plain_values_and_other_views_alone(view):
    """No noun of a room is handed to a template: a field added to a noun does not appear on a page by itself."""
    for name, hint in get_type_hints(view).items():
        for part in (hint, *getattr(hint, "__args__", ())):
            plain = part in (type(None), str, int, float, bool) or part.__module__ in ("datetime", "types")
            assert plain or part in VIEWS or "Sequence" in str(part), f"{name}: {hint}"
            assert not (isinstance(part, type) and issubclass(part, Enum)), f"{name} is an enum: give its value"


def test_a_targets_own_page_shows_what_its_card_shows_and_more():
    assert issubclass(TargetView, TargetCard)
    assert {f.name for f in dataclasses.fields(TargetView)} - {f.name for f in dataclasses.fields(TargetCard)} == {
        "code",
        "source",
    }
