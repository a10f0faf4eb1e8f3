"""JSON as it is written: each name of an object once, and numbers that are some.

Of two values of a name a parser would silently drop one; Python's also reads NaN, and takes 1e400 for infinite.
"""

import json
import re
from math import isinf
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


class NoNumber(ValueError):
    """A number that JSON does not have; the message says which."""


class _Repeated(ValueError):
    """As above, somewhere."""


def json_of(text: str | bytes) -> Any:
    """What a JSON text says.

    Raises:
        RepeatedName: an object has a name more than once.
        NoNumber: it has NaN or Infinity, or a number beyond 10 to the 308th.
        ValueError: it is not JSON.
        RecursionError: it is nested too deeply.
    """
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refused, parse_float=_finite)
    except _Repeated:
        whole = text if isinstance(text, str) else text.decode(json.detect_encoding(text), "surrogatepass")
        raise _first(whole) from None


def _refused(name: str) -> None:
    raise NoNumber(f"{name} is no JSON")


def _finite(text: str) -> float:
    if isinf(number := float(text)):
        raise NoNumber(f"{text} is too large a number")
    return number


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
