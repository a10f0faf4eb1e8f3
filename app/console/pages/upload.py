"""Upload files: choose a kind, see how the first rows would be read, pick columns and words, send the files."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import Response
from starlette.datastructures import UploadFile

from app.access.scopes import Scope
from app.console.asking import Refused, refused
from app.console.kind_words import choices
from app.console.picked import document_of, picked
from app.console.read_as import Unclear, inspected_values, read_as
from app.console.routes import Pages
from app.console.samples import samples
from app.console.view import View, fields_of
from app.errors import OpenhoursError
from app.routers.form_files import sent_form

pages = Pages()

#: Options of a load that the page asks for, in words of its own.
OPTIONS: Final = ("on_error", "assume_zone", "mapping", "set", "columns", "source", "covers", "notify")


@pages.page("/upload", Scope.DATA_READ, queries=1)
async def upload(view: View) -> Response:
    """Kind and options may be in the address; a script sends files piece by piece, the form sends one at once."""
    return await _page(view, _chosen(view, {}))


@pages.action("/upload", Scope.DATA_WRITE, takes_files=True)
async def send(view: View) -> Response:
    """Take the file of the form, with the options before it: without a script it comes so."""
    chosen, inspected = _chosen(view, {}), None
    try:
        form = await sent_form(view.request)
        chosen = _chosen(view, form.fields)
        inspected, mapping = await read_as(view, form, chosen)
        query = {**chosen, **mapping, "filename": form.filename}
        answer = await view.api.pass_on("POST", "/datasets", form.content, query=query)
    except Unclear as unclear:
        return await _page(view, {**chosen, "kind": unclear.kind}, unclear.refusal, unclear.inspected)
    except OpenhoursError as error:
        return await _page(view, chosen, refused(error), inspected)
    except Refused as refusal:
        return await _page(view, chosen, refusal, inspected)
    return view.to(f"/console/files/{answer.document['dataset_id']}", said="uploaded")


@pages.action("/upload/inspect", Scope.DATA_WRITE)
async def inspect(view: View) -> Response:
    """A piece of the page: what the beginning of a file seems to be, and how its rows would be read.

    The form has the beginning of the file, and once a person has picked something, the mapping of before with that.
    """
    form = await view.form(files=1)
    fields, head = fields_of(form), form.get("head")
    if not isinstance(head, UploadFile):
        return view.render("upload_refused", refusal=_no_file(view))
    kinds = await view.api.get("/datasets/kinds")
    if any(one["name"] == fields.get("kind") and not one["columns"] for one in kinds):
        return Response()  # it is loaded as it is: there is nothing to pick
    mapping, saved = fields.get("mapping", ""), None
    query = {"kind": fields.get("kind", ""), "filename": fields.get("filename", "")}
    try:
        if mapping:
            mapping = json.dumps(picked(document_of(mapping), fields), ensure_ascii=False)
        answer = await view.api.ask(
            "POST", "/datasets/inspect", query={**query, "mapping": mapping}, body=await head.read()
        )
        if fields.get("do") == "save":
            saved = await view.api.send("PUT", f"/mappings/{fields.get('name', '').strip()}", json.loads(mapping))
    except Refused as refusal:
        if not mapping:
            return view.render("upload_refused", refusal=refusal, http_status=HTTPStatus.OK)
        answer = await view.api.ask("POST", "/datasets/inspect", query=query, body=await _again(head))
        return _inspected(view, answer.document, kinds, refusal=refusal, document=document_of(mapping))
    return _inspected(view, answer.document, kinds, saved=saved and saved["name"])


def _inspected(
    view: View,
    found: Mapping[str, Any],
    kinds: list[dict[str, Any]],
    *,
    refusal: Refused | None = None,
    document: Mapping[str, Any] | None = None,
    saved: str | None = None,
) -> Response:
    return view.render(
        "upload_inspected",
        **inspected_values(found, kinds, document),
        refusal=refusal,
        http_status=HTTPStatus.OK,  # it is a piece of the page, which is shown whatever it says
        saved=saved,
    )


def _chosen(view: View, fields: Mapping[str, str]) -> dict[str, str]:
    """Kind and options, of a form or of the address."""
    return {name: fields.get(name, view.asked(name)).strip() for name in ("kind", *OPTIONS)}


async def _page(
    view: View, chosen: Mapping[str, str], refusal: Refused | None = None, inspected: Mapping[str, Any] | None = None
) -> Response:
    kinds = await view.api.get("/datasets/kinds")
    mappings = await view.api.get("/mappings")
    kind = next((one for one in kinds if one["name"] == chosen["kind"]), None)
    return view.render(
        "upload",
        kind_choices=choices(view.texts, [one["name"] for one in kinds]),
        kind=kind,
        chosen=chosen,
        mappings=mappings["mappings"],
        samples=samples(),
        refusal=refusal,
        inspected=inspected,
    )


async def _again(file: UploadFile) -> bytes:
    await file.seek(0)
    return await file.read()


def _no_file(view: View) -> Refused:
    title = view.texts("Choose a file first")
    return Refused(422, {"code": "malformed_request", "title": title, "detail": title}, {})
