"""Names of weekdays in every language that Babel knows."""

from functools import lru_cache
from typing import Final

from babel import Locale, UnknownLocaleError

#: Widths of names: Montag, Mo., Mo.
_WIDTHS: Final = ("wide", "abbreviated", "short")

#: Names in daily use that no locale has: two letters as in OpenStreetMap, four or three as people abbreviate.
_ALSO: Final = {
    "en": (("mo",), ("tu", "tues"), ("we",), ("th", "thur", "thurs"), ("fr",), ("sa",), ("su",)),
}


def require_language(language: str) -> None:
    """Raise ValueError for a language that Babel does not know."""
    try:
        weekdays(language)
    except (UnknownLocaleError, ValueError, TypeError) as error:
        raise ValueError("is not a language such as en, de or pt_BR") from error


@lru_cache(maxsize=64)
def weekdays(language: str) -> dict[str, int]:
    """Weekdays by their names in small letters, 0 = Monday; names that two days share are left out."""
    locale = Locale.parse(language.replace("-", "_"))
    named: dict[str, set[int]] = {}
    for context in ("format", "stand-alone"):
        for width in _WIDTHS:
            for day, name in locale.days[context].get(width, {}).items():
                named.setdefault(_plain(name), set()).add(day)
    for day, names in enumerate(_ALSO.get(locale.language, ())):
        for name in names:
            named.setdefault(name, set()).add(day)
    return {name: days.pop() for name, days in named.items() if len(days) == 1}


def weekday(text: str, language: str) -> int | None:
    """The weekday of that name, 0 = Monday; None if it is none."""
    return weekdays(language).get(_plain(text))


def _plain(name: str) -> str:
    return name.strip().rstrip(".").casefold()
