"""When the support of a version ends, by the table that is shipped beside this file.

The table is as of its date: what has been released or decided since is not in it.
"""

import json
import re
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from app.metrics.runtimes.runtime import UNKNOWN, Unknown

#: What stands in front of a version that is none of another make: PyPy 3.9 does not end with Python 3.9.
_PREFIX: Final = re.compile(r"(?:v|go|ruby-|python-|cpython-|temurin-)(?=[0-9])")

#: Major and minor number, and what follows of patches and prereleases: 3.8.12, 18.x, 3.14-dev, 3.13t, 8u392, 1.21rc2.
_VERSION: Final = re.compile(
    r"(?P<major>[0-9]{1,4})(?:\.(?P<minor>[0-9]{1,4}|[x*]))?(?:\.(?:[0-9]{1,9}|[0-9]?x{1,2}|\*))*"
    r"(?:t|[-+_][\w.+-]*|(?:a|b|rc|u|alpha|beta)[0-9][\w.+-]*)?"
)


def end_of_life(runtime: str, version: str) -> date | Unknown | None:
    """The last day on which a version is supported.

    None if its maker has set no such day, as of a new release, and of every release of Rust. UNKNOWN if the version is
    no released one of the table, or leaves it to the day which one it is: ``latest``, ``lts/*``, ``3.x`` of Python.
    """
    known = _table()["runtimes"].get(runtime)
    if known is None:
        return UNKNOWN
    if known["cycles"] is None:
        return None
    cycle = _cycle(known, version.strip().lower())
    end = known["cycles"].get(cycle, "") if cycle is not None else ""
    if end == "":
        return UNKNOWN
    return None if end is None else date.fromisoformat(end)


def as_of() -> date:
    """The day for which the table was made."""
    return date.fromisoformat(_table()["as_of"])


def _cycle(known: dict[str, Any], version: str) -> str | None:
    """What the table has the version as."""
    aliases = known.get("aliases", {})
    if version in aliases:
        return str(aliases[version])
    match = _VERSION.fullmatch(_PREFIX.sub("", version, count=1))
    if match is None:
        return None
    major, minor = match["major"], match["minor"]
    if minor is not None and minor not in {"x", "*"}:
        for name in (f"{major}.{minor}", major):
            if name in aliases or name in known["cycles"]:
                # A major number with cycles of its own minors stands for none of them.
                return None if name == major and name in aliases else str(aliases.get(name, name))
        return None
    return str(aliases.get(major, major))


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    text = (files("app.metrics.runtimes") / "end_of_life.json").read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)
    return table
