"""One entity: whether it is open, its week, its dates, its calendars, its zone, its polls and outages."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from babel.dates import get_timezone
from fastapi import Response

from app.access.scopes import Scope
from app.console.asking import Refused, at_fields, path_of, wrong
from app.console.marked import marked
from app.console.routes import Pages
from app.console.view import View, fields_of
from app.console.week_fields import field, fields_of_week, grid, read_week, written

pages = Pages()

#: Days whose hours a page shows, and days of which it shows what is not as usual.
SHOWN_DAYS: Final = 14
AHEAD_DAYS: Final = 366

#: Dates for which hours can be set at once.
MOST_DATES: Final = 62

#: Outages that are shown; the page of the report has more.
MOST_OUTAGES: Final = 10

#: What is said of a date.
WHAT: Final = {
    "closed": marked("closed all day"),
    "hours": marked("open at these times only"),
    "minus": marked("as usual, but closed at these times"),
    "usual": marked("as usual, although a calendar has the date"),
}

#: Fields of the form of an exception.
_EXCEPTION: Final = ("start_time_local", "end_time_local", "name")

#: Fields of the form of details, by the API's names.
_DETAILS: Final = {
    "name": "entity_name",
    "group": "group",
    "active_from": "active_from",
    "active_to": "active_to",
    "max_gap_minutes": "max_gap_minutes",
}


@pages.page("/entities/{kind}/{key:path}", Scope.DATA_READ, api="/entities/{kind}/{key}", queries=22)
async def entity(view: View) -> Response:
    """One of them; if there is none, those that may be meant."""
    return await _entity(view)


@pages.action("/entities/{kind}/{key:path}/hours", Scope.HOURS_WRITE)
async def set_hours(view: View) -> Response:
    """Its hours: always so, from a date on, or on some dates only."""
    form = fields_of(await view.form())
    try:
        week = read_week(view.texts, form)
        when = form.get("when", "always")
        if when == "dates":
            await _set_dates(view, week, form)
        else:
            span = {"valid_from": str(_date(view, form, "valid_from"))} if when == "from" else {}
            windows: list[dict[str, Any]] = [{"day": day, **one} for day, found in enumerate(week) for one in found]
            if span and not windows:
                reason = view.texts("has no hours; enter below when it ceases to exist, or give single dates")
                raise wrong("valid_from", reason)
            days = [field(day) for day, found in enumerate(week) for _ in found]
            await _send(view, "hours", {"hours": windows}, lambda name: _numbered(name, days), **span)
    except Refused as refusal:
        return await _entity(view, refusal, form, "hours")
    return _back(view)


@pages.action("/entities/{kind}/{key:path}/hours/remove", Scope.HOURS_WRITE)
async def remove_hours(view: View) -> Response:
    """Hours of some dates count no more; those that held before hold again."""
    form = fields_of(await view.form())
    span = {name: form.get(name, "") for name in ("valid_from", "valid_to")}
    await view.api.send("PUT", _path(view, "hours"), {"hours": []}, **span)
    return _back(view)


@pages.action("/entities/{kind}/{key:path}/timezone", Scope.HOURS_WRITE)
async def set_zone(view: View) -> Response:
    """Its time zone, always or from a date on."""
    form = fields_of(await view.form())
    zone, since = form.get("timezone", "").strip() or None, form.get("zone_from", "").strip()
    try:
        names = {"valid_from": "zone_from"}
        await _send(view, "timezone", {"timezone": zone}, lambda name: names.get(name, name), valid_from=since)
    except Refused as refusal:
        return await _entity(view, refusal, form, "timezone")
    return _back(view)


@pages.action("/entities/{kind}/{key:path}/exceptions", Scope.HOURS_WRITE)
async def add_exception(view: View) -> Response:
    """One more date that is not as usual; times are added to the times of its date, anything else replaces them."""
    form = fields_of(await view.form())
    try:
        on, what = str(_date(view, form, "date")), form.get("what", "closed")
        new = {"date": on, "what": what} | {
            name: form[name].strip() for name in _EXCEPTION if form.get(name, "").strip()
        }
        before = await _exceptions(view)
        kept = [row for row in before if row["date"] != on or what == row["what"] == "hours"]
        rows = [*map(_given, kept), new]
        await _send(view, "exceptions", {"exceptions": rows}, lambda name: name.rpartition(".")[2])
    except Refused as refusal:
        return await _entity(view, refusal, form, "exceptions")
    return _back(view)


@pages.action("/entities/{kind}/{key:path}/exceptions/remove", Scope.HOURS_WRITE)
async def remove_exception(view: View) -> Response:
    """A date is as usual again."""
    on = fields_of(await view.form()).get("date", "")
    kept = [_given(row) for row in await _exceptions(view) if row["date"] != on]
    await view.api.send("PUT", _path(view, "exceptions"), {"exceptions": kept})
    return _back(view)


@pages.action("/entities/{kind}/{key:path}/calendars", Scope.HOURS_WRITE)
async def set_calendars(view: View) -> Response:
    """The calendars that it uses, in their order; those that stay keep their dates of validity."""
    form = fields_of(await view.form())
    names = [name.strip() for name in form.get("calendars", "").split("\n") if name.strip()]
    try:
        uses = (await view.api.get(_path(view, "calendars")))["calendars"]
        # The same calendar may be used on several spans of dates: each name takes the next of its spans.
        spans: dict[str, list[Any]] = {}
        for use in uses:
            spans.setdefault(use["calendar"], []).append(use)
        wanted = [spans[name].pop(0) if spans.get(name) else {"calendar": name} for name in names]
        await _send(view, "calendars", {"calendars": wanted}, lambda _: "calendars")
    except Refused as refusal:
        return await _entity(view, refusal, form, "calendars")
    return _back(view)


@pages.action("/entities/{kind}/{key:path}/details", Scope.HOURS_WRITE)
async def set_details(view: View) -> Response:
    """Its name, its group, since when and until when it exists, how long a poll of it holds."""
    form = fields_of(await view.form())
    said: dict[str, Any] = {name: form[one].strip() for name, one in _DETAILS.items() if form.get(one, "").strip()}
    if "max_gap_minutes" in said and said["max_gap_minutes"].isascii() and said["max_gap_minutes"].isdecimal():
        said["max_gap_minutes"] = int(said["max_gap_minutes"])
    try:
        await _send(view, "", said, lambda name: _DETAILS.get(name, name))
    except Refused as refusal:
        return await _entity(view, refusal, form, "details")
    return _back(view)


@pages.page("/outages/{key:path}", Scope.REPORTS_READ, queries=8)
async def outages(view: View) -> Response:
    """The last outages of a store, by the last report: a piece of its page, which is there before they are read."""
    key = view["key"]
    found = list((await view.api.get("/reports", kind="uptime", status="complete", limit=3))["reports"])
    told = None
    if found:
        try:
            told = await view.api.get(path_of("reports", found[0]["report_id"], "entities", key))
        except Refused as refusal:
            if refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
            # It is of other stores, or there is no such store.
    if told is not None:
        latest = sorted(told["outages"], key=lambda one: str(one["start"]), reverse=True)
        told = {**told, "outages": latest[:MOST_OUTAGES]}
    return view.render(
        "entity_outages",
        is_piece="hx-request" in view.request.headers,
        key=key,
        store=view.link("/console/entities/store/" + quote(key)),
        reports=found,
        told=told,
        zone=told["timezone"] if told else "UTC",
    )


async def _entity(
    view: View, refusal: Refused | None = None, form: Mapping[str, str] | None = None, opened: str = ""
) -> Response:
    """The page; ``opened`` is the form that was refused, whose fields are as they were sent."""
    path = _path(view)
    try:
        found = await view.api.get(path, now=True)
    except Refused as missing:
        if missing.problem.get("code") not in {"unknown_entity", "unknown_entity_kind"}:
            raise
        return _missing(view, missing)
    today = datetime.now(get_timezone(found["timezone"])).date()
    span = {"from": today, "to": today + timedelta(days=AHEAD_DAYS)}
    days = (await view.api.get(path + "/open", **span))["days"]
    zones = (await view.api.get(path + "/timezone"))["timezones"]
    coming = [{**day, "zone": _zone_on(zones, day["on"], found)} for day in days]
    versions = (await view.api.get(path + "/hours"))["versions"]
    exceptions = [one for one in await _exceptions(view) if one["date"] >= str(today)]
    ends = str(span["to"])
    known = [one["name"] for one in (await view.api.get("/calendars"))["calendars"]]
    return view.render(
        "entity",
        entity=found,
        week=grid(found["hours"], is_always=found["open_24x7"]),
        fields=fields_of_week(found["hours"]),
        versions=versions,
        in_use=_in_use(versions, str(today)),
        days=coming[:SHOWN_DAYS],
        holidays=[day for day in coming if day["rule"] == "holiday"],
        exceptions=[one for one in exceptions if one["date"] < ends],
        later=sum(one["date"] >= ends for one in exceptions),
        what={name: view.texts(text) for name, text in WHAT.items()},
        zones=zones,
        uses=(await view.api.get(path + "/calendars"))["calendars"],
        calendars=known,
        has_outages=view["kind"] == "store" and view.may(Scope.REPORTS_READ),
        outages=view.link("/console/outages/" + quote(view["key"])),
        values=form or {},
        written=written,
        refusal=refusal,
        opened=opened,
        here=view.link(_page(view)),
        at=_page(view),
    )


def _missing(view: View, missing: Refused) -> Response:
    """Those that may be meant."""
    problem = missing.problem
    kind, near = view["kind"], problem.get("nearest") or ()
    links = [(key, view.link("/console/entities/" + quote(f"{kind}/{key}"))) for key in near]
    if problem.get("code") == "unknown_entity_kind":
        links = [(one, view.link("/console/entities", kind=one)) for one in problem.get("allowed") or ()]
    return view.render("missing", http_status=missing.status, problem=problem, links=links, above="/console/entities")


async def _send(view: View, part: str, body: Any, field_of: Any, **query: Any) -> None:
    """Have a route change something. Raises Refused, with what is wrong at the fields of the form."""
    try:
        await view.api.send("PUT", _path(view, *filter(None, [part])), body, **query)
    except Refused as refusal:
        raise at_fields(refusal, lambda name: field_of(_bare(name))) from None


def _bare(name: str) -> str:
    return name.removeprefix("body.").removeprefix("query.")


def _numbered(name: str, fields: Sequence[str]) -> str:
    """The field of a row that the API numbers, as in ``hours.3.day``; the name itself if it is none."""
    number = name.split(".")[1] if "." in name else ""
    return fields[int(number)] if number.isdecimal() and int(number) < len(fields) else name


def _path(view: View, *more: str) -> str:
    return path_of("entities", view["kind"], view["key"], *more)


def _page(view: View) -> str:
    return "/console/entities/" + quote(f"{view['kind']}/{view['key']}")


def _back(view: View) -> Response:
    return view.to(_page(view), said="changed")


async def _exceptions(view: View) -> list[dict[str, Any]]:
    return list((await view.api.get(_path(view, "exceptions")))["exceptions"])


def _given(row: Mapping[str, Any]) -> dict[str, Any]:
    """A date as the API takes it back."""
    return {name: value for name, value in row.items() if value is not None}


async def _set_dates(view: View, week: list[list[dict[str, str]]], form: Mapping[str, str]) -> None:
    """Hours of a week as exceptions of the dates between two."""
    first, last = (_date(view, form, name) for name in ("dates_from", "dates_to"))
    if not 0 <= (last - first).days < MOST_DATES:
        reason = view.texts("must be the first date or up to %(count)s days later", count=MOST_DATES - 1)
        raise wrong("dates_to", reason)
    dates = [first + timedelta(days=day) for day in range((last - first).days + 1)]
    kept = [_given(row) for row in await _exceptions(view) if not str(first) <= row["date"] <= str(last)]
    rows = [
        (field(on.weekday()), {"date": str(on), **row})
        for on in dates
        for row in [{"what": "hours", **window} for window in week[on.weekday()]] or [{"what": "closed"}]
    ]
    fields = ["dates_from"] * len(kept) + [name for name, _ in rows]
    body = {"exceptions": kept + [row for _, row in rows]}
    await _send(view, "exceptions", body, lambda name: _numbered(name, fields))


def _date(view: View, form: Mapping[str, str], name: str) -> date:
    try:
        return date.fromisoformat(form.get(name, "").strip())
    except ValueError:
        raise wrong(name, view.texts("is not a date such as 2026-12-24")) from None


def _zone_on(zones: Sequence[Mapping[str, Any]], on: str, found: Mapping[str, Any]) -> str:
    """The zone of a date of today or later; one without any of its own is in the zone that it is in today."""
    begun = [str(one["timezone"]) for one in zones if (one["valid_from"] or "") <= on]
    return begun[-1] if begun else str(found["timezone"])


def _in_use(versions: Sequence[Mapping[str, Any]], today: str) -> int | None:
    """The number of the hours that hold today; the API tells later ones last, and of two those that end first."""
    holding = [
        number
        for number, one in enumerate(versions)
        if (one["valid_from"] or "") <= today <= (one["valid_to"] or "9999")
    ]
    return holding[-1] if holding else None
