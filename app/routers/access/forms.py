"""Pages with a form: login, set-up, a new password. What a form sends is what the API takes as JSON."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from app.errors import MalformedRequest, OpenhoursError
from app.routers.bodies import checked
from app.routers.form_pages import DrawsForms, FormPage
from app.routers.malformed import malformed

B = TypeVar("B", bound=BaseModel)

_FORM: Final = "application/x-www-form-urlencoded"

#: Fields of a form, at most; ours have four.
_MOST_FIELDS: Final = 10


class MalformedForm(MalformedRequest):
    """A form that lacks a field, or has one too many.

    Attributes:
        given: what it has, by name.
    """

    def __init__(self, message: str, *, given: Mapping[str, str]) -> None:
        super().__init__(message)
        self.given = given


def is_form(request: Request) -> bool:
    """Whether a page sent the request, and a page is to be the answer."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM


def sent(request: Request, model: type[B], body: Any) -> B:
    """The body as the model, of a form or of JSON; to be called where errors become answers.

    Raises:
        RequestValidationError: JSON that is not accepted.
        MalformedForm: a form that is not accepted, such as one that lacks a field.
    """
    if isinstance(body, bytes) and is_form(request):
        try:
            pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        except ValueError:  # not UTF-8, or too many fields
            pairs = []
        given = {name: value for name, value in pairs if value != ""}
        try:
            return checked(model, given)
        except RequestValidationError as error:
            raise MalformedForm(malformed(request, error).message, given=given) from error
    return checked(model, body)


def page(request: Request, form: FormPage, **values: Any) -> HTMLResponse:
    """A page."""
    return _draws(request)(request, form, error=None, values=values)


def refused_page(request: Request, form: FormPage, error: OpenhoursError, values: Mapping[str, Any]) -> HTMLResponse:
    """The page once more, with what was refused; it never repeats a password or a code."""
    answer = _draws(request)(request, form, error=error, values=values)
    answer.status_code = error.status
    if error.retry_after_seconds is not None:
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
    return answer


def _draws(request: Request) -> DrawsForms:
    draws: DrawsForms = request.app.state.services.draws_forms
    return draws
