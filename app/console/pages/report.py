"""One report: how far it is, then its figures, charts, rows and files; why those of one entity are as they are."""

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from fastapi import Response

from app.access.scopes import Scope
from app.console.asking import Refused
from app.console.first_rows import FirstRows, first_rows
from app.console.marked import marked
from app.console.routes import Pages
from app.console.view import View

pages = Pages()

#: Statuses of a report that has not ended.
GOING: Final = ("queued", "running")

#: Ends the name of a chart's specification; the picture has the same name with ``.png``.
SPECIFICATION: Final = ".vl.json"

#: What to do about a report that failed, by its code.
ADVICE: Final = {
    "no_polls": marked("Upload polls, then run it again."),
    "time_limit_exceeded": marked(
        "Run it again with fewer entities or a shorter range; an administrator can allow more time."
    ),
    "memory_limit_exceeded": marked(
        "Run it again with fewer entities or a shorter range; an administrator can allow more memory."
    ),
    "attempts_exhausted": marked("It was tried several times. Run it again; if it fails again, tell an administrator."),
    "object_store_unavailable": marked("The store of files did not answer. Run it again later."),
    "object_store_full": marked("The store of files is full. Tell an administrator."),
    "disk_full": marked("A disk of the service is full. Tell an administrator."),
    "row_exceeds_part": marked("Allow larger files, then run it again."),
    "too_many_parts": marked("Allow larger files, then run it again."),
    "table_removed": marked("Upload the table again, then run it again."),
    "rejected_file": marked("Correct the rows that the message names, upload the file again, then run it again."),
}

#: What else may help.
OTHERWISE: Final = marked(
    "Run it again; if it fails again, tell an administrator the code and the address of this page."
)


@pages.page("/reports/{report_id}", Scope.REPORTS_READ, api="/reports/{report_id}", own=("sort", "desc"), queries=7)
async def report(view: View) -> Response:
    """A report, whatever its status."""
    report_id = view["report_id"]
    found = await view.api.get(f"/reports/{report_id}")
    values: dict[str, Any] = {"report": found, "params": json.dumps(_without_instants(found["params"]))}
    if found["status"] != "complete":
        advice = view.texts(ADVICE.get((found["error"] or {}).get("code", ""), OTHERWISE))
        template = "report_running" if found["status"] in GOING else "report_ended"
        return view.render(template, **values, advice=advice)
    names = [file["name"] for file in found["files"]]
    rows, outline = await _rows(view, report_id, names), await _outline(view, report_id, names)
    charts = [name.removesuffix(SPECIFICATION) for name in names if name.endswith(SPECIFICATION)]
    values |= {"outline": outline, "rows": rows, "charts": charts, "files_at": f"/reports/{report_id}/files/"}
    return view.render("report", **values)


@pages.page("/reports/{report_id}/progress", Scope.REPORTS_READ, queries=2)
async def progress(view: View) -> Response:
    """The piece of the page that a running report has anew every second; the whole page, once it has ended."""
    found = await view.api.get(f"/reports/{view['report_id']}")
    if found["status"] in GOING:
        return view.render("report_progress", report=found)
    return Response(headers={"HX-Refresh": "true", "Cache-Control": "no-store"})


@pages.page(
    "/reports/{report_id}/entities/{key:path}",
    Scope.REPORTS_READ,
    api="/reports/{report_id}/entities/{key}",
    queries=12,
)
async def entity(view: View) -> Response:
    """Explain the figures of one entity."""
    path = f"/reports/{view['report_id']}/entities/{view['key']}"
    found = await view.api.get(path)
    picture = view.root + quote(path) + "/chart.png"
    return view.render("report_entity", found=found, key=view["key"], report_id=view["report_id"], picture=picture)


@pages.action("/reports/{report_id}/delete", Scope.REPORTS_DELETE)
async def delete(view: View) -> Response:
    """Cancel it if it has not ended, remove it with its files otherwise."""
    answer = await view.api.send("DELETE", f"/reports/{view['report_id']}")
    if answer["status"] == "Cancelled":
        return view.to(f"/console/reports/{view['report_id']}", said="cancelled")
    return view.to("/console/reports", said="removed")


async def _rows(view: View, report_id: str, names: list[str]) -> FirstRows | None:
    """The first rows of the main file, if that is a CSV file that can be read now."""
    if not names or not names[0].endswith(".csv"):
        return None
    try:
        path = f"/reports/{report_id}/files/{names[0]}"
        return await first_rows(view.api, path, sort=view.asked("sort"), descending=view.asked("desc") == "1")
    except Refused:
        return None


async def _outline(view: View, report_id: str, names: list[str]) -> Any:
    if "summary.json" not in names:
        return None
    try:
        return await view.api.get(f"/reports/{report_id}/outline")
    except Refused:
        return None


def _without_instants(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters to run a report with again: of now, not of then."""
    return {name: value for name, value in params.items() if value is not None and name not in {"as_of", "as_known_at"}}
