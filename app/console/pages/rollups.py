"""Roll-ups: the tables that there are, the reports that grouped them, and the parts of the newest to download."""

import json
from typing import Any, Final

from fastapi import Response

from app.access.scopes import Scope
from app.console.routes import Pages
from app.console.view import View

pages = Pages()

#: The dataset kind of what is rolled up, and the report kind that does it.
TABLE: Final = "table"
ROLLUP: Final = "rollup"

#: Tables and reports that the page shows, at most.
_ROWS: Final = 20


@pages.page("/rollups", Scope.REPORTS_READ, queries=4)
async def rollups(view: View) -> Response:
    """Both lists, newest first."""
    found = await view.api.get("/reports", kind=ROLLUP, limit=_ROWS)
    tables = await view.api.get("/datasets", kind=TABLE, limit=_ROWS) if view.may(Scope.DATA_READ) else None
    newest = next((one for one in found["reports"] if one["status"] == "complete"), None)
    parts: list[Any] = []
    if newest is not None:
        parts = (await view.api.get(f"/reports/{newest['report_id']}"))["files"]
    return view.render(
        "rollups",
        found=found,
        tables=tables,
        newest=newest,
        parts_of_newest=parts,
        params_of=lambda dataset_id: json.dumps({"datasets": [dataset_id]}),
    )
