"""Calendars: list, make from a country or a file, see what would change, edit dates, assign, remove."""

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from io import StringIO
from typing import Any, Final
from urllib.parse import quote

from babel import Locale
from fastapi import Response
from starlette.datastructures import UploadFile

from app.access.scopes import Scope
from app.console.asking import Refused, path_of
from app.console.routes import Pages
from app.console.view import View, fields_of

pages = Pages()

#: A name that the form of a country has given: sort of holidays, country, subdivision.
_OF_COUNTRY: Final = re.compile(r"(\w+):([A-Z]{2})(?:-(\w+))?")

#: A date in the text of a calendar: the date, ``closed`` or times, and a name.
_LINE: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:\s+(closed|\d\d:\d\d-\d\d:\d\d))?(?:\s+(.*))?")

_TIMES: Final = ("start_time_local", "end_time_local")


@pages.page("/calendars", Scope.DATA_READ, api="/calendars", queries=1)
async def calendars(view: View) -> Response:
    """All of them."""
    return view.render("calendars", found=await view.api.get("/calendars"))


@pages.page("/calendar-of-country", Scope.DATA_READ, queries=3)
async def of_country(view: View) -> Response:
    """Choose a country; then what the calendar would have, and how that differs from what it has."""
    year = datetime.now(UTC).year
    asked = {name: view.asked(name) for name in ("country", "subdivision", "category", "years", "name")}
    asked["years"] = asked["years"] or f"{year}-{year + 2}"
    known = (await view.api.get("/holidays"))["countries"]
    country = next((one for one in known if one["code"] == asked["country"]), None)
    change, refusal = None, None
    if country is not None and view.asked("show"):
        query = {name: asked[name] for name in ("subdivision", "category", "years")}
        try:
            found = await view.api.get(path_of("holidays", asked["country"]), **query)
            name = asked["name"] or found["name"]
            change = await _change(view, name, found["days"], f"holidays of {name.partition(':')[2] or name}")
        except Refused as refused:
            refusal = refused
    names = _names(view.texts.locale)
    shown = sorted(((one["code"], names.get(one["code"], one["code"])) for one in known), key=lambda pair: pair[1])
    values = {"asked": asked, "countries": shown, "country": country, "change": change, "refusal": refusal}
    return view.render("calendar_of_country", http_status=refusal.status if refusal else 200, **values)


@pages.page("/calendar-of-file", Scope.DATA_READ, queries=0)
async def of_file(view: View) -> Response:
    """Choose a file."""
    return view.render("calendar_of_file", change=None, refusal=None, name=view.asked("name"))


@pages.action("/calendar-of-file", Scope.HOURS_WRITE)
async def read_file(view: View) -> Response:
    """What a calendar would have by a file, .ics or CSV; nothing is changed yet."""
    form = await view.form(files=1)
    name, file = str(form.get("name", "")).strip(), form.get("file")
    try:
        if not isinstance(file, UploadFile) or not file.filename:
            raise _refused("file", view.texts("is missing; choose a file"))
        if not name:
            raise _refused("name", view.texts("is missing; give the calendar a name"))
        content = await file.read()
        if content.lstrip()[:15].upper().startswith(b"BEGIN:VCALENDAR"):
            path = path_of("calendars", name, "import")
            answer = await view.api.ask("POST", path, query={"dry_run": True}, body=content)
            days = answer.document["days"]
        else:
            days = _of_csv(view, content)
        change = await _change(view, name, days, f"the file {file.filename}")
    except Refused as refusal:
        return view.render("calendar_of_file", http_status=refusal.status, change=None, refusal=refusal, name=name)
    return view.render("calendar_of_file", change=change, refusal=None, name=name)


@pages.action("/calendars", Scope.HOURS_WRITE)
async def apply(view: View) -> Response:
    """Give a calendar the dates that a person has seen before."""
    form = fields_of(await view.form())
    name = form.get("name", "")
    body = {"days": json.loads(form.get("days", "[]")), "source": form.get("source", "") or "a page"}
    await view.api.send("PUT", path_of("calendars", name), body)
    return view.to("/console" + quote(path_of("calendars", name)), said="imported")


@pages.page("/calendars/{name:path}", Scope.DATA_READ, api="/calendars/{name}", queries=3)
async def calendar(view: View) -> Response:
    """One of them with its dates."""
    return await _calendar(view)


