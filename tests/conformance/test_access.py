"""Every route is answered to those whom the page of access names, and to nobody else."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.access.scopes import Scope
from app.storage.resources import Resources
from app.web.application import create_app
from tests.local_client import LocalClient
from tests.web.gate.people import People
from tests.web.test_addressed import with_settings

PAGE = Path(__file__).parents[2] / "docs" / "access.md"

ROLES = ("viewer", "operator", "admin")

#: No route takes it: whoever may ask is told so, and nothing is done.
NOTHING = {"no_such_parameter": "1"}

#: What the gate answers to those who may not.
REFUSALS = {401: "authentication_required", 403: "not_allowed"}

Row = tuple[str, str, str, dict[str, bool]]


@cache
def rows() -> list[Row]:
    """Of the page: method, path, scope, and which roles may."""
    pattern = r"^\| `(.+) (/.*)` \| `?([^|`]+?)`? \| (\w+) \| (\w+) \| (\w+) \|$"
    found = re.findall(pattern, PAGE.read_text(), re.MULTILINE)
    return [
        (methods, path, scope, dict(zip(ROLES, (one == "yes" for one in may), strict=True)))
        for methods, path, scope, *may in found
    ]


def asked(row: Row) -> tuple[str, str]:
    """A method and an address of a route."""
    methods, path, *_ = row
    method = "GET" if methods == "any method" else methods.partition(",")[0]
    return method, re.sub(r"\{\w+(:path)?\}", "store", path) + ("/favicon.png" if methods == "any method" else "")


@pytest.fixture(scope="module")
def app(untouched: Resources) -> FastAPI:
    return create_app(with_settings(untouched, auth="on"), slots=0)


@pytest.fixture(scope="module")
def client(app: FastAPI) -> TestClient:
    return LocalClient(app, raise_server_exceptions=False)


@pytest.fixture(scope="module")
def keys(untouched: Resources) -> dict[str, str]:
    """A key of each role, and of an administrator one for each scope."""
    people = People(untouched.engine)
    users = {role: people.user(role, role) for role in ROLES}
    made = {role: people.credential(users[role]) for role in ROLES}
    made |= {scope.value: people.credential(users["admin"], scopes=[scope]) for scope in Scope}
    return {name: secret.text for name, secret in made.items()}


def refusal(client: TestClient, row: Row, key: str | None) -> str | None:
    """The code with which somebody is refused; a login that fails is no refusal of the gate."""
    method, path = asked(row)
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    answer = client.request(method, path, params=NOTHING, headers=headers, follow_redirects=False)
    if answer.status_code not in REFUSALS:
        return None
    code: str = answer.json()["code"] if answer.content else REFUSALS[answer.status_code]
    return code if code in REFUSALS.values() else None


def walked(routes: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """Method and path of each route of an application, however deep."""
    for route in routes:
        if hasattr(route, "original_router"):
            yield from walked(route.original_router.routes)
        else:
            for method in getattr(route, "methods", None) or ["any method"]:
                yield method, route.path


def test_every_route_has_its_row_in_the_page_of_access(app: FastAPI) -> None:
    listed = sorted((method, path) for methods, path, *_ in rows() for method in methods.split(", "))
    assert listed == sorted(walked(app.routes))
    assert len(listed) > 50


@pytest.mark.usefixtures("stores_nothing")
@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row[0]} {row[1]}")
def test_who_may_ask_is_who_the_page_says(client: TestClient, keys: dict[str, str], row: Row) -> None:
    _, _, scope, may = row
    assert refusal(client, row, None) == (None if scope == "open to all" else "authentication_required")
    for role in ROLES:
        assert refusal(client, row, keys[role]) == (None if may[role] else "not_allowed"), role
    if row[1].startswith("/console"):  # a page asks several routes, each of which needs its own scope
        return
    for own in Scope:
        is_enough = scope in {"open to all", "any user", own}
        assert refusal(client, row, keys[own]) == (None if is_enough else "not_allowed"), own


def test_the_document_says_of_each_operation_what_it_needs(client: TestClient, keys: dict[str, str]) -> None:
    document = client.get("/openapi.json", headers={"Authorization": f"Bearer {keys['viewer']}"}).json()
    assert document["components"]["securitySchemes"].keys() == {"key", "session"}
    scopes = {
        (method, re.sub(r":\w+(?=})", "", path)): scope for methods, path, scope, _ in rows() for method in [methods]
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            scope = scopes[method.upper(), path]
            names = [] if scope == "any user" else [scope]
            needed = [] if scope == "open to all" else [{"key": names}, {"session": names}]
            assert operation["security"] == needed, (method, path)
