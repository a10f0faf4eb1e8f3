"""A new report: choose a kind, fill in its form, run it."""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import Response

from app.access.scopes import Scope
from app.console import notify_fields, schema_forms
from app.console.asking import Refused, wrong_fields
from app.console.json_text import read_json
from app.console.routes import Pages
from app.console.view import View, fields_of

pages = Pages()


@pages.page("/reports/new", Scope.REPORTS_READ, queries=2)
async def new_report(view: View) -> Response:
    """The kinds, or the form of one; ``params`` in the address, as JSON, is what it is filled with."""
    kinds = await view.api.get("/reports/kinds")
    kind = _named(kinds, view.asked("kind"))
    if kind is None:
        return view.render("new_report", kinds=kinds)
    texts = schema_forms.texts_of(kind["params"], _given(view.asked("params")))
    return await _form(view, kind, {**texts, **notify_fields.asked_for(view.asked)})


@pages.action("/reports/new", Scope.REPORTS_RUN)
async def run_report(view: View) -> Response:
    """Trigger the report, or show the form again with what was refused."""
    form = fields_of(await view.form())
    kind = _named(await view.api.get("/reports/kinds"), form.get("kind", ""))
    if kind is None:
        return view.to("/console/reports/new")
    params, wrong = schema_forms.params_of(kind["params"], form)
    if wrong:
        return await _form(view, kind, form, wrong_fields(wrong))
    if form.get("do") == "schedule":
        told = notify_fields.typed(form)
        return view.to("/console/schedules/new", kind=kind["name"], params=json.dumps(params), **told)
    body = {"report": kind["name"], "params": params, "notify": notify_fields.notify_of(form)}
    try:
        accepted = await view.api.send("POST", "/trigger_report", body)
    except Refused as refusal:
        return await _form(view, kind, form, notify_fields.at_field(refusal))
    return view.to(f"/console/reports/{accepted['report_id']}")


async def _form(
    view: View, kind: Mapping[str, Any], texts: Mapping[str, str], refusal: Refused | None = None
) -> Response:
    files = await view.api.get("/datasets", status="ready", limit=1) if view.may(Scope.DATA_READ) else None
    fields = schema_forms.fields_of(kind["params"])
    return view.render(
        "report_form",
        kind=kind,
        fields=fields,
        titles=view.titled({**{one.name: one.title for one in fields}, notify_fields.NAME: notify_fields.TITLE}),
        values=texts,
        refusal=refusal,
        has_data=files is None or bool(files["datasets"]),
    )


def _named(kinds: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    return next((kind for kind in kinds if kind["name"] == name), None)


def _given(text: str) -> Mapping[str, Any]:
    try:
        found = read_json(text or "{}")
    except ValueError:
        found = {}
    return found if isinstance(found, dict) else {}
