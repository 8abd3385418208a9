import dataclasses
import inspect
import re
from pathlib import Path

import pytest

from server.viewing import facts
from web.render import TEMPLATE_ROOT

PAGES = [kind for name, kind in inspect.getmembers(facts, dataclasses.is_dataclass) if name.endswith("Page")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.__name__)
def test_a_page_names_the_template_that_draws_it(page):
    named = re.match(r"Facts of ([\w/]+\.html)", page.__doc__)
    assert named, page.__doc__
    assert (TEMPLATE_ROOT / named[1]).is_file()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.__name__)
def test_a_template_uses_no_fact_that_its_page_lacks(page):
    text = (TEMPLATE_ROOT / re.match(r"Facts of ([\w/]+\.html)", page.__doc__)[1]).read_text()
    used = set(re.findall(r"\bpage\.(\w+)", text))
    assert used <= {f.name for f in dataclasses.fields(page)}


def test_no_two_pages_share_a_template_and_each_is_drawn_by_a_door():
    named = [re.match(r"Facts of ([\w/]+\.html)", page.__doc__)[1] for page in PAGES]
    routes = (Path(facts.__file__).parent / "routes.py").read_text()
    assert len(set(named)) == len(named)
    assert sorted(named) == sorted(re.findall(r'Page\(\s*"([\w/]+\.html)"', routes))
