"""Activity: find a project or repository, what was counted of it, gaps, and the shares inside the hours of teams."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from babel.dates import format_skeleton
from fastapi import Response

from app.access.scopes import Scope
from app.console.asking import Refused
from app.console.routes import Pages
from app.console.view import View

pages = Pages()

#: Kinds of entities that are counted, as the list of entities names them, with their word in addresses.
KINDS: Final = {"project": "project", "repository": "repo"}

#: Lengths of the timeline to choose from, months; the API draws up to 120.
MONTHS: Final = (6, 12, 24, 60, 120)

#: Gaps that the page of one project looks through, and shows of it.
_GAPS: Final = 1000
_GAPS_SHOWN: Final = 50


@pages.page("/activity", Scope.DATA_READ, queries=2)
async def activity(view: View) -> Response:
    """Projects or repositories by the beginning of their names."""
    kind = view.asked("kind") if view.asked("kind") in KINDS else next(iter(KINDS))
    prefix = view.asked("prefix")
    beginning = prefix.lower() if kind == "project" else prefix  # names of projects are kept in small letters
    try:
        found = await view.api.get("/entities", kind=kind, prefix=beginning, cursor=view.asked("cursor"))
    except Refused as refusal:
        if refusal.problem.get("code") != "unknown_entity_kind":
            raise
        found = None
    return view.render("activity", found=found, kind=kind, word=KINDS[kind], kinds=KINDS, prefix=prefix)


@pages.page("/activity/gaps", Scope.DATA_READ, api="/activity/gaps", queries=2)
async def activity_gaps(view: View) -> Response:
    """Days of which sources of installs told nothing."""
    query = {"source": view.asked("source"), "limit": view.asked("limit")}
    return view.render("activity_gaps", found=await view.api.get("/activity/gaps", **query), source=query["source"])


@pages.page("/activity/hours", Scope.DATA_READ, api="/activity/hours", queries=6)
async def activity_hours(view: View) -> Response:
    """The share of commits and merges inside the hours of each team."""
    query = {"months": view.asked("months"), "as_of": view.asked("as_of")}
    found = await view.api.get("/activity/hours", **query)
    return view.render("activity_hours", found=found, month=_month_in(view))


@pages.page("/activity/{kind}/{key:path}", Scope.DATA_READ, api="/activity/{kind}/{key}", queries=8)
async def activity_of(view: View) -> Response:
    """What was counted of one project or repository."""
    query = {name: view.asked(name) for name in ("months", "as_of", "source", "by")}
    path = f"/activity/{view['kind']}/{view['key']}"
    found = await view.api.get(path, **query)
    return view.render(
        "activity_of",
        found=found,
        gaps=await _gaps(view, found),
        query=query,
        months=MONTHS,
        month=_month_in(view),
    )


async def _gaps(view: View, found: Mapping[str, Any]) -> list[Any]:
    """Days between its first and last that its source told nothing of, of it or of all projects."""
    if found["metric"] != "installs" or found["source"] is None:
        return []
    gaps = (await view.api.get("/activity/gaps", source=found["source"], limit=_GAPS))["gaps"]
    return [one for one in gaps if one["project"] in {None, found["key"]}][:_GAPS_SHOWN]


def _month_in(view: View) -> Callable[[str], str]:
    """Writes a month such as 2026-11 as the language of the page does."""

    def write(text: str) -> str:
        return str(format_skeleton("yMMM", date.fromisoformat(f"{text}-01"), locale=view.texts.locale))

    return write
