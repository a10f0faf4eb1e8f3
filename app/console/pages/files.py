"""Files that were uploaded: their list, one with its rejected rows, reload and removal; samples to begin with."""

import json
from collections import Counter
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import Response

from app.access.scopes import Scope
from app.console.asking import Refused, wrong
from app.console.json_text import json_text, read_json
from app.console.refusal_words import ADVICE, CAUSES, OTHERWISE
from app.console.routes import Pages
from app.console.samples import sample, samples
from app.console.view import View, fields_of

pages = Pages()

#: Statuses that the list may be narrowed to, and those in which something is going on.
STATUSES: Final = ("uploading", "checking", "loading", "ready", "rejected", "removing")
GOING: Final = ("uploading", "checking", "loading", "removing")

#: Rejected rows that a page shows, at most; rejects.csv has all.
ROWS: Final = 20


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
    """Load the file with the mapping that was proposed, as it was changed; perhaps save it by a name."""
    form, dataset_id = fields_of(await view.form()), view["dataset_id"]
    text, name = form.get("document", ""), form.get("name", "").strip()
    try:
        mapping = _mapping(view, text)
        if name:
            await view.api.send("PUT", f"/mappings/{name}", mapping)
        await view.api.send("POST", f"/datasets/{dataset_id}/reload", mapping=name or json.dumps(mapping))
    except Refused as refusal:
        return await _file(view, dataset_id, refusal, text)
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


async def _file(view: View, dataset_id: str, refusal: Refused | None = None, typed: str = "") -> Response:
    found = await view.api.get(f"/datasets/{dataset_id}")
    causes = Counter((one["column"], one["code"]) for one in found["rejections"]).most_common()
    code = (found["error"] or {}).get("code", "")
    mappings = await view.api.get("/mappings") if found["status"] == "rejected" else {"mappings": []}
    return view.render(
        "file",
        file=found,
        name=_name_of(found),
        causes=[(column, view.texts(CAUSES.get(code, code)), code, count) for (column, code), count in causes],
        mapping_text=typed or _changeable(found),
        read_by=json_text(found["options"].get("mapping")),
        rejections=found["rejections"][:ROWS],
        advice=view.texts(ADVICE.get(code, OTHERWISE)) if found["error"] else "",
        is_going=found["status"] in GOING,
        mappings=[one["name"] for one in mappings["mappings"] if one["kind"] == found["kind"]],
        refusal=refusal,
        files_at=f"/datasets/{dataset_id}/files/",
    )


def _changeable(file: Mapping[str, Any]) -> str:
    """The mapping that a person may change to have a refused file loaded: the proposed one, or that it was read by."""
    read_by = file["options"].get("mapping") if file["status"] == "rejected" else None
    document = file["proposal"] or (read_by or {}).get("document")
    return json_text(document) if document else ""


def _mapping(view: View, text: str) -> Any:
    """A mapping that was typed.

    Raises:
        Refused: it is no JSON.
    """
    try:
        return read_json(text)
    except ValueError as error:
        raise wrong("document", view.texts("The text is no JSON: %(error)s", error=str(error))) from None


def _name_of(file: Mapping[str, Any]) -> str:
    return str(file["filename"] or file["dataset_id"])


def _dropped(form: Mapping[str, str]) -> dict[str, list[str]]:
    """Options of before that the form no longer has: an empty text takes them away."""
    return {name: [""] for name in ("mapping", "columns") if form.get(name) == "" and f"had_{name}" in form}
