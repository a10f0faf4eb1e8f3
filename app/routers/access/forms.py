"""Pages with a form: login, set-up, a new password. What a form sends is what the API takes as JSON."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel

from app.errors import OpenhoursError
from app.routers.bodies import checked

B = TypeVar("B", bound=BaseModel)

_FORM: Final = "application/x-www-form-urlencoded"

#: Fields of a form, at most; ours have four.
_MOST_FIELDS: Final = 10

_pages = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "pages"), autoescape=True, undefined=StrictUndefined
)


def is_form(request: Request) -> bool:
    """Whether a page sent the request, and a page is to be the answer."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM


def sent(request: Request, model: type[B], body: Any) -> B:
    """The body as the model, of a form or of JSON; to be called where errors become answers.

    Raises:
        RequestValidationError: it is not accepted.
    """
    if isinstance(body, bytes) and is_form(request):
        try:
            pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        except ValueError:  # not UTF-8, or too many fields
            pairs = []
        body = {name: value for name, value in pairs if value != ""}
    return checked(model, body)


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page; its answer is kept by no cache."""
    root: str = request.scope["root_path"]
    text = _pages.get_template(f"{template}.html.jinja").render(root=root, **{"error": None, **values})
    return HTMLResponse(text, status_code=status, headers={"Cache-Control": "no-store"})


def refused_page(request: Request, template: str, error: OpenhoursError, values: Mapping[str, Any]) -> HTMLResponse:
    """The page once more, with what was refused; it never repeats a password or a code."""
    answer = page(request, template, status=error.status, **{**values, "error": error.message})
    if error.retry_after_seconds is not None:
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
    return answer
