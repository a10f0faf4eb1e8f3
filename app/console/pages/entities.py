"""Entities: search, a calendar or a zone for several at once; one with its week, its dates, its calendars and polls."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from fastapi import Response

from app.access.scopes import Scope
from app.console.asking import Refused, path_of
from app.console.routes import Pages
from app.console.view import View, fields_of

pages = Pages()

#: Kinds that have hours; others are reached by their address.
KINDS: Final = ("store", "team", "repository")

#: Days that a page looks ahead, and dates for which hours can be set at once.
AHEAD_DAYS: Final = 14
MOST_DATES: Final = 62

_WINDOW: Final = re.compile(r"(\d{1,2}:\d\d(?::\d\d)?)\s*[-–]\s*(\d{1,2}:\d\d(?::\d\d)?)")  # noqa: RUF001 - a dash

#: Of a date that is an exception.
_TIMES: Final = ("start_time_local", "end_time_local")


@pages.page("/entities", Scope.DATA_READ, api="/entities", queries=10)
async def entities(view: View) -> Response:
    """Entities of a kind, in order of their keys."""
    return await _list(view)


@pages.action("/entities", Scope.HOURS_WRITE)
async def set_several(view: View) -> Response:
    """Give those that were ticked a calendar or a time zone."""
    form = await view.form()
    kind, keys = str(form.get("kind", "store")), [str(key) for key in form.getlist("key")]
    calendar, zone = str(form.get("calendar", "")).strip(), str(form.get("timezone", "")).strip()
    try:
        for key in keys:
            if calendar:
                path = path_of("entities", kind, key, "calendars")
                uses = (await view.api.get(path))["calendars"]
                if calendar not in [use["calendar"] for use in uses]:
                    await view.api.send("PUT", path, {"calendars": [*uses, {"calendar": calendar}]})
            if zone:
                await view.api.send("PUT", path_of("entities", kind, key, "timezone"), {"timezone": zone})
    except Refused as refusal:
        return await _list(view, refusal)
    return view.to("/console/entities", said="assigned", kind=kind)


@pages.page("/entities/{kind}/{key:path}", Scope.DATA_READ, api="/entities/{kind}/{key}", queries=30)
async def entity(view: View) -> Response:
    """One of them."""
    return await _entity(view)


@pages.action("/entities/{kind}/{key:path}/hours", Scope.HOURS_WRITE)
async def set_hours(view: View) -> Response:
    """Its hours: always so, from a date on, or on some dates only."""
    form = fields_of(await view.form())
    try:
        week = [_windows(view, day, form.get(f"day-{day}", "")) for day in range(7)]
        if form.get("when") == "dates":
            await _set_dates(view, week, form)
        else:
            span = {"valid_from": form.get("valid_from", "").strip()} if form.get("when") == "from" else {}
            windows = [{"day": day, **window} for day, found in enumerate(week) for window in found]
            await view.api.send("PUT", _path(view, "hours"), {"hours": windows}, **span)
    except Refused as refusal:
        return await _entity(view, _at_days(refusal, form), form)
    return _back(view, "changed")


@pages.action("/entities/{kind}/{key:path}/timezone", Scope.HOURS_WRITE)
async def set_zone(view: View) -> Response:
    """Its time zone, always or from a date on."""
    form = fields_of(await view.form())
    zone, since = form.get("timezone", "").strip() or None, form.get("zone_from", "").strip()
    try:
        await view.api.send("PUT", _path(view, "timezone"), {"timezone": zone}, valid_from=since)
    except Refused as refusal:
        return await _entity(view, refusal, form)
    return _back(view, "changed")


@pages.action("/entities/{kind}/{key:path}/exceptions", Scope.HOURS_WRITE)
async def add_exception(view: View) -> Response:
    """One more date that is not as usual."""
    form = fields_of(await view.form())
    new = {"date": form.get("date", "").strip(), "what": form.get("what", "closed")}
    new |= {name: form[name].strip() for name in (*_TIMES, "name") if form.get(name, "").strip()}
    try:
        before = (await view.api.get(_path(view, "exceptions")))["exceptions"]
        kept = [row for row in before if row["date"] != new["date"] or new["what"] == row["what"] == "hours"]
        await view.api.send("PUT", _path(view, "exceptions"), {"exceptions": [*map(_given, kept), new]})
    except Refused as refusal:
        return await _entity(view, _at_last(refusal), form)
    return _back(view, "changed")


@pages.action("/entities/{kind}/{key:path}/exceptions/remove", Scope.HOURS_WRITE)
async def remove_exception(view: View) -> Response:
    """A date is as usual again."""
    on = fields_of(await view.form()).get("date", "")
    before = (await view.api.get(_path(view, "exceptions")))["exceptions"]
    kept = [_given(row) for row in before if row["date"] != on]
    await view.api.send("PUT", _path(view, "exceptions"), {"exceptions": kept})
    return _back(view, "changed")


@pages.action("/entities/{kind}/{key:path}/calendars", Scope.HOURS_WRITE)
async def set_calendars(view: View) -> Response:
    """The calendars that it uses, in their order; those that stay keep their dates of validity."""
    form = fields_of(await view.form())
    names = [name.strip() for name in form.get("calendars", "").splitlines() if name.strip()]
    try:
        uses = (await view.api.get(_path(view, "calendars")))["calendars"]
        before = {use["calendar"]: use for use in uses}
        wanted = [before.get(name, {"calendar": name}) for name in names]
        await view.api.send("PUT", _path(view, "calendars"), {"calendars": wanted})
    except Refused as refusal:
        return await _entity(view, refusal, form)
    return _back(view, "changed")


@pages.action("/entities/{kind}/{key:path}/details", Scope.HOURS_WRITE)
async def set_details(view: View) -> Response:
    """Its name, its group, since when and until when it exists, how long a poll of it holds."""
    form = fields_of(await view.form())
    names = ("entity_name", "group", "active_from", "active_to", "max_gap_minutes")
    said: dict[str, Any] = {
        name.removeprefix("entity_"): form[name].strip() for name in names if form.get(name, "").strip()
    }
    if said.get("max_gap_minutes", "").isdecimal():
        said["max_gap_minutes"] = int(said["max_gap_minutes"])
    try:
        await view.api.send("PUT", _path(view), said)
    except Refused as refusal:
        return await _entity(view, refusal, form)
    return _back(view, "changed")


async def _list(view: View, refusal: Refused | None = None) -> Response:
    kind, prefix = view.asked("kind", "store"), view.asked("prefix")
    query = {"cursor": view.asked("cursor"), "limit": view.asked("limit")}
    try:
        found = await view.api.get("/entities", kind=kind, prefix=prefix, now=True, **query)
    except Refused as missing:  # no file has named one of this kind yet
        if missing.problem.get("code") != "unknown_entity_kind":
            raise
        found = {"entities": [], "next_cursor": None}
    calendars = await view.api.get("/calendars")
    return view.render(
        "entities",
        http_status=refusal.status if refusal else 200,
        found=found,
        kind=kind,
        kinds=list(dict.fromkeys([*KINDS, kind])),
        prefix=prefix,
        calendars=[one["name"] for one in calendars["calendars"]],
        refusal=refusal,
    )


async def _entity(view: View, refusal: Refused | None = None, form: Mapping[str, str] | None = None) -> Response:
    path = _path(view)
    found = await view.api.get(path)
    today = datetime.now(UTC).date()
    span = {"from": today - timedelta(days=1), "to": today + timedelta(days=AHEAD_DAYS)}
    days = (await view.api.get(path + "/open", **span))["days"]
    exceptions = (await view.api.get(path + "/exceptions"))["exceptions"]
    values = {f"day-{day}": _shown(found["hours"], day) for day in range(7)}
    reports = await _reports(view)
    return view.render(
        "entity",
        http_status=refusal.status if refusal else 200,
        entity=found,
        days=days[1:],
        now=_now(days),
        week=_week(found["hours"], is_always=found["open_24x7"]),
        versions=(await view.api.get(path + "/hours"))["versions"],
        zones=(await view.api.get(path + "/timezone"))["timezones"],
        uses=(await view.api.get(path + "/calendars"))["calendars"],
        exceptions=[one for one in exceptions if one["date"] >= str(today - timedelta(days=7))],
        calendars=[one["name"] for one in (await view.api.get("/calendars"))["calendars"]],
        reports=reports,
        values={**values, **(form or {})},
        refusal=refusal,
        here="/console" + quote(path),
    )


async def _reports(view: View) -> list[Any]:
    """The last uptime reports, for a store: each says why its figures are what they are."""
    if view["kind"] != "store" or not view.may(Scope.REPORTS_READ):
        return []
    return list((await view.api.get("/reports", kind="uptime", status="complete", limit=3))["reports"])


def _path(view: View, *more: str) -> str:
    return path_of("entities", view["kind"], view["key"], *more)


def _back(view: View, said: str) -> Response:
    return view.to("/console" + quote(_path(view)), said=said)


def _given(row: Mapping[str, Any]) -> dict[str, Any]:
    """A date as the API takes it back."""
    return {name: value for name, value in row.items() if value is not None}


def _windows(view: View, day: int, text: str) -> list[dict[str, str]]:
    """The windows of a weekday: ``09:00-12:00, 13:00-17:00``; none if the field is empty.

    Raises:
        Refused: it is written otherwise.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    found = [_WINDOW.fullmatch(part) for part in parts]
    for part, match in zip(parts, found, strict=True):
        if match is None:
            reason = view.texts("“%(part)s” is not written like 09:00-12:00, 13:00-17:00", part=part)
            raise Refused(422, _problem(f"day-{day}", reason), {})
    names = ("start_time_local", "end_time_local")
    return [dict(zip(names, (_padded(one) for one in match.groups()), strict=True)) for match in found if match]


