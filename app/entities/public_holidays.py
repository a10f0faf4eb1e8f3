"""Holidays of countries, as the library `holidays` knows them; they count only once a calendar has them."""

from collections.abc import Mapping, Sequence
from typing import Final

from app.errors import InvalidParameters
from app.timeline import EARLIEST, LATEST

#: Years that are told at most: nobody plans longer, and the library computes each.
MOST_YEARS: Final = 50


def countries() -> Mapping[str, Sequence[str]]:
    """The subdivisions of each country, by the two letters of ISO 3166."""
    import holidays  # noqa: PLC0415 - takes most of a second

    known: dict[str, list[str]] = holidays.list_supported_countries(include_aliases=False)
    return known


def years_of(text: str, *, named: str) -> range:
    """A year, or a first and a last year: 2026-2028.

    Args:
        text: as it was given.
        named: what it is called where it was given.

    Raises:
        InvalidParameters: it is neither, or there are too many.
    """
    first, _, last = text.partition("-")
    if not (first.isdecimal() and (last or first).isdecimal()):
        raise InvalidParameters(f"{named} is {text!r}; allowed: a year such as 2026, or two such as 2026-2028.")
    years = range(int(first), int(last or first) + 1)
    span = f"{EARLIEST.year} and {LATEST.year - 1}"
    if not 0 < len(years) <= MOST_YEARS or years.start < EARLIEST.year or years.stop > LATEST.year:
        raise InvalidParameters(f"{named} is {text!r}; allowed: up to {MOST_YEARS} years between {span}.")
    return years


def holidays_of(
    country: str, subdivision: str | None, category: str, language: str | None, years: range
) -> list[tuple[str, str]]:
    """Date and name of each holiday, in order.

    Raises:
        InvalidParameters: there is no such country, subdivision, category or language; the message has those there are.
    """
    import holidays  # noqa: PLC0415 - takes most of a second

    known = countries()
    if country not in known:
        raise InvalidParameters(
            f"There is no country {country!r}; allowed: two capital letters of ISO 3166, such as DE."
        )
    if subdivision is not None and subdivision not in known[country]:
        allowed = ", ".join(known[country]) or "none"
        raise InvalidParameters(f"{country} has no subdivision {subdivision!r}; allowed: {allowed}.")
    entity = getattr(holidays, country)
    if category not in entity.supported_categories:
        allowed = ", ".join(sorted(entity.supported_categories))
        raise InvalidParameters(f"{country} has no holidays of category {category!r}; allowed: {allowed}.")
    if language is not None and language not in entity.supported_languages:
        allowed = ", ".join(entity.supported_languages) or "none"
        raise InvalidParameters(f"{country} has no names in {language!r}; allowed: {allowed}.")
    chosen = language or entity.default_language  # not that of this machine
    found = holidays.country_holidays(country, subdiv=subdivision, years=years, categories=category, language=chosen)
    return [(day.isoformat(), title) for day, title in sorted(found.items())]
