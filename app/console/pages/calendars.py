"""Calendars: list, make from a country or a file, see what would change, edit dates, assign, remove."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from babel import Locale
from fastapi import Response
from starlette.datastructures import FormData, UploadFile

from app.access.scopes import Scope
from app.console.asking import Refused, at_fields, path_of, wrong
from app.console.calendar_text import change, line_of, read_csv, read_text, text_of
from app.console.json_text import read_json
from app.console.pages.entities import give
from app.console.routes import Pages
from app.console.view import View, fields_of

pages = Pages()

#: Largest form with the file of a calendar, bytes: the API takes a file of half of that.
MOST_BYTES: Final = 2 << 20

#: Dates that a page shows; the field below them has all.
MOST_SHOWN: Final = 400

#: A name that the form of a country has given: sort of holidays, country, subdivision.
_OF_COUNTRY: Final = re.compile(r"(\w+):([A-Z]{2})(?:-(\w+))?")

#: The source of dates that a person has edited.
_EDITED: Final = "a page"


@pages.page("/calendars", Scope.DATA_READ, api="/calendars", queries=1)
async def calendars(view: View) -> Response:
    """All of them."""
    return view.render("calendars", found=await view.api.get("/calendars"))


@pages.page("/calendar-of-country", Scope.DATA_READ, queries=2)
async def of_country(view: View) -> Response:
    """Choose a country; then what the calendar would have, and how that differs from what it has."""
    year = datetime.now(UTC).year
    asked = {name: view.asked(name) for name in ("country", "subdivision", "category", "years", "name")}
    asked["years"] = asked["years"] or f"{year}-{year + 2}"
    known = (await view.api.get("/holidays"))["countries"]
    country = next((one for one in known if one["code"] == asked["country"]), None)
    shown, refusal = None, None
    if country is not None and asked["subdivision"] not in country["subdivisions"]:
        asked["subdivision"] = ""  # of another country, which was chosen before
    if view.asked("show"):
        try:
            if country is None:
                raise wrong("country", view.texts("is missing; choose one"))
            query = {name: asked[name] for name in ("subdivision", "category", "years")}
            found = await view.api.get(path_of("holidays", asked["country"]), **query)
            name = asked["name"] or found["name"]
            shown = await _shown(view, name, found["days"], f"holidays of {name.partition(':')[2] or name}")
        except Refused as refused:
            refusal = refused
    names = _names(view.texts.locale)
    countries = sorted(((one["code"], names.get(one["code"], one["code"])) for one in known), key=lambda pair: pair[1])
    values: dict[str, Any] = {"asked": asked, "countries": countries, "country": country, "change": shown}
    return view.render("calendar_of_country", refusal=refusal, **values)


@pages.page("/calendar-of-file", Scope.DATA_READ, queries=0)
async def of_file(view: View) -> Response:
    """Choose a file."""
    return view.render("calendar_of_file", change=None, refusal=None, name=view.asked("name"))


@pages.action("/calendar-of-file", Scope.HOURS_WRITE, takes_files=True)
async def read_file(view: View) -> Response:
    """What a calendar would have by a file, .ics or CSV; nothing is changed yet."""
    name, shown, refusal = "", None, None
    try:
        form = await _form(view, files=1)
        name, file = str(form.get("name", "")).strip(), form.get("file")
        _require_name(view, name)
        if not isinstance(file, UploadFile) or not file.filename:
            raise wrong("file", view.texts("is missing; choose a file"))
        source = f"the file {file.filename}"[:200]
        body = {"days": await _days_of(view, name, await file.read()), "source": source}
        checked = await view.api.send("PUT", path_of("calendars", name), body, dry_run=True)
        shown = await _shown(view, name, checked["days"], source)
    except Refused as refused:
        refusal = at_fields(refused, lambda one: one if one in {"name", "file"} else _row(view, one))
    return view.render("calendar_of_file", change=shown, refusal=refusal, name=name)


@pages.action("/calendars", Scope.HOURS_WRITE, takes_files=True)
async def apply(view: View) -> Response:
    """Give a calendar the dates that a person has seen before."""
    form = fields_of(await _form(view))
    name = form.get("name", "")
    _require_name(view, name)
    try:
        days = read_json(form.get("days", ""))
    except ValueError:
        raise wrong("days", view.texts("is not what the page sent; go back and check again")) from None
    await view.api.send("PUT", path_of("calendars", name), {"days": days, "source": form.get("source") or _EDITED})
    return view.to(_page(name), said="imported")


@pages.page("/calendars/{name:path}", Scope.DATA_READ, api="/calendars/{name}", queries=2)
async def calendar(view: View) -> Response:
    """One of them with its dates; if there is none, those that may be meant."""
    return await _calendar(view)


@pages.action("/calendars/{name:path}/days", Scope.HOURS_WRITE)
async def edit(view: View) -> Response:
    """Its dates, as they were edited."""
    text = fields_of(await view.form()).get("days", "")
    try:
        days = read_text(view.texts, text)
        await view.api.send("PUT", path_of("calendars", view["name"]), {"days": days, "source": _EDITED})
    except Refused as refusal:
        return await _calendar(view, _at_lines(refusal, text), "days", {"days": text})
    return view.to(_page(view["name"]), said="saved")


@pages.action("/calendars/{name:path}/assign", Scope.HOURS_WRITE)
async def assign(view: View) -> Response:
    """Have entities use it, too: all that are named, or none."""
    form = fields_of(await view.form())
    kind, keys = form.get("kind", "store"), [key.strip() for key in form.get("keys", "").split("\n") if key.strip()]
    try:
        if not keys:
            raise wrong("keys", view.texts("is missing; write one key per line"))
        await give(view, {"keys": "keys"}, kind=kind, keys=keys, add_calendar=view["name"])
    except Refused as refusal:
        if refusal.problem.get("code") == "unknown_entity_kind":
            refusal = wrong("keys", str(refusal.problem["detail"]).removesuffix("."))
        return await _calendar(view, refusal, "assign", form)
    return view.to(_page(view["name"]), said="assigned")


@pages.action("/calendars/{name:path}/delete", Scope.HOURS_WRITE)
async def delete(view: View) -> Response:
    """Remove it; one that is used stays."""
    try:
        await view.api.send("DELETE", path_of("calendars", view["name"]))
    except Refused as refusal:
        return await _calendar(view, refusal)
    return view.to("/console/calendars", said="removed")


async def _calendar(
    view: View, refusal: Refused | None = None, opened: str = "", values: Mapping[str, str] | None = None
) -> Response:
    """The page; ``opened`` is the form that was refused, ``values`` are its fields."""
    try:
        found = await view.api.get(path_of("calendars", view["name"]))
    except Refused as missing:
        if missing.problem.get("code") != "unknown_calendar":
            raise
        links = [(name, view.link(_page(name))) for name in missing.problem.get("nearest") or ()]
        return view.render("missing", http_status=404, problem=missing.problem, links=links, above="/console/calendars")
    return view.render(
        "calendar",
        calendar=found["calendar"],
        days=found["days"],
        most=MOST_SHOWN,
        values={"days": text_of(found["days"]), **(values or {})},
        of_country=_OF_COUNTRY.fullmatch(view["name"]),
        refusal=refusal,
        opened=opened,
        here=view.link(_page(view["name"])),
        at=_page(view["name"]),
    )


async def _form(view: View, *, files: int = 0) -> FormData:
    """The form, unless it is longer than any calendar."""
    length = view.request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > MOST_BYTES:
        raise wrong("file", view.texts("is larger than a calendar can be: 1 MiB"))
    return await view.form(files=files)


def _require_name(view: View, name: str) -> None:
    if not name.strip():
        raise wrong("name", view.texts("is missing; give the calendar a name"))


async def _days_of(view: View, name: str, content: bytes) -> list[dict[str, Any]]:
    """The dates of a file of either sort."""
    if not content.lstrip()[:15].upper().startswith(b"BEGIN:VCALENDAR"):
        return list(read_csv(view.texts, content, name))
    path = path_of("calendars", name, "import")
    try:
        return list((await view.api.ask("POST", path, query={"dry_run": True}, body=content)).document["days"])
    except Refused as refusal:
        if refusal.errors:
            raise
        raise wrong("file", f"cannot be read. {refusal.problem.get('detail', '')}".rstrip(".")) from None


async def _shown(view: View, name: str, days: list[dict[str, Any]], source: str) -> dict[str, Any]:
    """What a calendar would have, and how that differs from what it has."""
    given = [{key: value for key, value in day.items() if value is not None} for day in days]
    try:
        before = (await view.api.get(path_of("calendars", name)))["days"]
    except Refused as refusal:
        if refusal.status != 404:
            raise
        before = []
    content = json.dumps(given, ensure_ascii=False, separators=(",", ":"))
    return {"name": name, "days": content, "source": source, "told": change(before, days)}


def _row(view: View, parameter: str) -> str:
    """What the API calls ``days.3.date``, in the words of a page."""
    found = re.fullmatch(r"(?:body\.)?days\.(\d+)(?:\.(\w+))?", parameter)
    if found is None:
        return parameter
    return view.texts("date %(number)s, %(column)s", number=int(found[1]) + 1, column=found[2] or "–")  # noqa: RUF001


def _at_lines(refusal: Refused, text: str) -> Refused:
    """A refusal of dates, which the API numbers, at the field that has them all; it repeats the first line."""
    for one in refusal.problem.get("errors") or ():
        numbered = re.match(r"(?:body\.)?days\.(\d+)", str(one.get("parameter", "")))
        if numbered:
            return wrong("days", f"{line_of(text, int(numbered[1]))}: {one['reason']}")
    if refusal.status == 422 and not refusal.errors:
        return wrong("days", str(refusal.problem.get("detail", "")).removesuffix("."))
    return refusal


def _page(name: str) -> str:
    return "/console/calendars/" + quote(name)


def _names(locale: Locale) -> Mapping[str, str]:
    names: Mapping[str, str] = locale.territories
    return names
