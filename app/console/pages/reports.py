"""The list of reports."""

from fastapi import Response

from app.access.scopes import Scope
from app.console.asked_words import asked_words
from app.console.routes import Pages
from app.console.view import View

pages = Pages()

#: Statuses that the list may be narrowed to.
STATUSES = ("queued", "running", "complete", "failed", "cancelled")


@pages.page("/reports", Scope.REPORTS_READ, api="/reports", queries=2)
async def reports(view: View) -> Response:
    """Reports, newest first."""
    kind, status, cursor = view.asked("kind"), view.asked("status"), view.asked("cursor")
    found = await view.api.get("/reports", kind=kind, status=status, cursor=cursor, limit=view.asked("limit"))
    kinds = await view.api.get("/reports/kinds")
    names = [one["name"] for one in kinds]
    words = {one["report_id"]: asked_words(view.texts, one) for one in found["reports"]}
    return view.render("reports", found=found, words=words, kinds=names, kind=kind, status=status, statuses=STATUSES)