def _padded(time: str) -> str:
    return time if time.index(":") == 2 else "0" + time


async def _set_dates(view: View, week: list[list[dict[str, str]]], form: Mapping[str, str]) -> None:
    """Hours of a week as exceptions of the dates between two."""
    first, last = (_date(view, form, name) for name in ("dates_from", "dates_to"))
    if not 0 <= (last - first).days < MOST_DATES:
        reason = view.texts("must be the first date or up to %(count)s days later", count=MOST_DATES - 1)
        raise Refused(422, _problem("dates_to", reason), {})
    dates = [first + timedelta(days=day) for day in range((last - first).days + 1)]
    before = (await view.api.get(_path(view, "exceptions")))["exceptions"]
    kept = [_given(row) for row in before if not str(first) <= row["date"] <= str(last)]
    rows = [
        {"date": str(on), **row}
        for on in dates
        for row in [{"what": "hours", **window} for window in week[on.weekday()]] or [{"what": "closed"}]
    ]
    await view.api.send("PUT", _path(view, "exceptions"), {"exceptions": kept + rows})


def _date(view: View, form: Mapping[str, str], name: str) -> date:
    try:
        return date.fromisoformat(form.get(name, "").strip())
    except ValueError:
        raise Refused(422, _problem(name, view.texts("is not a date such as 2026-12-24")), {}) from None


