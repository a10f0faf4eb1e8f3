"""The OpenAPI document, the page of the API, and what it loads."""

from pathlib import Path
from typing import Any, Final

import fastapi_offline
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.staticfiles import StaticFiles

from app.access.scopes import Scope
from app.routers.needs import needs, open_to_all

#: Below which path files of pages are: the bundles that the package fastapi_offline carries, and ours.
STATIC: Final = "/static-offline-docs"

DOCUMENT: Final = "/openapi.json"

_FILES: Final = Path(__file__).parent / "static"

_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="{files}/favicon.png">
<link rel="stylesheet" href="{files}/swagger-ui.css">
</head>
<body>
<div id="page" data-document="{document}"></div>
<script src="{files}/swagger-ui-bundle.js"></script>
<script src="{files}/swagger.js"></script>
</body>
</html>
"""


def install(app: FastAPI) -> None:
    """Add them to the application."""
    files = StaticFiles(directory=_FILES, packages=[(fastapi_offline.__name__, "static")])
    app.mount(STATIC, open_to_all(files), name="static-offline-docs")
    for path, endpoint in {"/": _first, "/docs": _docs, "/redoc": _redoc, DOCUMENT: _document}.items():
        app.add_api_route(path, endpoint, include_in_schema=False)


@open_to_all
def _first(request: Request) -> RedirectResponse:
    """Redirect browsers to the console: by a relative address, as long as no path of a proxy is set."""
    return RedirectResponse("/console" if request.scope["root_path"] else "console")


@open_to_all
def _redoc(request: Request) -> RedirectResponse:
    """Redirect from the address of ReDoc, which writes styles into its page and so does not work under our policy."""
    return RedirectResponse("/docs" if request.scope["root_path"] else "docs")


@needs(Scope.REPORTS_READ)
def _document(request: Request) -> JSONResponse:
    document: dict[str, Any] = request.app.openapi()
    root = request.scope["root_path"]
    return JSONResponse({**document, "servers": [{"url": root}]} if root else document)


@needs(Scope.REPORTS_READ)
def _docs(request: Request) -> HTMLResponse:
    root = _root(request)
    return HTMLResponse(_PAGE.format(title=f"{request.app.title} - API", document=root + DOCUMENT, files=root + STATIC))


def _root(request: Request) -> str:
    root: str = request.scope["root_path"]
    return root
