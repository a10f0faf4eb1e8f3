"""The first page, and what all pages have: the choice of a language, help."""

from fastapi import Response

from app.console.routes import Pages
from app.console.texts import COOKIE, LANGUAGES
from app.console.view import View, fields_of

pages = Pages()

#: How long a browser keeps the choice of a language, seconds.
_YEAR_SECONDS = 365 * 24 * 3600


@pages.page("", None, queries=10)
async def overview(view: View) -> Response:
    """What was last done, and what to do first."""
    return view.render("overview")


@pages.action("/language", None, is_open=True)
async def choose_language(view: View) -> Response:
    """Remember the language of pages in this browser."""
    fields = fields_of(await view.form())
    language, back = fields.get("language"), fields.get("next", "")
    answer = view.back(back)
    if language in LANGUAGES:
        answer.set_cookie(COOKIE, language, _YEAR_SECONDS, httponly=True, samesite="lax", path=view.root or "/")
    return answer
