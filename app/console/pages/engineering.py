"""Engineering: the metrics of four pillars at a glance, and each with its definition, its rows and what is missing."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any, Final

from fastapi import Response

from app.access.scopes import Scope
from app.console.asking import Refused, path_of, refused, wrong
from app.console.engineering_figures import KIND, Figures, figures, newer
from app.console.figures import PILLARS, Trend, notes, noun, trend, written
from app.console.metric_texts import definition_text
from app.console.routes import Pages
from app.console.texts import NOTHING
from app.console.view import View, fields_of
from app.errors import NotAllowed

pages = Pages()

#: Parts of a metric that the overview shows, those of the most rows.
_PARTS: Final = 3

#: Rows that the page of a metric shows, and that it shows if one asks for more; the API has no more either.
_ROWS: Final = 20
_MORE_ROWS: Final = 200


@pages.page("/engineering", Scope.REPORTS_READ, queries=8)
async def engineering(view: View) -> Response:
    """The metrics of each pillar."""
    found = await figures(view)
    going = found.going and await view.api.get(path_of("reports", found.going["report_id"]))
    group = view.asked("group")
    return view.render(
        "engineering",
        found=found,
        going=going,
        kind=KIND,
        group=group,
        again=await _again(view, found),
        pillars=[] if found.summary is None else [_pillar(view, found, one, group) for one in found.summary["pillars"]],
    )


@pages.action("/engineering", Scope.REPORTS_RUN)
async def make_newer(view: View) -> Response:
    """Make figures of now, asked for as those of a report were."""
    report_id = fields_of(await view.form()).get("report")
    if report_id is None:  # no page has sent this
        raise wrong("report", view.texts("is not what the page sent; go back and check again"))
    params = await newer(view, report_id) if report_id else {}
    await view.api.send("POST", "/trigger_report", {"report": KIND, "params": params})
    return view.to("/console/engineering", said="started")


@pages.page("/engineering/{metric}", Scope.REPORTS_READ, queries=12)
async def metric(view: View) -> Response:
    """One metric: its definition, its figures, the rows that count, and what was not read."""
    name, group, found = view["metric"], view.asked("group"), await figures(view)
    told = next((one for one in found.metrics if one["metric"] == name), None)
    definition, missing = await _definition(view, name, told)
    if told is None and missing is not None:
        raise missing
    about: Mapping[str, Any] = told or (definition or {}).get("document", {})
    rows, no_rows = await _rows(view, found, told, definition, group)
    fact, unit = await _fact(view, definition), "" if told is None else told["unit"]
    not_read = _not_read(found, fact)
    return view.render(
        "engineering_metric",
        found=found,
        name=name,
        told=told,
        group=group,
        about={text: about.get(text, "") for text in ("title", "summary", "caveat")},
        trends_of=[] if told is None else list(_trends(view, found, told)),
        written=partial(written, view.texts, unit=unit),
        notes=partial(notes, view.texts),
        noun=noun(unit),
        definition=definition,
        missing=missing,
        text="" if definition is None else definition_text(definition["document"]),
        fact=fact,
        rows=rows,
        no_rows=no_rows,
        row_value=partial(_row_value, view, unit),
        row_fact=partial(_row_fact, view, fact),
        not_read=not_read,
        sources=await _sources(view, not_read),
    )


async def _again(view: View, found: Figures) -> str:
    """Parameters for the form of the kind, to make others of."""
    if found.report is None:
        return ""
    return json.dumps(await newer(view, found.report["report_id"]))


def _pillar(view: View, found: Figures, pillar: Mapping[str, Any], group: str) -> dict[str, Any]:
    title = PILLARS.get(pillar["pillar"])
    cards = [_card(view, found, one, group) for one in pillar["metrics"]]
    return {"name": pillar["pillar"], "title": view.texts(title) if title else pillar["title"], "cards": cards}


def _card(view: View, found: Figures, told: Mapping[str, Any], group: str) -> dict[str, Any]:
    """What the overview says of a metric: of all together, or of a team or a repository."""
    of = told["whole"] if not group else [one for one in told["groups"] if one["group"] == group]
    shown = sorted(of, key=lambda one: -one["n"])[:_PARTS]
    return {
        "name": told["metric"],
        "title": told["title"],
        "figures": [_figure(view, found, told, one) for one in shown],
        "more": len(of) - len(shown),
    }


def _figure(view: View, found: Figures, told: Mapping[str, Any], one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "part": one["part"],
        "value": written(view.texts, one["value"], told["unit"]),
        "noun": "" if one["value"] is None else noun(told["unit"]),
        "n": one["n"],
        "notes": notes(view.texts, one),
        "trend": _trend(view, found, told, one),
    }


def _trend(view: View, found: Figures, told: Mapping[str, Any], one: Mapping[str, Any]) -> Trend | None:
    """How a figure of all together, of a team or of a repository went."""
    series = [period for period in told["series"] if period["part"] == one["part"]]
    if "group" in one:
        states = {period["period"]: period["state"] for period in series}
        series = [
            {
                "period": period,
                "value": value,
                "state": "complete" if value is not None else states.get(period, "complete"),
            }
            for period, value in zip(found.periods, one.get("course") or (), strict=False)
        ]
    return trend(view.texts, found.periods, series, told["unit"])


def _trends(view: View, found: Figures, told: Mapping[str, Any]) -> Sequence[tuple[str | None, Trend]]:
    """Of each part that has one."""
    every = [(one["part"], _trend(view, found, told, one)) for one in told["whole"]]
    return [(part, drawn) for part, drawn in every if drawn is not None]


async def _fact(view: View, definition: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The facts that a metric counts."""
    if definition is None:
        return None
    facts = (await view.api.get("/metrics-facts"))["facts"]
    found: Mapping[str, Any] = next(one for one in facts if one["name"] == definition["facts"])
    return found


