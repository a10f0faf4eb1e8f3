"""Versions as files write them: one version, a name such as ``lts/*``, or a range."""

import re
from typing import Final

from app.metrics.runtimes.runtime import CYCLE_NUMBERS

#: Longest text of a version, and of a range of them; longer ones are not read.
_MAX_VERSION: Final = 50
_MAX_RANGE: Final = 200

_NUMBERS = r"[0-9]{1,9}(?:\.(?:[0-9]{1,9}|[0-9]?[xX]{1,2}|\*))*"
_SUFFIX = r"(?:[-+_.]?[0-9A-Za-z][0-9A-Za-z.+_-]*)?"

#: What stands in front of a version and says nothing more.
_PREFIX: Final = re.compile(r"(?:v|go|ruby-|python-|cpython-)(?=[0-9])")
_VERSION: Final = re.compile(_NUMBERS + _SUFFIX)
_NAME: Final = re.compile(r"[A-Za-z][0-9A-Za-z.+_-]*(?:/[0-9A-Za-z*.+_-]+)?")
_COMPARATOR: Final = re.compile(
    rf"(?P<operator>===?|>=|<=|~=|~>|!=|[><=^~])?\s*v?(?P<version>{_NUMBERS}{_SUFFIX}|[*xX])(?:\s*,\s*|\s+|$)"
)
_HYPHEN: Final = re.compile(rf"v?(?P<version>{_NUMBERS}{_SUFFIX})\s+-\s+\S+")
_WILDCARD: Final = re.compile(r"(?:\.[0-9]?(?:[xX]{1,2}|\*))+$")

#: Operators whose version is the lowest that they allow. ``>`` is one: 3.8.1 is greater than 3.8.
_LOWER: Final = frozenset(("", "=", "==", "===", ">=", ">", "^", "~", "~=", "~>"))


def named_version(text: str) -> str | None:
    """One version or the name of one, without what stands in front of it; None if it is a range or neither."""
    text = text.strip()
    text = text[match.end() :] if (match := _PREFIX.match(text)) else text
    if len(text) > _MAX_VERSION or not (_VERSION.fullmatch(text) or _NAME.fullmatch(text)):
        return None
    return text


def installed_version(runtime: str, text: str) -> str | None:
    """The version that a text makes a workflow install.

    A range leaves that to the day, unless it allows one cycle only: ``~3.12.0-0`` is some Python 3.12, ``^20.1`` some
    Node 20, but ``>=3.9`` is whatever is newest.
    """
    return named_version(text) or _only_cycle(runtime, text.strip())


def _only_cycle(runtime: str, text: str) -> str | None:
    match = _COMPARATOR.fullmatch(text) if len(text) <= _MAX_RANGE else None
    if match is None or match["operator"] is None:
        return None
    numbers = re.match(r"[0-9]+(?:\.[0-9]+)*", match["version"])
    parts = numbers.group().split(".") if numbers else []
    fixed = {
        "=": len(parts),
        "==": len(parts),
        "===": len(parts),
        "^": 1 if parts[:1] != ["0"] else 0,
        "~": min(len(parts), 2),
        "~=": len(parts) - 1,
        "~>": len(parts) - 1,
    }.get(match["operator"], 0)
    return ".".join(parts[:fixed]) if fixed >= CYCLE_NUMBERS[runtime] else None


def lowest_version(text: str) -> str | None:
    """The lowest version that a range allows, as it is written there: ``3.9`` of ``>=3.9,<4`` and of ``^3.9 || ^4``.

    Reads the ranges of PEP 440, npm, Composer, Poetry and RubyGems. None if there is no lowest, as of ``<4`` and ``*``,
    or if the text is no range.
    """
    if len(text) > _MAX_RANGE:
        return None
    lowest = [_lowest_of_all(part.strip()) for part in re.split(r"\|\|?", text)]
    known = [one for one in lowest if one is not None]
    return min(known, key=_order) if len(known) == len(lowest) else None


def _lowest_of_all(text: str) -> str | None:
    """Of comparators that all hold."""
    if match := _HYPHEN.fullmatch(text):
        return _bare(match["version"])
    bounds = []
    end = 0
    while end < len(text):
        comparator = _COMPARATOR.match(text, end)
        if comparator is None:
            return None
        end = comparator.end()
        if (comparator["operator"] or "") in _LOWER and comparator["version"][0].isdigit():
            bounds.append(_bare(comparator["version"]))
    return max(bounds, key=_order, default=None)


def _bare(version: str) -> str:
    """Without the wildcard at its end."""
    return _WILDCARD.sub("", version)


def _order(version: str) -> tuple[int, ...]:
    numbers = re.match(r"[0-9]+(?:\.[0-9]+)*", version)
    return tuple(int(one) for one in numbers.group().split(".")) if numbers else ()