def _problem(parameter: str, reason: str) -> dict[str, Any]:
    errors = [{"parameter": parameter, "reason": reason}]
    return {"code": "invalid_parameters", "title": "Parameters not accepted", "detail": reason, "errors": errors}


def _at_days(refusal: Refused, form: Mapping[str, str]) -> Refused:
    """A refusal of windows, which the API numbers, at the fields of their days."""
    counted = [day for day in range(7) for part in form.get(f"day-{day}", "").split(",") if part.strip()]
    errors = []
    for one in refusal.problem.get("errors") or ():
        numbered = re.match(r"(?:body\.)?hours\.(\d+)", str(one.get("parameter", "")))
        number = int(numbered[1]) if numbered else len(counted)
        errors.append({**one, "parameter": f"day-{counted[number]}"} if number < len(counted) else one)
    return Refused(refusal.status, {**refusal.problem, "errors": errors}, refusal.headers)


def _at_last(refusal: Refused) -> Refused:
    """A refusal of the exceptions, of which the last one is new, at the fields of the form."""
    errors = [
        {**one, "parameter": str(one.get("parameter", "")).rpartition(".")[2]}
        for one in refusal.problem.get("errors") or ()
    ]
    return Refused(refusal.status, {**refusal.problem, "errors": errors}, refusal.headers)


def _shown(windows: list[dict[str, Any]], day: int) -> str:
    """The windows of a weekday as the form has them."""
    spans = [f"{one['start_time_local'][:5]}-{one['end_time_local'][:5]}" for one in windows if one["day"] == day]
    return ", ".join(spans)


def _week(windows: list[dict[str, Any]], *, is_always: bool) -> list[list[bool]]:
    """For each weekday and hour whether any of it is open."""
    grid = [[is_always] * 24 for _ in range(7)]
    for one in windows:
        opens, closes = _minutes(one["start_time_local"]), _minutes(one["end_time_local"])
        closes = 1440 if closes >= 1439 else closes
        end = closes if closes > opens else 1440 + closes
        for minute in range(opens - opens % 60, end, 60):
            day = (one["day"] + minute // 1440) % 7
            grid[day][minute // 60 % 24] = True
    return grid


def _minutes(time: str) -> int:
    hours, minutes = time.split(":")[:2]
    return int(hours) * 60 + int(minutes)


def _now(days: list[dict[str, Any]]) -> dict[str, Any]:
    """Whether it is open now, and the next opening or closing that the days tell."""
    now = datetime.now(UTC)
    told = [one for day in days for one in day["open"]]
    spans = sorted(tuple(map(datetime.fromisoformat, (one["opens_at"], one["closes_at"]))) for one in told)
    merged: list[list[datetime]] = []
    for opens, closes in spans:
        if merged and opens <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], closes)
        else:
            merged.append([opens, closes])
    current = next((span for span in merged if span[0] <= now < span[1]), None)
    following = [span[0] for span in merged if span[0] > now]
    is_last = bool(current and merged and current is merged[-1])
    until = None if is_last else current[1] if current else following[0] if following else None
    return {"is_open": current is not None, "until": until}
