"""Every page, in both schemes of colours, in a small and in an ordinary window, in every language, and by Tab."""

from itertools import pairwise, product

import pytest

from app.console.registry import PAGES
from app.console.routes import Page
from tests.console.browser.conftest import Windows
from tests.console.browser.tabbed import goes_back, stops
from tests.console.browser.watched import NARROW, WIDE
from tests.console.examples import ADDRESSES, Made

pytestmark = pytest.mark.browser

ALL = [page for pages in PAGES for page in pages.pages]


@pytest.fixture(params=ALL, ids=lambda page: page.path)
def declared(request: pytest.FixtureRequest) -> Page:
    return request.param


@pytest.mark.parametrize("language", ["en-US", "de-DE"])
def test_it_is_accessible_and_has_room(declared: Page, language: str, window: Windows, made: Made) -> None:
    for address in ADDRESSES[declared.path](made):
        with window(language=language) as opened:
            opened.open(address)
            assert opened.page.locator("html").get_attribute("lang") == language[:2]
            for width, scheme in product((WIDE, NARROW), ("light", "dark")):
                opened.look(width=width, scheme=scheme)
                opened.hold()
                assert opened.overflow() == 0, f"{address} is wider than {width} pixels"


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_tab_reaches_everything_in_reading_order_and_one_sees_where_one_is(
    declared: Page, width: int, window: Windows, made: Made
) -> None:
    for address in ADDRESSES[declared.path](made):
        with window(width=width) as opened:
            opened.open(address)
            found = stops(opened.page)
            assert [stop.told for stop in found if not stop.is_seen] == [], f"{address}: one does not see the focus"
            assert [(one.told, other.told) for one, other in pairwise(found) if goes_back(one, other)] == []


def test_it_works_without_script(declared: Page, window: Windows, made: Made) -> None:
    for address in ADDRESSES[declared.path](made):
        with window(java_script_enabled=False) as opened:
            opened.page.goto(opened.address + address)
            assert opened.page.locator("main h1").is_visible()
