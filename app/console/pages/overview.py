"""The first page, help, and what all pages have: the choice of a language."""

from typing import Any, Final

from fastapi import Response

from app.access.scopes import Scope
from app.console.asking import Refused
from app.console.routes import Pages
from app.console.samples import samples
from app.console.texts import COOKIE, LANGUAGES
from app.console.view import View, fields_of
from app.errors import NotAllowed

pages = Pages()

#: How long a browser keeps the choice of a language, seconds.
_YEAR_SECONDS: Final = 365 * 24 * 3600

#: What each panel asks, which member of the answer it shows, and the scope; the last are left out for who may not.
_PANELS: Final[dict[str, tuple[str, str, Scope | None, dict[str, Any]]]] = {
    "reports": ("/reports", "reports", Scope.REPORTS_READ, {"limit": 5}),
    "files": ("/datasets", "datasets", Scope.DATA_READ, {"limit": 5}),
    "schedules": ("/schedules", "schedules", Scope.REPORTS_READ, {}),
    "sources": ("/sources", "sources", Scope.DATA_READ, {}),
    "keys": ("/keys", "keys", None, {"limit": 50}),
}

#: Of schedules and sources, as many as are shown.
_MOST: Final = 5


@pages.page("", None, queries=8)
async def overview(view: View) -> Response:
    """What was last done, what is due, what needs somebody; and what to do first, if nothing was done yet."""
    panels = {name: await _panel(view, name) for name in _PANELS}
    is_empty = all(panels[name] == [] for name in ("reports", "files") if panels[name] is not None)
    panels["schedules"] = _due(panels["schedules"])
    return view.render("overview", panels=panels, is_empty=is_empty, samples=samples(), most=_MOST)


@pages.page("/help", None, queries=0)
async def help_page(view: View) -> Response:
    """What the words of the pages mean."""
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


async def _panel(view: View, name: str) -> Any:
    """What a panel shows; None for who may not see it, a refusal where it cannot be had now."""
    path, member, scope, query = _PANELS[name]
    if not view.may(scope):
        return None
    try:
        return (await view.api.get(path, **query))[member]
    except Refused as refusal:
        return refusal
    except NotAllowed:
        return None


def _due(schedules: Any) -> Any:
    """Those that will be due next first."""
    if not isinstance(schedules, list):
        return schedules
    return sorted(schedules, key=lambda one: one["next"][0] if one["next"] else "9")
