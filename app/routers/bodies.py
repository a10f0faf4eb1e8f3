"""JSON bodies that are checked in a thread: what a caller sends must not hold up the loop that answers everyone."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, GetCoreSchemaHandler, GetPydanticSchema, ValidationError
from pydantic_core import CoreSchema, core_schema

B = TypeVar("B", bound=BaseModel)

#: Largest JSON body, bytes: a third more than the largest parameters, for spaces, line breaks and escapes. What it
#: takes to parse and to check grows with it.
MAX_BODY_BYTES: Final = 512 << 10


def described_as(model: Any) -> GetPydanticSchema:
    """Metadata of a route's body: in the OpenAPI document it is ``model``, but FastAPI passes it on as it came.

    A model may be any annotation, such as a union.
    """

    def schema(_: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(_as_it_came, handler.generate_schema(model))

    return GetPydanticSchema(schema)


def checked(model: type[B], body: Any) -> B:
    """A body as the model; to be called in a thread.

    Raises:
        RequestValidationError: it is not accepted.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        wrong = error.errors(include_url=False)
        for one in wrong:  # in place: they may be thousands
            one["loc"] = ("body", *one["loc"])
        raise RequestValidationError(wrong, body=body) from error


def _as_it_came(value: Any, _: Callable[[Any], Any]) -> Any:
    return value
