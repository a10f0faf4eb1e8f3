"""JSON in which each name of an object must stand once: of two values a parser would silently drop one."""

import json
import re
from collections.abc import Callable
from typing import Any, Final

from app.wording.values import shown

#: Texts, and what structures them.
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[][{},]')


class RepeatedName(ValueError):
    """An object has a name more than once.

    Attributes:
        name: its path from the outermost object or list, such as ``hours.0.day``.
        reason: continues "<name> …", with the place of the second one.
    """

    def __init__(self, name: str, *, line: int, column: int) -> None:
        self.name = name
        self.reason = f"is given more than once (again at line {line}, column {column}); give it only once"
        super().__init__(f"{shown(name)} {self.reason}")


class _Repeated(ValueError):
    """As above, somewhere."""


def json_of(text: str | bytes, *, parse_constant: Callable[[str], Any] | None = None) -> Any:
    """What a JSON text says; ``parse_constant`` as ``json.loads`` has it.

    Raises:
        RepeatedName: an object has a name more than once.
        ValueError: it is not JSON.
        RecursionError: it is nested too deeply.
    """
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=parse_constant)
    except _Repeated:
        whole = text if isinstance(text, str) else text.decode(json.detect_encoding(text), "surrogatepass")
        raise _first(whole) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Repeated
    return found


def _first(text: str) -> RepeatedName:
    """The first name that its object has already, in a text that has one."""
    names: list[set[str] | None] = []  # of each object around; None for a list
    path: list[str | int] = []
    is_name = False
    for token in _TOKEN.finditer(text):
        match token[0]:
            case "{":
                names.append(set())
                path.append("")
                is_name = True
            case "[":
                names.append(None)
                path.append(0)
                is_name = False
            case "}" | "]":
                names.pop()
                path.pop()
            case ",":
                is_name = names[-1] is not None
                if not is_name:
                    path[-1] = int(path[-1]) + 1
            case quoted if is_name and (of := names[-1]) is not None:
                is_name, path[-1] = False, json.loads(quoted)
                if path[-1] in of:
                    begin = text.rfind("\n", 0, token.start()) + 1
                    line = text.count("\n", 0, begin) + 1
                    return RepeatedName(".".join(map(str, path)), line=line, column=token.start() - begin + 1)
                of.add(str(path[-1]))
    raise AssertionError("no name is there twice")
