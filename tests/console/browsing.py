"""What a person does with pages in a browser, through a client of the application."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from fastapi.testclient import TestClient

from app.access.scopes import Scope
from app.storage.resources import Resources
from app.web.application import create_app
from tests.conftest import api
from tests.console.html import Element, read
from tests.local_client import LocalClient
from tests.web.gate.people import People
from tests.web.test_addressed import with_settings

#: What a browser asks for when a person opens a page.
PAGE = "text/html,application/xhtml+xml,*/*;q=0.8"

#: Names that do harm where they are not shown as text.
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "\"'><script>alert(1)</script>",
    "\N{ARABIC LETTER ALEF}\N{HEBREW LETTER BET}" * 60,
)


@contextmanager
def local_browser(resources: Resources, *, slots: int, follows: bool = True) -> Iterator[TestClient]:
    """The browser of whoever is at this machine, at a service in local mode; ``follows`` where it is led on."""
    with api(resources, slots=slots) as client:
        client.headers["accept"] = PAGE
        client.follow_redirects = follows
        yield client


def browser_of(resources: Resources, role: str, *, scopes: list[Scope] | None = None, name: str = "") -> TestClient:
    """The browser of somebody with a role, at a replica that asks who it is; perhaps with fewer scopes."""
    people = People(resources.engine)
    secret = people.credential(people.user(name or f"{role}-{uuid4().hex[:8]}", role), scopes=scopes)
    client = LocalClient(create_app(with_settings(resources, auth="on"), slots=0), raise_server_exceptions=False)
    client.headers |= {"accept": PAGE, "authorization": f"Bearer {secret.text}"}
    return client


def main_of(answer: Any, status: int = 200) -> Element:
    """The content of a page that was answered with a status."""
    assert answer.status_code == status, answer.text
    return read(answer.text).one("main")


def opened(client: TestClient, address: str) -> Element:
    """The content of a page at an address."""
    return main_of(client.get(address))


def sent(client: TestClient, address: str, /, **fields: str) -> Element:
    """Send a form; the content of the page that it leads to."""
    return main_of(client.post(address, data=fields))


def said(main: Element) -> str:
    """What a page says first after something was done."""
    return main.one("p", class_="said").text


def error_at(main: Element, name: str) -> str:
    """What is said at a field, which is marked as wrong and linked from the top."""
    field = main.one(id=f"field-{name}")
    assert field["aria-invalid"] == "true"
    assert f"error-{name}" in field["aria-describedby"].split()
    assert main.one(id="refused").all("a", href=f"#field-{name}")
    return main.one(id=f"error-{name}").text


def rows_of(main: Element, label: str) -> list[list[str]]:
    """The rows of a table, as texts."""
    body = main.one("div", aria_label=label).one("tbody")
    return [[cell.text for cell in row.all() if cell.tag in {"td", "th"}] for row in body.all("tr")]


def cannot(main: Element, label: str) -> str:
    """The reason beside a button that one may not use."""
    button = next(one for one in main.all("button") if one.text == label)
    assert "disabled" in button.attributes, f"{label} can be used"
    return next(one.text for one in main.all("small", class_="reason"))