@pages.action("/calendars/{name:path}/days", Scope.HOURS_WRITE)
async def edit(view: View) -> Response:
    """Its dates, as they were edited."""
    text = fields_of(await view.form()).get("days", "")
    try:
        days = [_day(view, number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        await view.api.send("PUT", path_of("calendars", view["name"]), {"days": days, "source": "a page"})
    except Refused as refusal:
        return await _calendar(view, refusal, text)
    return _back(view, "saved")


@pages.action("/calendars/{name:path}/assign", Scope.HOURS_WRITE)
async def assign(view: View) -> Response:
    """Have entities use it, too."""
    form = fields_of(await view.form())
    keys = [key.strip() for key in form.get("keys", "").splitlines() if key.strip()]
    try:
        for key in keys:
            path = path_of("entities", form.get("kind", "store"), key, "calendars")
            uses = (await view.api.get(path))["calendars"]
            if view["name"] not in [use["calendar"] for use in uses]:
                await view.api.send("PUT", path, {"calendars": [*uses, {"calendar": view["name"]}]})
    except Refused as refusal:
        return await _calendar(view, refusal)
    return _back(view, "assigned")


@pages.action("/calendars/{name:path}/delete", Scope.HOURS_WRITE)
async def delete(view: View) -> Response:
    """Remove it; one that is used stays."""
    try:
        await view.api.send("DELETE", path_of("calendars", view["name"]))
    except Refused as refusal:
        return await _calendar(view, refusal)
    return view.to("/console/calendars", said="removed")


async def _calendar(view: View, refusal: Refused | None = None, text: str | None = None) -> Response:
    found = await view.api.get(path_of("calendars", view["name"]))
    return view.render(
        "calendar",
        http_status=refusal.status if refusal else 200,
        calendar=found["calendar"],
        days=found["days"],
        text="\n".join(map(_written, found["days"])) if text is None else text,
        of_country=_OF_COUNTRY.fullmatch(view["name"]),
        refusal=refusal,
        here="/console" + quote(path_of("calendars", view["name"])),
    )


def _back(view: View, said: str) -> Response:
    return view.to("/console" + quote(path_of("calendars", view["name"])), said=said)


async def _change(view: View, name: str, days: list[dict[str, Any]], source: str) -> dict[str, Any]:
    """What a calendar would have, and how that differs from what it has."""
    try:
        before = (await view.api.get(path_of("calendars", name)))["days"]
    except Refused as refusal:
        if refusal.status != 404:
            raise
        before = []
    old, new = _by_date(before), _by_date(days)
    lines = [
        (on, "+" if on not in old else "-" if on not in new else "~", old.get(on, ""), new.get(on, ""))
        for on in sorted({*old, *new})
        if old.get(on) != new.get(on)
    ]
    given = [{key: value for key, value in day.items() if value is not None} for day in days]
    content = json.dumps(given, ensure_ascii=False, separators=(",", ":"))
    same = len(set(old) & set(new)) - sum(mark == "~" for _, mark, _, _ in lines)
    return {"name": name, "days": content, "count": len(new), "lines": lines, "same": same, "source": source}


def _by_date(days: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    found: dict[str, list[str]] = defaultdict(list)
    for day in days:
        found[day["date"]].append(_written(day).partition(" ")[2])
    return {on: ", ".join(sorted(texts)) for on, texts in found.items()}


def _written(day: Mapping[str, Any]) -> str:
    """A date as the text of a calendar has it."""
    times = [str(day.get(name) or "")[:5] for name in _TIMES]
    what = "-".join(times) if day.get("what") == "hours" else "closed"
    return f"{day['date']} {what} {day.get('name') or ''}".rstrip()


def _day(view: View, number: int, line: str) -> dict[str, str]:
    found = _LINE.fullmatch(line.strip())
    if found is None:
        reason = view.texts("line %(number)s is not written like 2026-12-25 closed Christmas", number=number)
        raise _refused("days", f"{reason}: {line.strip()[:80]}")
    on, what, name = found.groups()
    day = {"date": on, "what": "closed" if what in {None, "closed"} else "hours"}
    if day["what"] == "hours":
        day |= dict(zip(_TIMES, what.split("-"), strict=True))
    return day | ({"name": name.strip()} if name else {})


def _of_csv(view: View, content: bytes) -> list[dict[str, str]]:
    """The dates of a CSV file with the columns date, name and perhaps what, start_time_local, end_time_local."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused("file", view.texts("is neither an .ics file nor a CSV file in UTF-8")) from None
    reader = csv.DictReader(StringIO(text))
    if "date" not in (reader.fieldnames or ()):
        received = ", ".join(reader.fieldnames or ()) or "–"  # noqa: RUF001 - a dash
        reason = view.texts("has no column “date”; it has: %(columns)s", columns=received[:200])
        raise _refused("file", reason)
    names = ("date", "what", *_TIMES, "name")
    return [
        {"what": "closed", **{name: row[name].strip() for name in names if (row.get(name) or "").strip()}}
        for row in reader
    ]


def _names(locale: Locale) -> Mapping[str, str]:
    names: Mapping[str, str] = locale.territories
    return names


def _refused(parameter: str, reason: str) -> Refused:
    errors = [{"parameter": parameter, "reason": reason}]
    problem = {"code": "invalid_parameters", "title": "Parameters not accepted", "detail": reason, "errors": errors}
    return Refused(422, problem, {})
