"""Schedules: their list, one of them, a form for a new one and for a change; run now, pause, resume, remove."""

import json
from collections.abc import Mapping
from typing import Any, Final

from fastapi import Response

from app.access.scopes import Scope
from app.console import notify_fields
from app.console.asking import Refused, wrong
from app.console.json_text import read_json
from app.console.marked import marked
from app.console.routes import Pages
from app.console.view import View, fields_of

pages = Pages()

#: States that the list may be narrowed to.
STATES: Final = ("active", "paused", "failed")

#: Fields of the form that are texts of the API; what is empty is left out.
_TEXTS: Final = ("name", "cron", "every", "at", "on", "timezone", "as_of", "catch_up")

#: Those of them that say when.
_WHEN: Final = ("cron", "every", "at", "on", "timezone")

#: Before the name of a source, in the field of the kind: its sync is begun instead of a report.
_SYNC: Final = "sync "

#: The titles of the fields, for the summary of a refusal.
TITLES: Final = {
    "name": marked("Name"),
    "kind": marked("What it begins"),
    "params": marked("Parameters, as JSON"),
    "every": marked("Every"),
    "at": marked("At"),
    "on": marked("On"),
    "cron": marked("Or as a cron expression"),
    "timezone": marked("Time zone"),
    "as_of": marked("The reports speak for"),
    "catch_up": marked("Times that were missed"),
    notify_fields.NAME: notify_fields.TITLE,
}

#: What stands in a new form.
_NEW: Final = {"every": "day", "at": "06:30", "timezone": "UTC", "params": "{}", "as_of": "run", "catch_up": "latest"}


@pages.page("/schedules", Scope.REPORTS_READ, api="/schedules", queries=1)
async def schedules(view: View) -> Response:
    """All of them by name."""
    state = view.asked("state")
    found = await view.api.get("/schedules", state=state)
    return view.render("schedules", found=found, state=state, states=STATES)


@pages.page("/schedules/new", Scope.REPORTS_READ, queries=1)
async def new_schedule(view: View) -> Response:
    """The form; ``kind``, ``params`` and who is told in the address are what it is filled with."""
    given = {name: view.asked(name) for name in ("name", "kind", "params", *_WHEN)}
    told = notify_fields.asked_for(view.asked)
    values = {**_NEW, **{name: text for name, text in given.items() if text}, **told}
    return await _form(view, values)


@pages.action("/schedules/new", Scope.SCHEDULES_WRITE)
async def add_schedule(view: View) -> Response:
    """Make it, or show when it would be due."""
    form = fields_of(await view.form())
    if form.get("do") == "preview":
        return await _previewed(view, form)
    try:
        made = await view.api.send("POST", "/schedules", _body(view, form))
    except Refused as refusal:
        return await _form(view, form, refusal=refusal)
    return view.to(path_of(made), said="added")


@pages.page("/schedules/{name}", Scope.REPORTS_READ, api="/schedules/{name}", queries=1)
async def schedule(view: View) -> Response:
    """One of them."""
    found = await view.api.get(f"/schedules/{view['name']}")
    return view.render("schedule", one=found, params=json.dumps(found["params"], ensure_ascii=False, indent=2))


@pages.page("/schedules/{name}/edit", Scope.REPORTS_READ, queries=2)
async def edit_schedule(view: View) -> Response:
    """The form, filled with what there is."""
    found = await view.api.get(f"/schedules/{view['name']}")
    kind = found["kind"] if found["does"] == "report" else _SYNC + found["kind"]
    params = json.dumps(found["params"], ensure_ascii=False, indent=2)
    texts = {name: found.get(name) or "" for name in _TEXTS}
    told = notify_fields.texts_of(found["notify"])
    return await _form(view, {**texts, "kind": kind, "params": params, **told}, before=found)


@pages.action("/schedules/{name}/edit", Scope.SCHEDULES_WRITE)
async def change_schedule(view: View) -> Response:
    """Set it anew; whether it is paused stays as it is."""
    form = fields_of(await view.form())
    found = await view.api.get(f"/schedules/{view['name']}")
    if form.get("do") == "preview":
        return await _previewed(view, form, before=found)
    try:
        body = {**_body(view, form), "enabled": found["enabled"]}
        changed = await view.api.send("PUT", f"/schedules/{view['name']}", body)
    except Refused as refusal:
        return await _form(view, form, refusal=refusal, before=found)
    return view.to(path_of(changed), said="changed")


