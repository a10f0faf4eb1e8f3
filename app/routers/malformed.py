"""What is wrong with a request whose parts are not those that its address takes, in the words of its own document."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, get_args, get_origin

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.params import Form
from starlette.datastructures import QueryParams

from app.errors import MalformedRequest
from app.wording.allowed import Schema, allowed, member
from app.wording.branches import without_branches
from app.wording.broken_json import at_place
from app.wording.each_once import RepeatedName, json_of
from app.wording.numbers import is_number
from app.wording.suggestions import meant
from app.wording.validation import wrong_value
from app.wording.wrong_values import MOST, WrongValue, detail, members

#: Content type of every body but those of files.
JSON: Final = "application/json"

#: Content type of a form, and all that are read as one.
FORM: Final = "application/x-www-form-urlencoded"
_FORMS: Final = (FORM, "multipart/form-data")

#: Bodies beyond this are parsed in a thread, bytes.
_LONG_BYTES: Final = 16 << 10


def malformed(request: Request, error: RequestValidationError) -> MalformedRequest:
    """The refusal of a request that FastAPI did not accept."""
    schema = _schema(request)
    errors = without_branches(error.errors(), schema)
    values = [_wrong_value(request, one, schema, body=error.body) for one in errors[:MOST]]
    return _refusal(values, count=len(errors))


def unreadable_body(request: Request) -> MalformedRequest:
    """The refusal of a body that fails otherwise than by its syntax, and of a form without a boundary or the like."""
    reason = "is not UTF-8, nested too deeply, or has a number with thousands of digits"
    if _takes_form(request):
        reason = f"is no form that can be read; send one as {FORM}"
    return _refusal([WrongValue(parameter="body", received=None, reason=reason, is_shown=False)])


def _takes_form(request: Request) -> bool:
    """Whether the body of an address is a form."""
    field = request.scope["route"].body_field
    return field is not None and isinstance(field.field_info, Form)


async def require_form(request: Request) -> None:
    """Refuse a body of another type where a form is due: it would count for nothing. Each route with a form needs it.

    Raises:
        MalformedRequest: it is none.
    """
    sent = request.headers.get("content-type", "")
    if not _takes_form(request) or sent.partition(";")[0].strip().lower() in _FORMS or not await request.body():
        return
    how = f"as {sent}" if sent else "without a Content-Type"
    reason = f"was sent {how}; send Content-Type: {FORM}"
    right = f"a form, sent as {FORM}"
    raise _refusal([WrongValue(parameter="body", received=None, reason=reason, allowed=right, is_shown=False)])


async def require_names_once(request: Request) -> None:
    """Refuse a JSON body with an object that has a name more than once: of its values all but one would be dropped.

    Raises:
        MalformedRequest: it has such.
    """
    is_json = "json" in request.headers.get("content-type", "").lower()
    if request.scope["route"].body_field is None or _takes_form(request) or not is_json:
        return
    body = await request.body()  # which FastAPI has read and, unless it is empty or of a type like text/json, parsed
    if not body:
        return
    try:
        await run_in_threadpool(json_of, body) if len(body) > _LONG_BYTES else json_of(body)
    except RepeatedName as error:
        wrong = WrongValue(parameter=error.name, received=None, reason=error.reason, is_shown=False)
        raise _refusal([wrong]) from error
    except (ValueError, RecursionError):
        return  # FastAPI has not taken it for JSON, and the route refuses its type


async def require_known_query(request: Request) -> None:
    """Refuse what an address has and what would count for nothing, or for something else than it says.

    Parameters that the route does not have, those of one value that are there twice, and numbers not in digits.

    Raises:
        RequestValidationError: it has such.
    """
    if not request.query_params:
        return
    fields = list(_query_fields(request.scope["route"].dependant))
    if unknown := request.query_params.keys() - {field.alias for field in fields}:
        asked = [(name, value) for name, value in request.query_params.items() if name in unknown]
        raise RequestValidationError(
            [{"type": "extra_forbidden", "loc": ("query", name), "input": value} for name, value in asked]
        )
    if wrong := list(_wrong_texts(request.query_params, fields)):
        raise RequestValidationError(wrong)


def _wrong_texts(given: QueryParams, fields: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Errors, as pydantic has them, of values that it would not see, or take for other numbers."""
    for field in fields:
        texts = given.getlist(field.alias)
        kinds = {field.field_info.annotation, *get_args(field.field_info.annotation)}
        error = {"loc": ("query", field.alias), "input": texts[0] if len(texts) == 1 else texts}
        if len(texts) > 1 and not any(get_origin(kind) in (list, tuple, set) for kind in kinds):
            yield error | {"type": "repeated", "msg": "is given more than once; give it only once"}
        elif (
            kinds & {int, float}
            and str not in kinds
            and any(not is_number(text, whole=float not in kinds) for text in texts)
        ):
            yield error | {"type": "number", "msg": "is not a number in digits"}


