"""What a report was asked for, in a few words, to tell it from others of its kind."""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from app.console.schema_forms import titled
from app.console.texts import Texts

#: Values of a list that are named, and characters of a text that are shown.
_VALUES: Final = 3
_CHARACTERS: Final = 60

#: What says nothing of the figures.
_LEFT_OUT: Final = frozenset({"charts", "html", "excel"})

#: What stands in parameters where nobody has asked for anything else.
_USUAL: Final = {"zone": "entity", "by": "total"}

#: Lists that are longer were not typed by anybody: all metrics of now.
_MOST_TYPED: Final = 20

#: How long before a report is begun it is found out what is known.
_AT_ONCE: Final = timedelta(minutes=1)

_ID: Final = re.compile(r"[0-9a-f]{24}([0-9a-f]{8})")


def asked_words(texts: Texts, report: Mapping[str, Any]) -> list[str]:
    """A few words for each parameter of a report of the list."""
    asked = (report["asked"] or {}).items()
    return [_words(texts, name, value) for name, value in asked if _is_asked(report, name, value)]


def _is_asked(report: Mapping[str, Any], name: str, value: Any) -> bool:
    if name in _LEFT_OUT or value in (None, [], "") or value == _USUAL.get(name):
        return False
    if name == "as_known_at":
        return abs(datetime.fromisoformat(report["created_at"]) - datetime.fromisoformat(value)) > _AT_ONCE
    return not (isinstance(value, list) and name == "metrics" and len(value) > _MOST_TYPED)


def _words(texts: Texts, name: str, value: Any) -> str:
    title = texts(titled(name))
    if value is True:
        return title
    if value is False:
        return f"{title}: " + texts("no")
    if isinstance(value, list):
        more = ", …" if len(value) > _VALUES else ""
        return f"{title}: {', '.join(map(_short, value[:_VALUES]))}{more}"
    return f"{title}: {_short(value)}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if found := _ID.fullmatch(text):
        return found[1]
    return text if len(text) <= _CHARACTERS else f"{text[:_CHARACTERS]}…"
