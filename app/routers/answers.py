"""The one place where errors and pages become JSON: errors are problem details (RFC 9457), pages have a cursor."""

import json
import logging
from typing import Annotated, Any, Final

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import to_jsonable_python
from starlette.exceptions import HTTPException

from app.errors import InvalidToken, NotAllowed, OpenhoursError
from app.routers.malformed import malformed, operations_of, unreadable_body

MEDIA_TYPE: Final = "application/problem+json"

#: Code and title of errors that the framework raises.
_HTTP_ERRORS: Final = {
    404: ("not_found", "Not found"),
    405: ("method_not_allowed", "Method not allowed"),
    413: ("too_large", "Request too large"),
}

_log = logging.getLogger(__name__)


class Problem(BaseModel):
    """Problem details, RFC 9457; `errors` has the value received and the values allowed, per parameter."""

    type: str = Field(description="Always about:blank; `code` identifies the problem.", examples=["about:blank"])
    title: str = Field(description="What the code means.", examples=["Parameters not accepted"])
    status: int = Field(description="The HTTP status.", examples=[422])
    code: str = Field(description="Stable code, for programs.", examples=["invalid_parameters"])
    detail: str = Field(description="For people.", examples=["lookback_hours: 0 is not a whole number from 1 to 720"])
    errors: list[dict[str, Any]] | None = Field(
        None,
        description="For each parameter, the value received and the values allowed.",
        examples=[
            [
                {
                    "parameter": "lookback_hours",
                    "received": 0,
                    "reason": "is not a whole number from 1 to 720",
                    "allowed": "a whole number from 1 to 720",
                }
            ]
        ],
    )


def _any_case(value: Any, accept: ValidatorFunctionWrapHandler) -> Any:
    try:
        return accept(value.lower() if isinstance(value, str) else value)
    except ValidationError:
        return accept(value)  # it is refused as it came


#: On a status in the address: `/get_report` writes its words with a capital letter, lists do not; both are understood.
AnyCase: Final = WrapValidator(_any_case)

#: In the address: where the page of a list begins.
Cursor = Annotated[str | None, Query(description="`next_cursor` of the previous page.")]

#: In the answer: where the next page begins.
NextCursor = Annotated[str | None, Field(description="Pass it as `cursor` for the next page; null on the last one.")]

#: For the ``responses`` of routes; routes with a body may also get one that is too large.
UNPROCESSABLE: Final[dict[int | str, dict[str, Any]]] = {422: {"model": Problem, "description": "Not accepted"}}
TOO_LARGE: Final[dict[int | str, dict[str, Any]]] = {413: {"model": Problem, "description": "Body too large"}}
NOT_FOUND: Final[dict[int | str, dict[str, Any]]] = {404: {"model": Problem, "description": "Not found"}}
UNAUTHORISED: Final[dict[int | str, dict[str, Any]]] = {401: {"model": Problem, "description": "Not let in"}}
GONE: Final[dict[int | str, dict[str, Any]]] = {410: {"model": Problem, "description": "No longer valid"}}
CONFLICT: Final[dict[int | str, dict[str, Any]]] = {409: {"model": Problem, "description": "Not now"}}
ENCODED: Final[dict[int | str, dict[str, Any]]] = {415: {"model": Problem, "description": "Encoded content"}}
CUT: Final[dict[int | str, dict[str, Any]]] = {400: {"model": Problem, "description": "The connection broke"}}
TOO_MANY: Final[dict[int | str, dict[str, Any]]] = {429: {"model": Problem, "description": "Too many are waiting"}}
UNAVAILABLE: Final[dict[int | str, dict[str, Any]]] = {503: {"model": Problem, "description": "Try again later"}}


def install(app: FastAPI) -> None:
    """Make the app answer every error with a problem."""
    app.add_exception_handler(OpenhoursError, _known)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _defect)


def problem(
    *, code: str, title: str, status: int, detail: str, retry_after_seconds: int | None = None, **more: Any
) -> Response:
    """A problem document."""
    body = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail, **more}
    headers = None if retry_after_seconds is None else {"Retry-After": str(retry_after_seconds)}
    # The value received is shown unchanged, except for what JSON lacks: NaN becomes null, half a surrogate pair ?.
    try:
        shown = to_jsonable_python(body, inf_nan_mode="null")
    except UnicodeEncodeError:  # of the name of a member
        shown = to_jsonable_python(with_whole_characters(body), inf_nan_mode="null")
    content = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    return Response(content, status_code=status, headers=headers, media_type=MEDIA_TYPE)


def with_whole_characters(value: Any) -> Any:
    """The same with ? for each half of a surrogate pair, which no answer can hold."""
    match value:
        case str():
            return value.encode(errors="replace").decode()
        case dict():
            return {with_whole_characters(key): with_whole_characters(one) for key, one in value.items()}
        case list() | tuple():
            return [with_whole_characters(one) for one in value]
    return value


def problem_of(error: OpenhoursError) -> Response:
    """The problem document of an error."""
    answer = problem(
        code=error.code,
        title=error.title,
        status=error.status,
        detail=error.message,
        retry_after_seconds=error.retry_after_seconds,
        **dict(error.details),
    )
    if (challenge := _challenge(error)) is not None:
        answer.headers["WWW-Authenticate"] = challenge
    return answer


def _challenge(error: OpenhoursError) -> str | None:
    """What a client may do about a refusal, in the words of RFC 6750."""
    if isinstance(error, NotAllowed):
        return f'Bearer error="insufficient_scope", scope="{" ".join(error.details.get("allowed", ()))}"'
    if isinstance(error, InvalidToken):
        return 'Bearer error="invalid_token"'
    return "Bearer" if error.status == 401 else None


def _known(request: Request, error: Exception) -> Response:
    assert isinstance(error, OpenhoursError)  # noqa: S101 - Starlette's signature is wider than what it calls
    if error.status >= 500:
        _log.warning("%s %s: %s: %s", request.method, request.url.path, error.code, error.message)
    return problem_of(error)


def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    return _known(request, malformed(request, error))


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    if error.status_code == 400:  # FastAPI's status for a body that fails for other reasons than syntax
        return _known(request, unreadable_body(request))
    code, title = _HTTP_ERRORS.get(error.status_code, ("http_error", "Request not accepted"))
    detail = f"{request.method} {request.url.path}: {title.lower()}; see /docs for the available routes."
    answer = problem(code=code, title=title, status=error.status_code, detail=detail)
    answer.headers.update(error.headers or {})
    if error.status_code == 405 and (allowed := _allowed_methods(request)):
        answer.headers["Allow"] = allowed
    return answer


def _allowed_methods(request: Request) -> str | None:
    """All methods of this address; Starlette lists only those of the first route that matches."""
    return ", ".join(sorted(operations_of(request))).upper() or None


def _defect(request: Request, error: Exception) -> Response:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(
        code=OpenhoursError.code,
        title=OpenhoursError.title,
        status=500,
        detail="This is a bug in Openhours; the server's log has the details.",
    )