def _row_value(view: View, unit: str, value: Any) -> Any:
    """What a figure takes from a row."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return written(view.texts, value, "seconds" if unit == "seconds" else "")
    return _told(view, value)


def _row_fact(view: View, fact: Mapping[str, Any] | None, name: str, value: Any) -> Any:
    """What a column says of a row."""
    types = {} if fact is None else {one["name"]: one["type"] for one in fact["columns"]}
    if value is not None and types.get(name) == "instant":
        return view.texts.instant(value)
    return _told(view, value)


def _told(view: View, value: Any) -> Any:
    if isinstance(value, bool):
        return view.texts("yes") if value else view.texts("no")
    return NOTHING if value is None else f"{value:g}" if isinstance(value, float) else value


async def _definition(
    view: View, name: str, told: Mapping[str, Any] | None
) -> tuple[Mapping[str, Any] | None, Refused | None]:
    """The definition that the report used, or the latest one; or why it cannot be shown."""
    try:
        version = None if told is None else told["version"]
        return await view.api.get(path_of("metrics-definitions", name), version=version), None
    except Refused as refusal:
        return None, refusal
    except NotAllowed as error:
        return None, refused(error)


async def _rows(
    view: View,
    found: Figures,
    told: Mapping[str, Any] | None,
    definition: Mapping[str, Any] | None,
    group: str,
) -> tuple[Any, Refused | None]:
    """The rows of the report's dates that count; or why they cannot be shown."""
    if definition is None:
        return None, None
    query: dict[str, Any] = {"version": definition["version"]}
    query["limit"] = _MORE_ROWS if view.asked("rows") == "more" else _ROWS
    if told is not None and found.summary is not None:
        query["since"] = found.summary["first"]
        query["until"] = str(date.fromisoformat(found.summary["last"]) + timedelta(days=1))
        query |= {found.summary["by"]: group} if group else {}
    try:
        return await view.api.get(path_of("metrics-definitions", view["metric"], "rows"), **query), None
    except Refused as refusal:
        return None, refusal


def _not_read(found: Figures, fact: Mapping[str, Any] | None) -> Mapping[str, Sequence[str]]:
    """By stream the repositories of which not everything was read; of the metric's own stream, if it is known."""
    every: Mapping[str, Sequence[str]] = {} if found.summary is None else found.summary["not_read"]
    return {stream: names for stream, names in every.items() if fact is None or stream == fact["stream"]}


async def _sources(view: View, not_read: Mapping[str, Any]) -> list[str]:
    """Names of the sources that read repositories, where something was not read: their pages say why."""
    if not not_read or not view.may(Scope.DATA_READ):
        return []
    every = (await view.api.get("/sources"))["sources"]
    return [one["name"] for one in every if one["kind"] == "github"]
