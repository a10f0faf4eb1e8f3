"""JSON in which each name of an object must stand once: of two values a parser would silently drop one."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from app.wording.values import shown


class RepeatedName(ValueError):
    """An object has a ``name`` more than once."""

    def __init__(self, name: str) -> None:
        super().__init__(f"an object has {shown(name)} more than once; give it once")
        self.name = name


def json_of(text: str | bytes, *, parse_constant: Callable[[str], Any] | None = None) -> Any:
    """What a JSON text says; ``parse_constant`` as ``json.loads`` has it.

    Raises:
        RepeatedName: an object has a name more than once.
        ValueError: it is not JSON.
        RecursionError: it is nested too deeply.
    """
    return json.loads(text, object_pairs_hook=_object, parse_constant=parse_constant)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise RepeatedName(Counter(name for name, _ in pairs).most_common(1)[0][0])
    return found
