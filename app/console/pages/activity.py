"""Activity: how often a project was installed, how much was committed to a repository, and when."""

from fastapi import Response

from app.access.scopes import Scope
from app.console.asking import path_of
from app.console.routes import Pages
from app.console.view import View

pages = Pages()


@pages.page("/activity", Scope.DATA_READ, queries=7)
async def activity(view: View) -> Response:
    """Search one; days that nobody counted; the share inside the hours of teams."""
    key = view.asked("key")
    if key:
        return view.to(path_of("console", "activity", "repo" if view.asked("kind") == "repo" else "project", key))
    gaps = await view.api.get("/activity/gaps", limit=50)
    hours = await view.api.get("/activity/hours", months=3)
    return view.render("activity_search", gaps=gaps, hours=hours["months"])


@pages.page("/activity/{kind}/{key:path}", Scope.DATA_READ, api="/activity/{kind}/{key}", queries=8)
async def one(view: View) -> Response:
    """One project or repository."""
    query = {name: view.asked(name) for name in ("months", "as_of", "source", "by")}
    found = await view.api.get(path_of("activity", view["kind"], view["key"]), **query)
    return view.render("activity", found=found)
