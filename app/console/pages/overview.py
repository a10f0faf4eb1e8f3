"""The first page, and what all pages have: the choice of a language, help."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fastapi import Response

from app.access.scopes import Scope
from app.console.asking import Refused
from app.console.pages import webhooks as webhooks_pages
from app.console.routes import Pages
from app.console.samples import samples
from app.console.texts import COOKIE, LANGUAGES
from app.console.view import View, fields_of
from app.errors import NotAllowed

pages = Pages()

#: How long a browser keeps the choice of a language, seconds.
_YEAR_SECONDS: Final = 365 * 24 * 3600

#: Rows of a panel, at most.
_ROWS: Final = 5

#: A key that ends sooner is shown, so that there is time to replace it.
_SOON: Final = timedelta(days=14)

#: A source of which everything was last read longer ago is late: by themselves, they are read each hour or day.
_LATE: Final = timedelta(days=1, hours=2)

#: Parameters of the first report: with all that there is to see and to download.
_FIRST_PARAMS: Final = '{"charts": true, "html": true}'

#: Kinds of the files that the first report needs.
_FIRST_KINDS: Final = ("hours", "timezones", "polls")


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the page: the document that a route answered, or its refusal."""

    found: Any = None
    refusal: Refused | None = None


@pages.page("", None, queries=7)
async def overview(view: View) -> Response:
    """What was last done, what is due and what is amiss; where nothing was done yet, what to do first."""
    reports = await _panel(view, "/reports", limit=_ROWS)
    files = await _panel(view, "/datasets", limit=_ROWS)
    if reports and reports.found and not reports.found["reports"]:
        has_files = bool(files and files.found and files.found["datasets"])
        offered = [(kind, samples()[kind]) for kind in _FIRST_KINDS if kind in samples()]
        values: dict[str, Any] = {
            "has_files": has_files,
            "offered": offered,
            "files": files,
            "first_params": _FIRST_PARAMS,
        }
        return view.render("first_steps", **values)
    schedules, sources = await _panel(view, "/schedules"), await _panel(view, "/sources")
    now = datetime.now(UTC)
    webhooks = await _panel(view, "/webhooks")
    whose = "all" if view.may(Scope.USERS_ADMIN) else None
    keys = await _panel(view, "/keys", user_id=whose, ends_before=(now + _SOON).isoformat())
    return view.render(
        "overview",
        reports=reports,
        files=files,
        schedules=schedules,
        due=_due_next(schedules),
        sources=sources,
        late=_late(sources, now),
        keys=keys,
        silent=_silent(webhooks),
        webhook_at=webhooks_pages.path_of,
    )


@pages.page("/help", None, queries=0)
async def help_page(view: View) -> Response:
    """The words of the pages, and what to do when something is refused."""
    return view.render("help")


@pages.action("/language", None, is_open=True)
async def choose_language(view: View) -> Response:
    """Remember the language of pages in this browser."""
    fields = fields_of(await view.form())
    language = fields.get("language")
    answer = view.back(fields.get("next", ""))
    if language in LANGUAGES:
        answer.set_cookie(COOKIE, language, _YEAR_SECONDS, httponly=True, samesite="lax", path=view.root or "/")
    return answer


async def _panel(view: View, path: str, **query: Any) -> Panel | None:
    """What a route answers; None if whoever asks may not use it."""
    try:
        return Panel(await view.api.get(path, **query))
    except NotAllowed:
        return None
    except Refused as refusal:
        return None if refusal.status == 403 else Panel(refusal=refusal)


def _due_next(schedules: Panel | None) -> Sequence[Any]:
    """The schedules that are due next, the first of them first."""
    if schedules is None or schedules.found is None:
        return []
    active = [one for one in schedules.found["schedules"] if one["next"]]
    return sorted(active, key=lambda one: datetime.fromisoformat(one["next"][0]))[:_ROWS]


def _late(sources: Panel | None, now: datetime) -> Sequence[Any]:
    """The sources that were not read for long, whose last sync failed, or that are paused."""
    if sources is None or sources.found is None:
        return []
    return [one for one in sources.found["sources"] if not one["enabled"] or one["error"] or _is_late(one, now)]


def _is_late(source: Any, now: datetime) -> bool:
    since = source["synced_at"] or source["created_at"]
    return now - datetime.fromisoformat(since) > _LATE


def _silent(webhooks: Panel | None) -> Sequence[Any]:
    """The webhooks whose receivers hear nothing: disabled ones, and those that fail."""
    if webhooks is None or webhooks.found is None:
        return []
    return [one for one in webhooks.found["webhooks"] if not one["enabled"] or one["failing_since"]]
