"""Adds the pages to an application that has all routes of the API."""

from functools import cache

from fastapi import FastAPI, Request, Response
from starlette.routing import Route

from app.access.principal import Principal
from app.console.asking import refused
from app.console.registry import PAGES
from app.console.routes import ROOT
from app.console.static_files import PATH, static_file
from app.console.view import View
from app.errors import NotAllowed
from app.routers.needed import Needed, needed_by


def install(app: FastAPI) -> None:
    """Add pages and the files that they load."""

    @cache
    def needed() -> Needed:
        return needed_by(app)

    for pages in PAGES:
        app.router.routes.extend(pages.routes(needed))
    app.router.routes.append(Route(PATH, static_file, name="static"))


def refusal_page(request: Request, error: NotAllowed, who: Principal) -> Response | None:
    """The page for a person who may not do something; None for a program, and outside of the console."""
    path = request.scope["path"].removeprefix(request.scope["root_path"])
    if not (path + "/").startswith(ROOT + "/") or "text/html" not in request.headers.get("accept", ""):
        return None
    return View(request, who, Needed(())).refused(refused(error))
