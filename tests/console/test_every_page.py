"""What holds for every page that is declared, a new one unasked: its frame, its JSON, its queries, who may open it."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import parse_qsl, urlencode

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from app.access.principal import actor
from app.access.scopes import Scope
from app.console.registry import PAGES
from app.console.routes import Page
from app.storage.resources import Resources
from tests.console.browsing import browser_of, opened
from tests.console.examples import ADDRESSES, OF_ONESELF, Made, make
from tests.console.html import has_no_script_or_style_within, labels_its_fields, read

ALL = [page for pages in PAGES for page in pages.pages]

#: Pages that need a scope, and those that are for whoever has come in.
SCOPED = [page for page in ALL if page.need is not None]
OPEN = [page for page in ALL if page.need is None and "{" not in page.path]

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


@pytest.fixture(params=ALL, ids=lambda page: page.path)
def page(request: pytest.FixtureRequest) -> Page:
    return request.param


@pytest.fixture
def client(page: Page, console: TestClient, signed_in: TestClient) -> TestClient:
    """Who opens the page."""
    return signed_in if page.path in OF_ONESELF else console


@pytest.fixture
def statements(loaded: Resources) -> Iterator[list[str]]:
    """Statements that Postgres is sent for requests, one after the other; loops of the replica act for the system."""
    sent: list[str] = []

    def note(*given: object) -> None:
        if actor().via in {"local", "session"}:  # loops of the replica ask for the system
            sent.append(str(given[2]))

    event.listen(loaded.engine, "before_cursor_execute", note)
    yield sent
    event.remove(loaded.engine, "before_cursor_execute", note)


def test_it_has_an_example(page: Page) -> None:
    assert page.path in ADDRESSES, f"{page.path}: say in tests/console/examples.py where tests open it"


def test_it_is_whole_and_has_the_frame(page: Page, client: TestClient, made: Made) -> None:
    for address in ADDRESSES[page.path](made):
        answer = client.get(address)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        document = read(answer.text)
        assert document.one("html")["lang"] == "en"
        assert document.one("title").text.endswith(" – Openhours")  # noqa: RUF001 - a dash
        assert document.one("h1").text
        assert document.one("main")["id"] == "content"
        ids = [element["id"] for element in document.all() if "id" in element.attributes]
        assert len(set(ids)) == len(ids), "an id is there twice"
        has_no_script_or_style_within(document)
        labels_its_fields(document)


def test_its_languages_are_whole(page: Page, client: TestClient, made: Made) -> None:
    for address in ADDRESSES[page.path](made):
        answer = client.get(address, headers={"accept-language": "de-AT,de;q=0.9"})
        assert answer.status_code == 200, answer.text
        assert read(answer.text).one("html")["lang"] == "de"


def test_it_has_the_api_s_document_at_its_address(page: Page, client: TestClient, made: Made) -> None:
    for address in ADDRESSES[page.path](made):
        answer = client.get(address, headers={"accept": "application/json"})
        if page.api is None:
            assert answer.headers["content-type"].startswith("text/html")
            continue
        names = re.fullmatch(re.sub(r"\{(\w+)(?::path)?\}", r"(?P<\1>.+)", page.path), address.partition("?")[0])
        assert names is not None
        asked = [pair for pair in parse_qsl(address.partition("?")[2]) if pair[0] not in page.own]
        same = f"{page.api.format(**names.groupdict())}?{urlencode(asked)}"
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
        assert answer.json().keys() == client.get(same).json().keys()


def test_it_makes_no_more_queries_than_it_declares(
    page: Page, client: TestClient, made: Made, statements: list[str]
) -> None:
    for address in ADDRESSES[page.path](made):
        client.get(address)  # what a process learns once is known
        statements.clear()
        client.get(address)
        assert len(statements) <= page.queries, "\n".join(statements)


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
    """Whatever else is on a page, a key of the one scope that it needs opens it."""
    assert made
    sentence = f"Not shown: {part}. That needs the scope {missing}, which your key does not have."
    main = opened(browser(scope), address)
    assert [one.text for one in main.all("p") if one.text.startswith("Not shown")] == [sentence]
    assert "Not shown" not in opened(console, address).text
    assert main.all("table") or main.all("form")
