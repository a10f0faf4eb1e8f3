"""What a report was asked for, in a few words."""

import json
from collections.abc import Mapping
from typing import Any, Final

from app.console.schema_forms import titled
from app.console.texts import Texts

#: Values of a list that are named, and characters of a text that are shown.
_VALUES: Final = 3
_CHARACTERS: Final = 60

#: What a person sees anyway, or need not tell reports apart by.
_LEFT_OUT: Final = frozenset({"charts", "html", "excel"})


def asked_words(texts: Texts, asked: Mapping[str, Any]) -> list[str]:
    """A few words for each parameter."""
    every = [(name, value) for name, value in asked.items() if name not in _LEFT_OUT and value is not None]
    return [_words(texts, name, value) for name, value in every]


def _words(texts: Texts, name: str, value: Any) -> str:
    title = texts(titled(name))
    if value is True:
        return title
    if value is False:
        return f"{title}: {texts('no')}"
    if isinstance(value, list):
        more = ", …" if len(value) > _VALUES else ""
        return f"{title}: {', '.join(map(_short, value[:_VALUES]))}{more}"
    return f"{title}: {_short(value)}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _CHARACTERS else f"{text[:_CHARACTERS]}…"
