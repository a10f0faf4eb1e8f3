"""What the command line says of a value that it does not accept, instead of the words of the library that parses it."""

from typing import Any, Final

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

#: By the type of pydantic's error; values of its context may be named.
_WORDS: Final = {
    "int_parsing": "is not a whole number",
    "int_from_float": "is not a whole number",
    "float_parsing": "is not a number",
    "bool_parsing": "is not true or false",
    "greater_than_equal": "is not at least {ge}",
    "greater_than": "is not more than {gt}",
    "less_than_equal": "is not at most {le}",
    "less_than": "is not less than {lt}",
}


class Commands(TyperGroup):
    """Commands whose refusals of a value are in words of ours."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the arguments name."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            if isinstance(error.__cause__, ValidationError):
                error.message = refusal(error.__cause__)
            raise


def refusal(error: ValidationError) -> str:
    """The first thing that is wrong."""
    first = error.errors(include_url=False)[0]
    if first["type"] == "value_error":
        return str(first["ctx"]["error"])
    if words := _WORDS.get(first["type"]):
        return f"{first['input']!r} {words.format(**first.get('ctx', {}))}."
    return first["msg"].replace("Input should", "must", 1)
