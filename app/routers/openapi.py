"""Additions to the OpenAPI document that FastAPI generates."""

from collections.abc import Iterator
from threading import Lock
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from app.access.modes import SECURE_COOKIE
from app.routers.answers import MEDIA_TYPE, Problem
from app.routers.needs import leaves, need_of

#: How somebody may show who they are.
_SCHEMES: Final[dict[str, Any]] = {
    "key": {"type": "http", "scheme": "bearer", "description": "A key, which begins with `oh_`."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SECURE_COOKIE,
        "description": "Of a browser.",
    },
}


_PROBLEM: Final = {"$ref": f"#/components/schemas/{Problem.__name__}"}


def _refusal(description: str) -> dict[str, Any]:
    return {"description": description, "content": {MEDIA_TYPE: {"schema": _PROBLEM}}}


#: The answers of the gate to whatever is not open to all.
_REFUSED: Final = {"401": _refusal("Not known who asks"), "403": _refusal("Not allowed")}

#: The documents that were made, by what they are about: errors ask for one, and to make it takes a third of a second.
_made: Final[dict[int, dict[str, Any]]] = {}
_lock: Final = Lock()


def install(app: FastAPI, routes: APIRouter) -> None:
    """Use first sentences as names of operations, and the titles of problems, in the document and its page.

    Args:
        app: has these routes and no others in its document.
        routes: live as long as the process; applications that share them share the document.
    """
    document = app.openapi

    def openapi() -> dict[str, Any]:
        with _lock:  # errors ask for it in threads, and nobody must see it half done
            if id(routes) not in _made:
                _made[id(routes)] = _completed(document(), routes)
            return _made[id(routes)]

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to change it


def _completed(document: dict[str, Any], routes: APIRouter) -> dict[str, Any]:
    _secure(document, routes)
    for operation in _operations(document):
        operation["summary"] = _first_sentence(operation["description"])
        for status, response in operation["responses"].items():
            content = response.get("content", {})
            # FastAPI has one media type for all responses of a route; a founding system's errors are no problems.
            if status >= "400" and content.get("application/json") == {"schema": _PROBLEM}:
                content[MEDIA_TYPE] = content.pop("application/json")
    return document


def _secure(document: dict[str, Any], routes: APIRouter) -> None:
    """Say of each operation what it needs of who asks; in local mode it is answered without that."""
    document.setdefault("components", {})["securitySchemes"] = _SCHEMES
    for route in leaves(routes.routes):
        need = need_of(getattr(route, "endpoint", None))
        if isinstance(route, APIRoute) and route.include_in_schema and need is not None:
            for method in route.methods or ():
                operation = document["paths"][route.path_format][method.lower()]
                scopes = [] if need.scope is None else [need.scope.value]
                operation["security"] = [] if need.is_open else [{name: scopes} for name in _SCHEMES]
                if not need.is_open:
                    operation["responses"] = dict(sorted({**_REFUSED, **operation["responses"]}.items()))


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in document["paths"].values():
        yield from operations.values()


def _first_sentence(description: str) -> str:
    return " ".join(description.split("\n\n", maxsplit=1)[0].split()).partition(". ")[0].rstrip(".")
