"""JMESPath expressions over JSON records, and values of JSON as texts."""

import json
from functools import lru_cache
from typing import Any, Final

import jmespath
from jmespath import functions
from jmespath.exceptions import JMESPathError, LexerError, ParseError
from jmespath.parser import ParsedResult

from app.mapping.unmappable import Unmappable


class Functions(functions.Functions):
    """Functions beyond JMESPath's own, whose filters cannot see the record around a list; nothing is an empty list."""

    @functions.signature({"types": ["array", "null"]}, {"types": ["string", "null"]})
    def _func_others(self, found: list[Any] | None, login: str | None) -> list[Any]:
        """``others(reviews, author.login)``: elements that are not by this person; whoever is deleted is another."""
        return [one for one in found or () if one is not None and (login is None or _login(one) != login)]

    @functions.signature({"types": ["array", "null"]})
    def _func_people(self, found: list[Any] | None) -> list[Any]:
        """``people(reviews)``: elements that are not by a bot."""
        return [one for one in found or () if one is not None and not _is_by_bot(one)]

    @functions.signature({"types": ["array", "null"]}, {"types": ["string", "null"]})
    def _func_before(self, found: list[Any] | None, end: str | None) -> list[Any]:
        """``before(reviews[].submittedAt, mergedAt)``: texts before another one in text order; all if there is none."""
        return [one for one in found or () if one is not None and (end is None or one < end)]


def _by(one: Any) -> Any:
    """Who an element is by: REST says user, GraphQL and `gh` say author."""
    return (one.get("user") or one.get("author") or {}) if isinstance(one, dict) else {}


def _login(one: Any) -> Any:
    return _by(one).get("login")


def _is_by_bot(one: Any) -> bool:
    by = _by(one)
    login = by.get("login") or ""
    is_marked = by.get("is_bot") or "Bot" in {by.get("type"), by.get("__typename")}
    return bool(is_marked) or login.endswith("[bot]") or login.startswith("app/")


_OPTIONS: Final = jmespath.Options(custom_functions=Functions())


def require_expression(expression: str) -> None:
    """Raise ValueError for one that does not parse, with the place in it."""
    try:
        compiled(expression)
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


@lru_cache(maxsize=1024)
def compiled(expression: str) -> ParsedResult:
    """The expression, parsed once."""
    return jmespath.compile(expression)


def evaluated(expression: str, record: Any) -> Any:
    """What the expression finds; raises Unmappable where it needs values of another type."""
    try:
        return compiled(expression).search(record, _OPTIONS)
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
