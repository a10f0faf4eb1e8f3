"""Schedules: list, make, view with the next runs, edit, run now, pause, resume, remove."""

import json
from collections.abc import Mapping
from typing import Any, Final

from fastapi import Response

from app.access.scopes import Scope
from app.console.asking import Refused
from app.console.routes import Pages
from app.console.view import View, fields_of

pages = Pages()

#: Fields of the form that are sent as they are, if they have something.
_TEXTS: Final = ("name", "does", "kind", "cron", "every", "at", "on", "timezone", "as_of", "catch_up")

#: Those that say when; a preview asks of them alone.
_WHEN: Final = ("cron", "every", "at", "on", "timezone")


@pages.page("/schedules", Scope.REPORTS_READ, api="/schedules", queries=2)
async def schedules(view: View) -> Response:
    """All of them."""
    found = await view.api.get("/schedules", state=view.asked("state"))
    return view.render("schedules", found=found, state=view.asked("state"))


@pages.page("/schedules/new", Scope.REPORTS_READ, queries=2)
async def new(view: View) -> Response:
    """The form; ``kind`` and ``params`` in the address are what a report was run with."""
    values = {"kind": view.asked("kind", "uptime"), "params": _pretty(view.asked("params") or "{}")}
    return await _form(view, {"does": "report", "every": "week", "timezone": "UTC", **values})


@pages.action("/schedules/new", Scope.SCHEDULES_WRITE)
async def add(view: View) -> Response:
    """Make it, or show when it would be due."""
    return await _saved(view, "POST", "/schedules", None)


@pages.page("/schedules/{name}", Scope.REPORTS_READ, api="/schedules/{name}", queries=2)
async def schedule(view: View) -> Response:
    """One of them."""
    found = await view.api.get(f"/schedules/{view['name']}")
    return view.render("schedule", schedule=found)


@pages.page("/schedules/{name}/edit", Scope.REPORTS_READ, queries=3)
async def edit(view: View) -> Response:
    """The form with what it is now."""
    found = await view.api.get(f"/schedules/{view['name']}")
    values = {name: str(found.get(name) or "") for name in _TEXTS}
    return await _form(view, values | {"params": json.dumps(found["params"], indent=2)}, name=found["name"])


@pages.action("/schedules/{name}/edit", Scope.SCHEDULES_WRITE)
async def change(view: View) -> Response:
    """Set it anew."""
    return await _saved(view, "PUT", f"/schedules/{view['name']}", view["name"])


@pages.action("/schedules/{name}/run", Scope.SCHEDULES_WRITE)
async def run(view: View) -> Response:
    """Begin now what it begins."""
    name = view["name"]
    found = await view.api.get(f"/schedules/{name}")
    begun = await view.api.send("POST", f"/schedules/{name}/run")
    if found["does"] == "report":
        return view.to(f"/console/reports/{begun['job_id']}", said="started")
    return view.to(f"/console/schedules/{name}", said="started")


@pages.action("/schedules/{name}/pause", Scope.SCHEDULES_WRITE)
async def pause(view: View) -> Response:
    """Have it begin nothing."""
    await view.api.send("POST", f"/schedules/{view['name']}/pause")
    return view.to(f"/console/schedules/{view['name']}", said="paused")


@pages.action("/schedules/{name}/resume", Scope.SCHEDULES_WRITE)
async def resume(view: View) -> Response:
    """Have it go on."""
    await view.api.send("POST", f"/schedules/{view['name']}/resume")
    return view.to(f"/console/schedules/{view['name']}", said="resumed")


@pages.action("/schedules/{name}/delete", Scope.SCHEDULES_WRITE)
async def delete(view: View) -> Response:
    """Remove it."""
    await view.api.send("DELETE", f"/schedules/{view['name']}")
    return view.to("/console/schedules", said="removed")


async def _saved(view: View, method: str, path: str, name: str | None) -> Response:
    form = fields_of(await view.form())
    try:
        body: dict[str, Any] = {field: form[field].strip() for field in _TEXTS if form.get(field, "").strip()}
        if form.get("do") == "preview":
            when = {field: body[field] for field in _WHEN if field in body}
            preview = await view.api.get("/schedules/preview", **when)
            return await _form(view, form, name=name, preview=preview)
        params = form.get("params", "").strip()
        if body.get("does") == "report" and params:
            body["params"] = _parsed(view, params)
        made = await view.api.send(method, path, body)
    except Refused as refusal:
        return await _form(view, form, name=name, refusal=refusal)
    return view.to(f"/console/schedules/{made['name']}", said="saved")


async def _form(
    view: View,
    values: Mapping[str, str],
    *,
    name: str | None = None,
    refusal: Refused | None = None,
    preview: Mapping[str, Any] | None = None,
) -> Response:
    kinds = [kind["name"] for kind in await view.api.get("/reports/kinds")]
    sources = []
    if view.may(Scope.DATA_READ):
        sources = [one["name"] for one in (await view.api.get("/sources"))["sources"]]
    return view.render(
        "schedule_form",
        http_status=refusal.status if refusal else 200,
        values=values,
        name=name,
        kinds=kinds,
        sources=sources,
        refusal=refusal,
        preview=preview,
    )


def _pretty(text: str) -> str:
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except ValueError:
        return text


def _parsed(view: View, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        reason = view.texts("is no JSON: %(error)s", error=str(error))
        errors = [{"parameter": "params", "reason": reason}]
        problem = {"code": "invalid_parameters", "title": "Parameters not accepted", "detail": "", "errors": errors}
        raise Refused(422, problem, {}) from None
