"""No link breaks a page: 560 random ones, 60 of them at once."""

import re
from pathlib import Path

import pytest

from pages.frame import navigation
from tests import hostile
from tests.visits import app, fine, page, said

AT_ONCE, ALL = 60, 560
NUMBERS = [*range(AT_ONCE), *(pytest.param(number, marks=pytest.mark.slow) for number in range(AT_ONCE, ALL))]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_hostile_link_breaks_nothing(number: int) -> None:
    name, parameters = hostile.link(number)
    at = app() if name == "draw" else app().run()
    at.query_params.update(parameters)
    at = at.run() if name == "draw" else at.switch_page(f"pages/{name}.py").run()
    assert not at.exception and not at.error, (name, parameters)
    assert len(at.title) == 1
    assert at.expander[-1].label == "How this is computed", (name, parameters)


def test_every_parameter_of_the_pages_is_tried() -> None:
    assert list(hostile.PARAMETERS) == list(navigation.PAGES)
    source = "".join(path.read_text() for path in Path("pages").rglob("*.py"))
    bound = re.findall(r'key="([\w-]+)",\s*(?:on_change=\w+,\s*)?bind="query-params"', source)
    kept = re.findall(r'query_params\.get\("(\w+)"\)', source)
    tried = " ".join(hostile.PARAMETERS.values()).split()
    assert len(bound) > 30 and set(bound) | set(kept) <= set(tried)


@pytest.mark.parametrize(("page_name", "name"), [("weights", "of"), ("features", "variants"), ("maps", "map")])
def test_nothing_where_something_has_to_be_chosen_is_as_if_it_were_not_there(page_name: str, name: str) -> None:
    at = fine(page(page_name, (name,), **{name: ""}))
    assert name not in at.query_params


def test_none_of_several_can_be_chosen() -> None:
    at = fine(page("attribution", ("models",), models=""))
    assert "models" in at.query_params and "Choose a net" in said(at)
