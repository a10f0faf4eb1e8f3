"""Pages of who has not come in yet: login, set-up, a new password. What their forms do is in ``app/routers/access``."""

from collections.abc import Mapping
from math import ceil
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse

from app.access.principal import actor
from app.console.asking import refused
from app.console.marked import marked
from app.console.view import View
from app.errors import LoginFailed, OpenhoursError, TooManyLogins
from app.routers.form_pages import FormPage
from app.routers.needed import Needed

#: Titles of the fields.
_NAMES: Final = {"name": marked("Name"), "password": marked("Password"), "code": marked("Code")}

#: What is said of every wrong login; here once more, so that the catalogue has it.
WRONG: Final = marked("The name, the password or the code is wrong, or the user is disabled.")


def draw_form(
    request: Request, form: FormPage, *, error: OpenhoursError | None, values: Mapping[str, Any]
) -> HTMLResponse:
    """A page with a form, in the language of whoever opens it."""
    view = View(request, actor(), Needed(()))
    refusal = None if error is None else refused(error)
    return view.render(
        form,
        here=view.link(f"/{form}", next=values.get("next")),
        refusal=refusal,
        sentence=None if error is None else _sentence(view, error),
        names=view.titled(_NAMES),
        **values,
    )


def _sentence(view: View, error: OpenhoursError) -> str | None:
    """A refusal in the language of the page, of those that people see often."""
    if isinstance(error, TooManyLogins) and error.retry_after_seconds is not None:
        minutes = ceil(error.retry_after_seconds / 60)
        return view.texts.counted(
            "Too many attempts. Try again in %(count)s minute.",
            "Too many attempts. Try again in %(count)s minutes.",
            minutes,
        )
    return view.texts(WRONG) if isinstance(error, LoginFailed) and error.message == WRONG else None
