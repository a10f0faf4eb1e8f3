"""Rules: their list, one with what is wrong by it, a form from the schema of its kind; pause, resume, remove."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import Response

from app.access.scopes import Scope
from app.console import notify_fields, schema_forms
from app.console.asking import Refused, wrong_fields
from app.console.marked import marked
from app.console.routes import Pages
from app.console.view import View, fields_of

pages = Pages()

#: The titles of the fields that every rule has, for the summary of a refusal.
TITLES: Final = {"name": marked("Name"), notify_fields.NAME: notify_fields.TITLE}

#: Where the pages are of what is wrong by a rule, by its kind.
_WRONG_AT: Final = {
    "store_down": "/console/entities/store/",
    "source_lag": "/console/sources/",
    "target_missed": "/console/schedules/",
}


@pages.page("/rules", Scope.REPORTS_READ, api="/rules", queries=1)
async def rules(view: View) -> Response:
    """All of them by name."""
    return view.render("rules", found=await view.api.get("/rules"), path_of=path_of)


@pages.page("/rules/new", Scope.REPORTS_READ, queries=0)
async def new_rule(view: View) -> Response:
    """The kinds, or the form of one."""
    kinds = await view.api.get("/rules/kinds")
    kind = _named(kinds, view.asked("kind"))
    return view.render("new_rule", kinds=kinds) if kind is None else _form(view, kind, notify_fields.NEW)


@pages.action("/rules/new", Scope.SCHEDULES_WRITE)
async def add_rule(view: View) -> Response:
    """Make it."""
    form = fields_of(await view.form())
    kind = _named(await view.api.get("/rules/kinds"), form.get("kind", ""))
    if kind is None:
        return view.to("/console/rules/new")
    try:
        made = await view.api.send("POST", "/rules", _body(kind, form))
    except Refused as refusal:
        return _form(view, kind, form, refusal=refusal)
    return view.to(path_of(made), said="added")


@pages.page("/rules/{name}", Scope.REPORTS_READ, api="/rules/{name}", queries=3)
async def rule(view: View) -> Response:
    """One of them, and what is wrong by it at the moment."""
    found = await view.api.get(f"/rules/{view['name']}")
    names = {}
    if found["kind"] == "target_missed" and found["episodes"]:
        schedules = await view.api.get("/schedules")
        names = {one["schedule_id"]: one["name"] for one in schedules["schedules"]}
    kind = await _kind(view, found)
    titles = view.titled({field.name: field.title for field in schema_forms.fields_of(kind["options"])})
    wrong_at = _WRONG_AT.get(found["kind"])
    return view.render("rule", one=found, kind=kind, titles=titles, names=names, wrong_at=wrong_at)


@pages.page("/rules/{name}/edit", Scope.REPORTS_READ, queries=2)
async def edit_rule(view: View) -> Response:
    """The form, filled with what there is."""
    found = await view.api.get(f"/rules/{view['name']}")
    kind = await _kind(view, found)
    options = schema_forms.texts_of(kind["options"], found["options"])
    told = notify_fields.texts_of(found["notify"])
    return _form(view, kind, {**options, **told, "name": found["name"]}, before=found)


@pages.action("/rules/{name}/edit", Scope.SCHEDULES_WRITE)
async def change_rule(view: View) -> Response:
    """Set it anew; its kind, and whether it is paused, stay as they are."""
    form = fields_of(await view.form())
    found = await view.api.get(f"/rules/{view['name']}")
    kind = await _kind(view, found)
    try:
        body = {**_body(kind, form), "enabled": found["enabled"]}
        changed = await view.api.send("PUT", f"/rules/{view['name']}", body)
    except Refused as refusal:
        return _form(view, kind, form, refusal=refusal, before=found)
    return view.to(path_of(changed), said="changed")


@pages.action("/rules/{name}/pause", Scope.SCHEDULES_WRITE)
async def pause_rule(view: View) -> Response:
    """Have it do nothing."""
    return view.to(path_of(await view.api.send("POST", f"/rules/{view['name']}/pause")), said="paused")


@pages.action("/rules/{name}/resume", Scope.SCHEDULES_WRITE)
async def resume_rule(view: View) -> Response:
    """Have it go on."""
    return view.to(path_of(await view.api.send("POST", f"/rules/{view['name']}/resume")), said="resumed")


@pages.action("/rules/{name}/delete", Scope.SCHEDULES_WRITE)
async def delete_rule(view: View) -> Response:
    """Remove it."""
    await view.api.send("DELETE", f"/rules/{view['name']}")
    return view.to("/console/rules", said="removed")


def path_of(one: Mapping[str, Any]) -> str:
    """The address of a rule's page: by its name, unless that is an address of its own."""
    return f"/console/rules/{one['rule_id'] if one['name'] == 'new' else one['name']}"


def _form(
    view: View,
    kind: Mapping[str, Any],
    values: Mapping[str, str],
    *,
    refusal: Refused | None = None,
    before: Any = None,
) -> Response:
    fields = schema_forms.fields_of(kind["options"])
    return view.render(
        "rule_form",
        before=before,
        kind=kind,
        fields=fields,
        values=values,
        titles=view.titled({**TITLES, **{field.name: field.title for field in fields}}),
        refusal=None if refusal is None else notify_fields.at_field(refusal),
    )


def _body(kind: Mapping[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    """What is sent to the API. Raises Refused: an option cannot be read."""
    options, wrong = schema_forms.params_of(kind["options"], form)
    if wrong:
        raise wrong_fields(wrong)
    own = {"name": form.get("name", "").strip(), "kind": kind["name"]}
    told = notify_fields.notify_of(form)
    # An alert carries nothing, so that its form does not ask for that.
    return {**own, "options": options, "notify": told["to"] if told and kind["tells"] else told}


async def _kind(view: View, found: Mapping[str, Any]) -> dict[str, Any]:
    """The kind of a rule; only rules of known kinds are found."""
    return next(one for one in await view.api.get("/rules/kinds") if one["name"] == found["kind"])


def _named(kinds: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    return next((kind for kind in kinds if kind["name"] == name), None)
