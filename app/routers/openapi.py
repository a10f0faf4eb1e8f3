"""Additions to the OpenAPI document that FastAPI generates."""

from collections.abc import Iterator
from threading import Lock
from typing import Any, Final

from fastapi import APIRouter, FastAPI

from app.routers.answers import MEDIA_TYPE

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
                _made[id(routes)] = _completed(document())
            return _made[id(routes)]

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to change it


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    for operation in _operations(document):
        operation["summary"] = _first_sentence(operation["description"])
        for status, response in operation["responses"].items():
            content = response.get("content", {})
            if (
                status >= "400" and "application/json" in content
            ):  # FastAPI has one media type for all responses of a route
                content[MEDIA_TYPE] = content.pop("application/json")
    return document


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in document["paths"].values():
        yield from operations.values()


def _first_sentence(description: str) -> str:
    return " ".join(description.split("\n\n", maxsplit=1)[0].split()).partition(". ")[0].rstrip(".")
