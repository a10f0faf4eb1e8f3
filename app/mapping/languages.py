"""Names of weekdays in every language that Babel knows, and words for several of them."""

import re
from functools import lru_cache
from typing import Final

from babel import Locale, UnknownLocaleError

#: Widths of names: Montag, Mo., Mo.
_WIDTHS: Final = ("wide", "abbreviated", "short")

#: Names in daily use that no locale has: two letters as in OpenStreetMap, four or three as people abbreviate.
_ALSO: Final = {
    "en": (("mo",), ("tu", "tues"), ("we", "weds"), ("th", "thur", "thurs"), ("fr",), ("sa",), ("su",)),
    "de": ((), (), (), (), (), ("sonnabend",), ()),
    "pt": (("segunda",), ("terça",), ("quarta",), ("quinta",), ("sexta",), (), ()),
    "ja": (("月曜",), ("火曜",), ("水曜",), ("木曜",), ("金曜",), ("土曜",), ("日曜",)),
    "zh": (
        *(("週一", "礼拜一"), ("週二", "礼拜二"), ("週三", "礼拜三"), ("週四", "礼拜四"), ("週五", "礼拜五")),
        *(("週六", "礼拜六"), ("週日", "星期天", "周天", "礼拜天", "礼拜日")),
    ),
}

#: Languages in which dates may name months and weekdays.
_OF_DATES: Final = ("en", "de", "fr", "es", "it", "nl", "pt")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_OF: Final = re.compile(r" (?:de|del) ", re.IGNORECASE)
#: No name has one letter. To learn those of seven languages takes a fifth of a second, which the T of 2024-11-05T10:00
#: is not worth, nor a text without a digit, which is no date.
_WORD: Final = re.compile(r"[^\W\d_]{2,}\.?")
_DIGIT: Final = re.compile(r"\d")

_EVERY_DAY: Final = tuple(range(7))
_MONDAY_TO_FRIDAY: Final = _EVERY_DAY[:5]
_WEEKEND: Final = _EVERY_DAY[5:]

#: Words for several weekdays. "Werktags" and the like are none: for some they have Saturdays, too.
_SEVERAL: Final = {
    **dict.fromkeys(("daily", "every day", "everyday", "all days", "all week", "7 days a week"), _EVERY_DAY),
    **dict.fromkeys(("täglich", "tous les jours", "todos los días", "diario", "tutti i giorni"), _EVERY_DAY),
    **dict.fromkeys(("毎日", "每天", "매일", "her gün", "ежедневно", "denně", "codziennie", "dagligen"), _EVERY_DAY),
    **dict.fromkeys(("dagelijks", "elke dag", "todos os dias", "diariamente"), _EVERY_DAY),
    **dict.fromkeys(("weekday", "weekdays", "monday through friday"), _MONDAY_TO_FRIDAY),
    **dict.fromkeys(("weekend", "weekends", "week-end", "wochenende", "fin de semana", "fim de semana"), _WEEKEND),
}

#: How schema.org names a weekday.
_ADDRESS: Final = re.compile(r"https?://schema\.org/", re.IGNORECASE)


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
    """The weekday of that name, 0 = Monday; None if it is none. Of English names also the plural."""
    known, name = weekdays(language), _plain(text)
    return known.get(name, known.get(name.removesuffix("s")) if name.endswith("days") else None)


def in_english(text: str) -> str:
    """A date without a weekday before it and without of, and with the month by three English letters."""
    if _DIGIT.search(text) is None:
        return text
    first = _WORD.match(text)
    if first is not None and any(weekday(first[0], language) is not None for language in _OF_DATES):
        rest = text[first.end() :].lstrip(", ")
        text = text if _plain(first[0]) in _months() and rest[:1].isdigit() else rest  # mar is March and martes
    text = _OF.sub(" ", text)
    return _WORD.sub(lambda found: _months().get(_plain(found[0]), found[0]), text)


@lru_cache(maxsize=1)
def _months() -> dict[str, str]:
    """Months by three English letters, by their names in small letters in the languages of dates."""
    return {
        _plain(name): _MONTHS[month - 1]
        for language in reversed(_OF_DATES)
        for context in ("format", "stand-alone")
        for width in ("wide", "abbreviated")
        for month, name in Locale.parse(language).months[context].get(width, {}).items()
    }


def several_weekdays(text: str) -> tuple[int, ...] | None:
    """The weekdays, 0 = Monday, of a word such as daily or weekends; None if it is none."""
    return _SEVERAL.get(_plain(text))


def _plain(name: str) -> str:
    return _ADDRESS.sub("", name.strip(), count=1).rstrip(".").casefold()
