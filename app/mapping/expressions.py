"""JMESPath expressions over JSON records with functions of our own, and values of JSON as texts."""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import jmespath
from jmespath.exceptions import JMESPathError, LexerError, ParseError
from jmespath.parser import ParsedResult
from jmespath.visitor import TreeInterpreter

from app.mapping.functions import OurFunctions
from app.mapping.unmappable import Unmappable
from app.wording.suggestions import suggestions

#: It keeps nothing of what it has evaluated, so that all expressions share it.
_INTERPRETER: Final = TreeInterpreter(jmespath.Options(custom_functions=OurFunctions()))


#: Parsed expressions whose further parts look at what the first one has found.
_PATHS: Final = {
    *("subexpression", "index_expression", "projection", "value_projection", "filter_projection", "flatten", "pipe"),
}


def require_expression(expression: str) -> None:
    """Raise ValueError for one that does not parse, with the place in it, or that calls a function that is none."""
    try:
        parsed = compiled(expression)
    except (LexerError, ParseError) as error:
        at = error.lex_position
        found = expression[at : at + 20] if at is not None and at < len(expression) else ""
        where = f"at character {at + 1}, {found!r}" if found else "at its end"
        raise ValueError(
            f"the expression {expression[:200]!r} does not parse {where}; it must be JMESPath such as author.login, "
            "and a name with spaces or hyphens in it stands in quotation marks"
        ) from error
    except JMESPathError as error:
        raise ValueError(f"the expression {expression[:200]!r} does not parse: {error}") from error
    for name in _called(parsed.parsed):
        if name not in OurFunctions.FUNCTION_TABLE:
            near = suggestions(name, OurFunctions.FUNCTION_TABLE)[:1]
            meant = f" (did you mean {near[0]}?)" if near else ""
            raise ValueError(
                f"the expression {expression[:200]!r} calls {name}(), which is not a function{meant}; "
                f"allowed: {', '.join(sorted(OurFunctions.FUNCTION_TABLE))}"
            )


def _called(node: Any) -> Iterator[str]:
    """The names of the functions that a parsed expression calls."""
    if node["type"] == "function_expression":
        yield node["value"]
    for child in node["children"]:
        if isinstance(child, dict):
            yield from _called(child)


@lru_cache(maxsize=1024)
def members(expression: str) -> frozenset[str]:
    """The members of a record that an expression begins with; none of one that looks at all of it."""
    return frozenset(_members(compiled(expression).parsed))


def _members(node: Any) -> Iterator[str]:
    """Of a path only its first step looks at the record."""
    if node["type"] == "field":
        yield node["value"]
    children = [child for child in node["children"] if isinstance(child, dict)]
    for child in children[:1] if node["type"] in _PATHS else children:
        yield from _members(child)


@lru_cache(maxsize=1024)
def compiled(expression: str) -> ParsedResult:
    """The expression, parsed once."""
    return jmespath.compile(expression)


@lru_cache(maxsize=1024)
def _names(expression: str) -> tuple[str, ...] | None:
    """The names of an expression such as author.login, which most are; None: it is another."""
    node = compiled(expression).parsed
    nodes = node["children"] if node["type"] == "subexpression" else [node]
    return tuple(one["value"] for one in nodes) if all(one["type"] == "field" for one in nodes) else None


def evaluated(expression: str, record: Any) -> Any:
    """What the expression finds; raises Unmappable where it needs values of another type."""
    if (names := _names(expression)) is not None:
        for name in names:
            record = record.get(name) if isinstance(record, dict) else None
        return record
    try:
        return _INTERPRETER.visit(compiled(expression).parsed, record)
    except JMESPathError as error:
        raise Unmappable("bad_expression", f"is found with {expression!r}, which fails here: {error}") from error


def text_of(found: Any) -> str:
    """A value of JSON as the text of a field: nothing for null, JSON for lists and objects."""
    match found:
        case None:
            return ""
        case str():
            return found
        case bool():
            return "true" if found else "false"
    return json.dumps(found, ensure_ascii=False)
