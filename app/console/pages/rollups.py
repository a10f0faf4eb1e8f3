"""Roll-ups: tables that were uploaded, and the reports that group them."""

from fastapi import Response

from app.access.scopes import Scope
from app.console.routes import Pages
from app.console.view import View

pages = Pages()


@pages.page("/rollups", Scope.REPORTS_READ, queries=5)
async def rollups(view: View) -> Response:
    """The latest of both."""
    tables = await view.api.get("/datasets", kind="table", limit=20) if view.may(Scope.DATA_READ) else {"datasets": []}
    reports = await view.api.get("/reports", kind="rollup", limit=20)
    return view.render("rollups", tables=tables["datasets"], reports=reports["reports"])
