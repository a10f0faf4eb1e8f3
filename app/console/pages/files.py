"""Files that were uploaded: their list, one with its rejected rows, reload and removal; samples to begin with."""

import json
from collections import Counter
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import Response

from app.access.scopes import Scope
from app.console.asking import Refused
from app.console.marked import marked
from app.console.routes import Pages
from app.console.samples import sample, samples
from app.console.view import View, fields_of

pages = Pages()

#: Statuses that the list may be narrowed to, and those in which something is going on.
STATUSES: Final = ("uploading", "checking", "loading", "ready", "rejected", "removing")
GOING: Final = ("uploading", "checking", "loading", "removing")

#: Rejected rows that a page shows, at most; rejects.csv has all.
ROWS: Final = 20

#: What to do about a file that was refused, by its code.
ADVICE: Final = {
    "rejected_file": marked("Mend these rows in the file and upload it again, or load the file without them."),
    "duplicate_dataset": marked("These bytes are loaded already; nothing has to be done."),
    "upload_lost": marked("Upload the file again."),
    "upload_expired": marked("Upload the file again."),
    "cancelled": marked("Load it again when you want it."),
    "series_busy": marked("Load it again in a while."),
    "database_full": marked("The database is full. Tell an administrator."),
    "object_store_full": marked("The store of files is full. Tell an administrator."),
    "time_limit_exceeded": marked("Divide the file into smaller ones; an administrator can allow more time."),
    "memory_limit_exceeded": marked("Divide the file into smaller ones; an administrator can allow more memory."),
}

#: What else may help.
OTHERWISE: Final = marked(
    "Load it again; if that fails again, tell an administrator the code and the address of this page."
)


@pages.page("/files", Scope.DATA_READ, api="/datasets", queries=3)
async def files(view: View) -> Response:
    """Files, newest first."""
    kind, status = view.asked("kind"), view.asked("status")
    query = {"kind": kind, "status": status, "cursor": view.asked("cursor"), "limit": view.asked("limit")}
    found = await view.api.get("/datasets", **query)
    kinds = await view.api.get("/datasets/kinds")
    about = next((one for one in kinds if one["name"] == kind), None)
    values: dict[str, Any] = {"kind": kind, "status": status, "statuses": STATUSES, "about": about}
    return view.render("files", found=found, kinds=kinds, samples=samples(), **values)


@pages.page("/files/{dataset_id}", Scope.DATA_READ, api="/datasets/{dataset_id}", queries=4)
async def file(view: View) -> Response:
    """One file, whatever its status."""
    try:
        return await _file(view, view["dataset_id"])
    except Refused as refusal:
        if refusal.status == HTTPStatus.NOT_FOUND and view.asked("said") == "removing":
            return view.to("/console/files", said="removed")  # it was gone sooner than one could look
        raise


@pages.page("/files/{dataset_id}/progress", Scope.DATA_READ, queries=2)
async def progress(view: View) -> Response:
    """The piece of the page that is asked for every second while something goes on; then the whole page."""
    try:
        found = await view.api.get(f"/datasets/{view['dataset_id']}")
    except Refused as refusal:
        if refusal.status == HTTPStatus.NOT_FOUND:  # what was going on was its removal
            return Response(headers={"HX-Redirect": view.link("/console/files", said="removed")})
        raise
    if found["status"] in GOING:
        return view.render("file_progress", file=found)
    return Response(headers={"HX-Refresh": "true", "Cache-Control": "no-store"})


@pages.action("/files/{dataset_id}/reload", Scope.DATA_WRITE)
async def reload(view: View) -> Response:
    """Check and load it again, with the options of the form."""
    form, dataset_id = fields_of(await view.form()), view["dataset_id"]
    options = {name: form[name] for name in ("on_error", "mapping", "columns", "assume_zone") if name in form}
    if form.get("forced"):
        options["force"] = "true"
    try:
        await view.api.send("POST", f"/datasets/{dataset_id}/reload", **{**options, **_dropped(form)})
    except Refused as refusal:
        return await _file(view, dataset_id, refusal)
    return view.to(f"/console/files/{dataset_id}", said="reloading")


@pages.action("/files/{dataset_id}/accept", Scope.DATA_WRITE)
async def accept(view: View) -> Response:
    """Save the mapping that was proposed, by a name, and load the file with it."""
    form, dataset_id = fields_of(await view.form()), view["dataset_id"]
    try:
        found = await view.api.get(f"/datasets/{dataset_id}")
        name = form.get("name", "").strip()
        if name:
            await view.api.send("PUT", f"/mappings/{name}", found["proposal"])
        mapping = name or json.dumps(found["proposal"])
        await view.api.send("POST", f"/datasets/{dataset_id}/reload", mapping=mapping)
    except Refused as refusal:
        return await _file(view, dataset_id, refusal)
    return view.to(f"/console/files/{dataset_id}", said="reloading")


@pages.action("/files/{dataset_id}/delete", Scope.DATA_WRITE)
async def delete(view: View) -> Response:
    """Remove it, with its rows if its name was typed."""
    form, dataset_id = fields_of(await view.form()), view["dataset_id"]
    with_rows = form.get("rows") == "true"
    found = await view.api.get(f"/datasets/{dataset_id}")
    if with_rows and form.get("name", "").strip() != _name_of(found):
        reason = view.texts("is not “%(name)s”, the name of the file", name=_name_of(found))
        errors = [{"parameter": "name", "reason": reason}]
        problem = {"code": "name_differs", "title": view.texts("Nothing was removed"), "detail": "", "errors": errors}
        return await _file(view, dataset_id, Refused(422, problem, {}))
    try:
        removal = await view.api.send("DELETE", f"/datasets/{dataset_id}", rows=with_rows)
    except Refused as refusal:
        return await _file(view, dataset_id, refusal)
    if removal["status"] == "removing":
        return view.to(f"/console/files/{dataset_id}", said="removing")
    return view.to("/console/files", said="removed")


@pages.page("/samples/{name}", None, queries=0)
async def sample_file(view: View) -> Response:
    """A small file of a kind, to try it with or to see how one looks."""
    return sample(view["name"])


async def _file(view: View, dataset_id: str, refusal: Refused | None = None) -> Response:
    found = await view.api.get(f"/datasets/{dataset_id}")
    causes = Counter((one["column"], one["code"]) for one in found["rejections"]).most_common()
    code = (found["error"] or {}).get("code", "")
    mappings = await view.api.get("/mappings") if found["status"] == "rejected" else {"mappings": []}
    return view.render(
        "file",
        file=found,
        name=_name_of(found),
        causes=causes,
        rejections=found["rejections"][:ROWS],
        advice=view.texts(ADVICE.get(code, OTHERWISE)) if found["error"] else "",
        is_going=found["status"] in GOING,
        mappings=[one["name"] for one in mappings["mappings"] if one["kind"] == found["kind"]],
        refusal=refusal,
        files_at=f"/datasets/{dataset_id}/files/",
    )


def _name_of(file: Mapping[str, Any]) -> str:
    return str(file["filename"] or file["dataset_id"])


def _dropped(form: Mapping[str, str]) -> dict[str, list[str]]:
    """Options of before that the form no longer has: an empty text takes them away."""
    return {name: [""] for name in ("mapping", "columns") if form.get(name) == "" and f"had_{name}" in form}
