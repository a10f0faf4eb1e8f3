"""Entities: search, and a calendar or a zone for several at once."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import Response

from app.access.scopes import Scope
from app.console.asking import Refused, at_fields, wrong
from app.console.routes import Pages
from app.console.view import View

pages = Pages()

#: Kinds that have hours; others are reached by their address.
KINDS: Final = ("store", "team", "repository")

#: Parameters of the list, which are kept when something was done.
_SEARCH: Final = ("kind", "prefix", "timezone", "exceptions", "cursor", "limit")


@pages.page("/entities", Scope.DATA_READ, api="/entities", queries=3)
async def entities(view: View) -> Response:
    """Entities of a kind, in order of their keys."""
    return await _list(view)


@pages.action("/entities", Scope.HOURS_WRITE)
async def set_several(view: View) -> Response:
    """Give those that were ticked a calendar or a time zone."""
    form = await view.form()
    kind, keys = view.asked("kind", "store"), [str(key) for key in form.getlist("key")]
    calendar, zone = str(form.get("use_calendar", "")).strip(), str(form.get("set_timezone", "")).strip()
    try:
        if not keys:
            raise wrong("key", view.texts("is missing; tick at least one"))
        if not calendar and not zone:
            raise wrong("use_calendar", view.texts("is missing; choose a calendar or give a time zone"))
        names = {"keys": "key", "add_calendar": "use_calendar", "timezone": "set_timezone"}
        await give(view, names, kind=kind, keys=keys, timezone=zone or None, add_calendar=calendar or None)
    except Refused as refusal:
        return await _list(view, refusal, keys, {"use_calendar": calendar, "set_timezone": zone})
    return view.to("/console/entities", said="assigned", **{name: view.asked(name) for name in _SEARCH})


async def give(view: View, names: Mapping[str, str], **changes: Any) -> None:
    """Give several entities something; ``names`` are the fields of the form by the parameters of the API.

    Raises:
        Refused: something is wrong, and nothing was changed; all entities that are not there are named in one sentence.
    """
    try:
        await view.api.send("PATCH", "/entities", changes)
    except Refused as refusal:
        if "keys" in refusal.errors:
            raise wrong(names["keys"], str(refusal.problem["detail"]).removeprefix("keys: ")) from None
        raise at_fields(refusal, lambda name: names.get(name, name)) from None


async def _list(
    view: View, refusal: Refused | None = None, ticked: Sequence[str] = (), values: dict[str, str] | None = None
) -> Response:
    asked: dict[str, Any] = {name: view.asked(name) for name in _SEARCH}
    kind = asked["kind"] = asked["kind"] or "store"
    try:
        found = await view.api.get("/entities", now=True, **asked)
    except Refused as missing:
        found = {"entities": [], "next_cursor": None}
        # No file has named one of this kind yet: that is no mistake of who looks for them.
        if missing.problem.get("code") != "unknown_entity_kind":
            if "cursor" in missing.errors or not missing.errors:
                raise
            refusal = refusal or missing
    calendars = await view.api.get("/calendars")
    return view.render(
        "entities",
        found=found,
        kind=kind,
        kinds=list(dict.fromkeys([*KINDS, kind])),
        asked=asked,
        is_search=any(asked[name] for name in ("prefix", "timezone", "exceptions")),
        calendars=[one["name"] for one in calendars["calendars"]],
        ticked=ticked,
        values=values or {},
        refusal=refusal,
    )