def _query_fields(dependant: Dependant) -> Iterator[Any]:
    """Query parameters of a route and of what it depends on."""
    yield from dependant.query_params
    for needed in dependant.dependencies:
        yield from _query_fields(needed)


def operations_of(request: Request) -> Mapping[str, Any]:
    """What may be done at the address of a request, by method in lower case; empty where nothing is documented."""
    path = getattr(request.scope.get("route"), "path_format", None)
    found: Mapping[str, Any] = request.app.openapi()["paths"].get(path, {})
    return found


def _refusal(values: list[WrongValue], *, count: int | None = None) -> MalformedRequest:
    return MalformedRequest(detail(values, count=count), errors=members(values))


def _unknown(error: Mapping[str, Any], name: str, schema: Schema) -> WrongValue:
    """A query parameter that the address does not have."""
    known, in_body = (list((member(schema, [place]) or {}).get("properties", ())) for place in ("query", "body"))
    return WrongValue(
        parameter=name,
        received=error["input"],
        reason="belongs in the JSON body" if name in in_body else "is not a query parameter of this address",
        allowed=known or None,
        nearest=meant(name, known),
        is_shown=False,
    )


def _wrong_value(request: Request, error: Mapping[str, Any], schema: Schema, *, body: Any) -> WrongValue:
    place, *path = error["loc"]
    if error["type"] == "json_invalid":  # it is found at a position, not in a parameter
        reason = f"is not valid JSON: {at_place(error['ctx']['error'], body, int(path[0]))}"
        return WrongValue(parameter="body", received=None, reason=reason, is_shown=False)
    if place == "query" and error["type"] == "extra_forbidden":
        return _unknown(error, path[0], schema)
    if place == "body" and not path:
        return _wrong_body(request, error, schema)
    name = ".".join(map(str, path)) or place
    if error["type"] == "repeated":
        return WrongValue(parameter=name, received=error["input"], reason=error["msg"], is_shown=False)
    return wrong_value(error, error["loc"], schema, name=name)


def _wrong_body(request: Request, error: Mapping[str, Any], schema: Schema) -> WrongValue:
    """A body that is missing, is not sent as JSON, or is JSON but no object."""
    words = allowed(member(schema, ["body"]) or {}) or "a JSON object"
    received, reason, right = error.get("input"), f"is not {words}", words
    if error["type"] == "missing":
        reason, right = "is missing", f"{words}, sent as {JSON}"
    elif isinstance(received, bytes):
        right = f"{words}, sent as {JSON}"
        content_type = request.headers.get("content-type")
        sent = f"as {content_type}" if content_type else "without a Content-Type"
        reason = f"was sent {sent}; send Content-Type: {JSON}"
    return WrongValue(
        parameter="body",
        received=received,
        reason=reason,
        allowed=right,
        is_shown=error["type"] != "missing",
        is_whole=True,
    )


def _schema(request: Request) -> Schema:
    """JSON Schema of all of a request, by the place of each part: query, path, header, body."""
    operation = operations_of(request).get(request.method.lower(), {})
    places: dict[str, Any] = {place: {"type": "object", "properties": {}} for place in ("query", "path", "header")}
    for parameter in operation.get("parameters", ()):
        places[parameter["in"]]["properties"][parameter["name"]] = parameter["schema"]
    content = operation.get("requestBody", {}).get("content", {})
    if JSON in content:
        places["body"] = content[JSON]["schema"]
    return {"type": "object", "properties": places, "components": request.app.openapi()["components"]}
