"""Upload files: choose a kind, see how the first rows would be read, pick columns and words, send the files."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import Response
from starlette.datastructures import UploadFile

from app.access.scopes import Scope
from app.console.asking import Refused
from app.console.json_text import read_json
from app.console.routes import Pages
from app.console.samples import samples
from app.console.view import View, fields_of

pages = Pages()

#: Options of a load that the page asks for, in words of its own.
OPTIONS: Final = ("on_error", "assume_zone", "mapping", "set", "columns", "source", "covers", "notify")

#: Ends the names of fields that say how a column of the kind is filled.
FROM, DATE, ZONE, WORDS, VALUE = "__from", "__date", "__zone", "__words", "__value"

#: Of what a rule of a mapping may also say, the fields' names and the members of the rule.
_ALSO: Final = {DATE: "date", ZONE: "zone", VALUE: "value"}


@pages.page("/upload", Scope.DATA_READ, queries=1)
async def upload(view: View) -> Response:
    """Kind and options are in the address; a script sends files piece by piece, the form sends one at once."""
    return await _page(view)


@pages.action("/upload", Scope.DATA_WRITE, takes_files=True)
async def send(view: View) -> Response:
    """Take the file of the form, with the options of the address: without a script it comes so."""
    options = {name: view.asked(name) for name in OPTIONS}
    try:
        answer = await view.api.pass_on("POST", "/datasets", query={"kind": view.asked("kind"), **options})
    except Refused as refusal:
        return await _page(view, refusal)
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
            mapping = json.dumps(_picked(_document(mapping), fields), ensure_ascii=False)
        answer = await view.api.ask(
            "POST", "/datasets/inspect", query={**query, "mapping": mapping}, body=await head.read()
        )
        if fields.get("do") == "save":
            saved = await view.api.send("PUT", f"/mappings/{fields.get('name', '').strip()}", json.loads(mapping))
    except Refused as refusal:
        if not mapping:
            return view.render("upload_refused", refusal=refusal, http_status=HTTPStatus.OK)
        answer = await view.api.ask("POST", "/datasets/inspect", query=query, body=await _again(head))
        return _inspected(view, answer.document, kinds, refusal=refusal, document=_document(mapping))
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
    document = found["mapping"] if document is None else document
    kind = next(one for one in kinds if one["name"] == found["kind"])
    rules = (document or {}).get("columns", {})
    return view.render(
        "upload_inspected",
        found=found,
        kind=kind,
        document=json.dumps(document, ensure_ascii=False) if document else "",
        picks=[
            (column, _shown(rules.get(column["name"], {}))) for column in kind["columns"] if not column["instead_of"]
        ],
        refusal=refusal,
        http_status=HTTPStatus.OK,  # it is a piece of the page, which is shown whatever it says
        saved=saved,
    )


async def _page(view: View, refusal: Refused | None = None) -> Response:
    kinds = await view.api.get("/datasets/kinds")
    mappings = await view.api.get("/mappings")
    chosen = {name: view.asked(name) for name in ("kind", *OPTIONS)}
    kind = next((one for one in kinds if one["name"] == chosen["kind"]), None)
    return view.render(
        "upload",
        kinds=kinds,
        kind=kind,
        chosen=chosen,
        mappings=mappings["mappings"],
        samples=samples(),
        refusal=refusal,
    )


def _shown(rule: Mapping[str, Any]) -> dict[str, str]:
    """What the fields of a column show of its rule."""
    words = "\n".join(f"{word} = {meaning}" for word, meaning in rule.get("words", {}).items())
    place = rule.get("from", "")
    texts = {"from": str(place), "words": words}
    return texts | {member: str(rule.get(member) or "") for member in _ALSO.values()}


def _picked(document: dict[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    """A mapping with what was picked in the fields; what they do not ask for stays as it is."""
    columns = dict(document.get("columns", {}))
    for name in {field.removesuffix(FROM) for field in fields if field.endswith(FROM)}:
        before, place, value = columns.get(name, {}), fields[name + FROM], fields.get(name + VALUE, "").strip()
        if not place and not value:
            if "from" in before or "value" in before:
                columns.pop(name, None)
            continue
        if value and not place:
            columns[name] = {"value": value}
            continue
        is_same = str(before.get("from", "")) == place
        rule = dict(before) if is_same else {"from": int(place) if isinstance(before.get("from"), int) else place}
        for ending, member in ((DATE, "date"), (ZONE, "zone")):
            text = fields.get(name + ending, "").strip()
            if text:
                rule[member] = text
            else:
                rule.pop(member, None)
        words = dict(_word(line) for line in fields.get(name + WORDS, "").splitlines() if line.strip())
        if words:
            rule["words"] = words
        else:
            rule.pop("words", None)
        columns[name] = rule
    return {**document, "columns": columns}


def _word(line: str) -> tuple[str, str]:
    word, _, meaning = line.rpartition("=")
    return word.strip(), meaning.strip()


def _document(text: str) -> dict[str, Any]:
    try:
        found = read_json(text)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


async def _again(file: UploadFile) -> bytes:
    await file.seek(0)
    return await file.read()


def _no_file(view: View) -> Refused:
    title = view.texts("Choose a file first")
    return Refused(422, {"code": "malformed_request", "title": title, "detail": title}, {})
