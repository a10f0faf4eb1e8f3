"""A key of the one scope that a page needs opens the page, whatever else is on it; what it may not see is said."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from fastapi.testclient import TestClient

from app.access.scopes import Scope
from app.console.registry import PAGES
from app.console.routes import Page
from app.storage.resources import Resources
from tests.console.browsing import browser_of, opened
from tests.console.examples import ADDRESSES, Made, make

#: Pages that need a scope, and those that are for whoever has come in.
SCOPED = [page for pages in PAGES for page in pages.pages if page.need is not None]
OPEN = [page for pages in PAGES for page in pages.pages if page.need is None and "{" not in page.path]

#: What pages do not show without a scope that they do not need.
PARTS = [
    ("/console", Scope.DATA_READ, "reports, schedules", Scope.REPORTS_READ),
    ("/console", Scope.REPORTS_READ, "files, sources", Scope.DATA_READ),
    ("/console/rollups", Scope.REPORTS_READ, "tables", Scope.DATA_READ),
    ("/console/schedules/new", Scope.REPORTS_READ, "syncs of sources", Scope.DATA_READ),
    ("/console/entities/store/1050565545391667097", Scope.DATA_READ, "outages", Scope.REPORTS_READ),
]

Browser = Callable[[Scope], TestClient]


@pytest.fixture(scope="module")
def made(console: TestClient) -> Made:
    return make(console)


@pytest.fixture(scope="module")
def browser(loaded: Resources) -> Iterator[Browser]:
    """Of an administrator's key that may do one thing; the same for the same."""
    known: dict[Scope, TestClient] = {}

    def of(scope: Scope) -> TestClient:
        if scope not in known:
            known[scope] = browser_of(loaded, "admin", scopes=[scope])
        return known[scope]

    with ExitStack() as stack:
        yield of
        for client in known.values():
            stack.callback(client.close)


@pytest.mark.parametrize("page", SCOPED, ids=lambda page: page.path)
def test_a_key_of_the_page_s_scope_opens_it(page: Page, browser: Browser, made: Made) -> None:
    assert page.need is not None
    for address in ADDRESSES[page.path](made):
        answer = browser(page.need).get(address)
        assert answer.status_code == 200, (address, answer.text)


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("page", OPEN, ids=lambda page: page.path)
def test_a_key_of_any_scope_opens_what_is_for_everybody(page: Page, scope: Scope, browser: Browser, made: Made) -> None:
    assert made
    assert browser(scope).get(page.path).status_code == 200


@pytest.mark.parametrize(("address", "scope", "part", "missing"), PARTS)
def test_what_a_key_may_not_see_is_said_and_the_rest_is_shown(
    address: str, scope: Scope, part: str, missing: Scope, browser: Browser, console: TestClient, made: Made
) -> None:
    assert made
    sentence = f"Not shown: {part}. That needs the scope {missing}, which your key does not have."
    main = opened(browser(scope), address)
    assert [one.text for one in main.all("p") if one.text.startswith("Not shown")] == [sentence]
    assert "Not shown" not in opened(console, address).text
    assert main.all("table") or main.all("form")
