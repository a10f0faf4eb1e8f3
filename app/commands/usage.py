"""What the command line says of a value that it does not accept, instead of the words of the library that parses it."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

from app.wording.numbers import is_number

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


#: What typer raises when arguments do not fit a command. It tells the sorts of it apart, but exports only one of them.
_Misuse: Final[Any] = typer.BadParameter.__mro__[1]

#: How the library's own sentences begin; what they name follows in quotation marks or in parentheses.
_NO_COMMAND: Final = re.compile(r"No such command '(.*?)'")
_TOO_MANY: Final = re.compile(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", re.DOTALL)


class Commands(TyperGroup):
    """Commands whose refusals of a value are in words of ours."""

    def make_context(self, *given: Any, **named: Any) -> Any:
        """Read the arguments of the group itself."""
        with _in_words():
            return super().make_context(*given, **named)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the arguments name."""
        with _in_words():
            return super().invoke(ctx)


@contextmanager
def _in_words() -> Iterator[None]:
    """Say in words of ours what is wrong with the arguments of a command."""
    try:
        yield
    except _Misuse as error:
        if isinstance(error.__cause__, ValidationError):
            error.message = refusal(error.__cause__)
        elif told := _told(error):
            raise _Misuse(told, error.ctx) from error
        raise


def in_digits(command: Any) -> Any:
    """The command, which takes numbers in digits only, as do the commands of a group."""
    for param in command.params:
        param.process_value = partial(_processed, param, param.process_value)
    for one in getattr(command, "commands", {}).values():
        in_digits(one)
    return command


def _processed(param: Any, process: Callable[[Any, Any], Any], ctx: Any, value: Any) -> Any:
    """What a parameter makes of a value; the library takes 1_0 for ten."""
    found = process(ctx, value)
    is_numeric = isinstance(found, int | float) and not isinstance(found, bool) and isinstance(value, str)
    if is_numeric and not is_number(value, whole=isinstance(found, int)):
        raise typer.BadParameter(f"{value!r} is not a number in digits.", ctx=ctx, param=param)
    return found


def _told(error: Any) -> str | None:
    """What is missing, unknown or too much; None: the sentence is a value's, or ours already."""
    sort = type(error).__name__
    if sort == "MissingParameter" and error.param is not None:
        name = error.param.opts[0] if error.param.param_type_name == "option" else error.param.name
        return f"{name} is missing. {getattr(error.param, 'help', None) or ''}".rstrip()
    if sort == "NoSuchOption":
        options = [option.lstrip("-") for one in error.ctx.command.params for option in one.opts]
        near = _near(error.option_name.lstrip("-"), options).replace(" '", " '--")
        return f"There is no option {error.option_name}{near}. --help lists all."
    if sort == "BadOptionUsage":  # an option at the end without its value, or a switch with one
        is_lacking = "requires" in error.message
        needs = "needs a value; --help says which it takes" if is_lacking else "is a switch, which takes no value"
        return f"{error.option_name} {needs}."
    return _told_of_words(error)


def _told_of_words(error: Any) -> str | None:
    """The same of what the library tells apart by its sentence alone."""
    if found := _NO_COMMAND.match(error.message):
        return f"There is no command {found[1]!r}{_near(found[1], error.ctx.command.commands)}. --help lists all."
    if found := _TOO_MANY.match(error.message):
        return (
            f"{found[1]} is one argument too many. Put values with spaces in quotation marks; --help "
            "lists what the command takes."
        )
    return None


def _near(name: str, known: Iterable[str]) -> str:
    from app.wording.suggestions import did_you_mean, suggestions  # noqa: PLC0415 - most commands need no suggestion

    return did_you_mean(suggestions(name, known))


def refusal(error: ValidationError) -> str:
    """The first thing that is wrong."""
    first = error.errors(include_url=False)[0]
    if first["type"] == "value_error":
        return str(first["ctx"]["error"])
    if words := _WORDS.get(first["type"]):
        return f"{first['input']!r} {words.format(**first.get('ctx', {}))}."
    return first["msg"].replace("Input should", "must", 1)
