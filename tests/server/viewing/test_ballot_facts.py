import dataclasses
import inspect
import re
from pathlib import Path

import pytest

from server.viewing import ballot_facts as facts
from web.render import TEMPLATE_ROOT

SHAPES = [kind for _, kind in inspect.getmembers(facts, dataclasses.is_dataclass) if kind.__module__ == facts.__name__]
PAGES = [kind for kind in SHAPES if kind.__name__.endswith("Page")]


def template(page):
    return re.match(r"Facts of ([\w/]+\.html)", page.__doc__)[1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.__name__)
def test_a_template_is_there_and_uses_no_fact_that_its_page_lacks(page):
    used = set(re.findall(r"\bpage\.(\w+)", (TEMPLATE_ROOT / template(page)).read_text()))
    assert used <= {f.name for f in dataclasses.fields(page)}


def test_each_page_is_drawn_by_a_door():
    routes = (Path(facts.__file__).parent / "ballot_routes.py").read_text()
    assert sorted(map(template, PAGES)) == sorted(re.findall(r'Page\(\s*"([\w/]+\.html)"', routes))


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_nothing_that_points_to_a_voter_is_shown(shape):
    assert not {f.name for f in dataclasses.fields(shape)} & {"voter", "identity", "device", "grade", "code", "key"}