@pages.action("/schedules/{name}/run", Scope.SCHEDULES_WRITE)
async def run_schedule(view: View) -> Response:
    """Begin now what it begins, and lead there."""
    found = await view.api.get(f"/schedules/{view['name']}")
    begun = await view.api.send("POST", f"/schedules/{view['name']}/run")
    there = f"/reports/{begun['job_id']}" if found["does"] == "report" else f"/sources/{found['kind']}"
    return view.to(f"/console{there}", said="started")


@pages.action("/schedules/{name}/pause", Scope.SCHEDULES_WRITE)
async def pause_schedule(view: View) -> Response:
    """Have it begin nothing."""
    return view.to(path_of(await view.api.send("POST", f"/schedules/{view['name']}/pause")), said="paused")


@pages.action("/schedules/{name}/resume", Scope.SCHEDULES_WRITE)
async def resume_schedule(view: View) -> Response:
    """Have it go on."""
    return view.to(path_of(await view.api.send("POST", f"/schedules/{view['name']}/resume")), said="resumed")


@pages.action("/schedules/{name}/delete", Scope.SCHEDULES_WRITE)
async def delete_schedule(view: View) -> Response:
    """Remove it."""
    await view.api.send("DELETE", f"/schedules/{view['name']}")
    return view.to("/console/schedules", said="removed")


def path_of(schedule: Mapping[str, Any]) -> str:
    """The address of a schedule's page: by its name, unless that is an address of its own."""
    return f"/console/schedules/{schedule['schedule_id'] if schedule['name'] == 'new' else schedule['name']}"


async def _previewed(view: View, form: Mapping[str, str], *, before: Any = None) -> Response:
    asked = {name: form[name].strip() for name in _WHEN if form.get(name, "").strip()}
    try:
        preview = await view.api.get("/schedules/preview", **asked)
    except Refused as refusal:
        return await _form(view, form, refusal=refusal, before=before)
    return await _form(view, form, preview=preview, before=before)


async def _form(
    view: View,
    values: Mapping[str, str],
    *,
    refusal: Refused | None = None,
    preview: Any = None,
    before: Any = None,
) -> Response:
    refusal = None if refusal is None else notify_fields.at_field(refusal)
    kinds = await view.api.get("/reports/kinds")
    sources = await view.api.get("/sources") if view.may(Scope.DATA_READ) else {"sources": []}
    chosen = values.get("kind", "")
    known = [*(one["name"] for one in kinds), *(_SYNC + one["name"] for one in sources["sources"])]
    return view.render(
        "schedule_form",
        before=before,
        kinds=known if not chosen or chosen in known else [*known, chosen],
        values=values,
        refusal=refusal,
        errors=_errors(refusal),
        titles=view.titled(TITLES),
        preview=preview,
    )


def _body(view: View, form: Mapping[str, str]) -> dict[str, Any]:
    """What is sent to the API. Raises Refused: the parameters are no JSON."""
    text, chosen = form.get("params", "").strip(), form.get("kind", "")
    try:
        params = read_json(text or "{}")
    except ValueError as error:
        reason = view.texts("is no JSON: %(error)s", error=str(error))
        raise wrong("params", reason) from error
    does = "sync" if chosen.startswith(_SYNC) else "report"
    texts = {name: form[name].strip() for name in _TEXTS if form.get(name, "").strip()}
    begins = {"does": does, "kind": chosen.removeprefix(_SYNC), "params": params}
    return {"name": "", **texts, **begins, "notify": notify_fields.notify_of(form)}


def _errors(refusal: Refused | None) -> Mapping[str, str]:
    """What is said at each field; what is said of a parameter of the report stands at their field."""
    if refusal is None:
        return {}
    errors = {name: reason for name, reason in refusal.errors.items() if name in TITLES}
    others = [f"{name}: {reason}" for name, reason in refusal.errors.items() if name not in TITLES]
    if others:
        errors["params"] = " ".join([*([errors["params"]] if "params" in errors else []), *others])
    return errors
