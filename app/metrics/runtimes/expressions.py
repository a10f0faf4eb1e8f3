"""Expressions of workflows, ``${{ … }}``, as far as their value stands in the file.

Read are ``matrix`` and ``env``, texts and numbers, ``fromJSON`` of a text, and ``||`` between them. Everything else is
unknown: inputs, outputs of other jobs, functions.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from app.metrics.runtimes.runtime import UNKNOWN, Unknown
from app.metrics.runtimes.yaml_documents import MAX_DEPTH, Value

Known = Value | Unknown

#: What a name of ``matrix`` or ``env`` stands for; missing names answer for themselves.
Contexts = Mapping[str, Callable[[str], Known]]

_EXPRESSION: Final = re.compile(r"\$\{\{((?:[^'}]|'[^']*'|\}(?!\}))*)\}\}")
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?[0-9]+(?:\.[0-9]+)*)|(?P<name>[A-Za-z_][\w-]*)|(?P<mark>\|\||[.\[\]()]))"
)

#: Longest text with expressions that is read, and how many it may have; both bound what a hostile one costs.
_MAX_TEXT: Final = 2_000
_MAX_EXPRESSIONS: Final = 10

#: Names in one mapping of a matrix. Nobody writes as many.
MAX_NAMES: Final = 100

#: Of texts that may be YAML's or JSON's false, of which ``||`` takes the other side. Read as texts, nobody knows.
_MAYBE_FALSE: Final = frozenset(("false", "0", "null"))


class _Unreadable(Exception):
    """An expression that is more than is read here."""


def evaluate(value: Known, contexts: Contexts) -> Known:
    """The value of a node of a workflow. One expression alone may be a list; within a text, it must be a text."""
    if not isinstance(value, str) or "${{" not in value:
        return value
    if len(value) > _MAX_TEXT or value.count("${{") > _MAX_EXPRESSIONS:
        return UNKNOWN
    if whole := _EXPRESSION.fullmatch(value.strip()):
        return _value(whole.group(1), contexts)
    parts: list[str] = []
    end = 0
    for match in _EXPRESSION.finditer(value):
        inner = _value(match.group(1), contexts)
        if not isinstance(inner, str):
            return UNKNOWN
        parts += (value[end : match.start()], inner)
        end = match.end()
    return UNKNOWN if "${{" in value[end:] else "".join((*parts, value[end:]))


def _value(expression: str, contexts: Contexts) -> Known:
    try:
        return _Reader(_tokens(expression), contexts).value()
    except _Unreadable:
        return UNKNOWN


def _tokens(expression: str) -> list[tuple[str, str]]:
    found = []
    end = 0
    expression = expression.rstrip()
    while end < len(expression):
        match = _TOKEN.match(expression, end)
        if match is None or match.lastgroup is None:
            raise _Unreadable
        found.append((match.lastgroup, match[match.lastgroup]))
        end = match.end()
    return found


class _Reader:
    """Reads the tokens of an expression from left to right."""

    def __init__(self, tokens: list[tuple[str, str]], contexts: Contexts) -> None:
        self._tokens = tokens
        self._contexts = contexts
        self._at = 0

    def value(self) -> Known:
        value = self._operand()
        while self._at < len(self._tokens):
            self._expect("||")
            other = self._operand()
            if value == "":
                value = other
            elif isinstance(value, str) and value in _MAYBE_FALSE:
                value = UNKNOWN
        return value

    def _next(self) -> tuple[str, str]:
        if self._at == len(self._tokens):
            raise _Unreadable
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, mark: str) -> None:
        if self._next() != ("mark", mark):
            raise _Unreadable

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _operand(self) -> Known:
        kind, text = self._next()
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return text
        if kind != "name":
            raise _Unreadable
        if text.lower() == "fromjson":
            return self._from_json()
        if text.lower() not in self._contexts:
            raise _Unreadable
        return self._member(self._contexts[text.lower()])

    def _from_json(self) -> Known:
        self._expect("(")
        kind, text = self._next()
        self._expect(")")
        if kind != "text":
            raise _Unreadable
        return read_json(text[1:-1].replace("''", "'"))

    def _member(self, context: Callable[[str], Known]) -> Known:
        value = context(self._key())
        while self._peek() in {".", "["}:
            key = self._key()
            if value is not UNKNOWN:
                value = _lookup(value, key) if isinstance(value, dict) else ""
        # An expression within a mapping of a matrix: only GitHub reads it.
        return UNKNOWN if isinstance(value, str) and "${{" in value else value

    def _key(self) -> str:
        if self._peek() == ".":
            self._expect(".")
            kind, text = self._next()
            if kind != "name":
                raise _Unreadable
            return text
        self._expect("[")
        kind, text = self._next()
        self._expect("]")
        if kind != "text":
            raise _Unreadable
        return text[1:-1].replace("''", "'")


def _lookup(value: dict[str, Value], key: str) -> Known:
    """A member by its name, in capitals or not; an empty text if there is none, as in GitHub's expressions."""
    if len(value) > MAX_NAMES:
        return UNKNOWN
    return next((one for name, one in value.items() if name.lower() == key.lower()), "")


def read_json(text: str) -> Known:
    """JSON with every scalar as the text that it has; unknown if it is not JSON."""
    try:
        return _as_texts(json.loads(text, parse_float=str, parse_int=str, parse_constant=str), 1)
    except (ValueError, RecursionError, _Unreadable):
        return UNKNOWN


def _as_texts(value: Any, depth: int) -> Value:
    if depth > MAX_DEPTH:
        raise _Unreadable
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return ""
        case list():
            return [_as_texts(one, depth + 1) for one in value]
        case dict():
            return {key: _as_texts(one, depth + 1) for key, one in value.items()}
    return str(value)
