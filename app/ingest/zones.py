"""Zones by country and by abbreviation: for choice lists, and for what is said of a name that is no zone.

Which zones a country has, and what it is called, is from pytz's copy of the tables of the IANA database (zone.tab and
iso3166.tab), in the order of zone.tab: by place and, where that agrees, by population. What clocks say zoneinfo tells.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import pytz
from babel.core import get_global

from app.timeline.zones import known_zones

#: Longest text that a zone is guessed for, characters: the guess takes time that grows with it.
GUESSED_LENGTH: Final = 64

#: Zones of a country that are named in a message.
NAMED: Final = 8

#: Zones that are named for an abbreviation, and of those whose clocks then have the same offset.
NAMED_CITIES: Final = 8
NAMED_SAME: Final = 3

#: Shorter texts without a slash are abbreviations rather than misspelt names, characters.
LONGEST_ABBREVIATION: Final = 6

#: Names of countries in daily use that iso3166.tab does not have: it says "Britain (UK)" and "United States".
_ALSO_CALLED: Final = {
    "uk": "GB",
    "united kingdom": "GB",
    "great britain": "GB",
    "usa": "US",
    "united states of america": "US",
    "south korea": "KR",
    "north korea": "KP",
    "holland": "NL",
}

#: What lists of zones put before a name: the offset in winter.
_OFFSET_BEFORE: Final = re.compile(r"^\s*\((?:GMT|UTC)(?:[+-]\d{1,2}:?\d{2})?\)\s*")

#: Hours of the largest offset.
MOST_HOURS: Final = 14

#: An offset in place of a zone: UTC+2, GMT-05:00, +0530.
_OFFSET: Final = re.compile(
    r"\s*\(?(?:UTC|GMT)? ?(?P<sign>[+\-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?\)?\s*", re.IGNORECASE
)

#: What stands in place of "Standard Time" where people choose a zone, folded.
_TIME_SHOWN: Final = re.compile(r"(?: daylight)? time(?: \(us (?:&|and) canada\))?$(?<! standard time)")

#: Instants at which zones are compared: one in each season of a recent year.
_COMPARED: Final = tuple(datetime(2025, month, 1, tzinfo=UTC) for month in (1, 4, 7, 10))

#: Zones that no country has, and that people choose.
_NOWHERE: Final = ("UTC",)


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone to choose.

    Attributes:
        name: of the IANA time zone database.
        country: ISO 3166 code of two letters; None for UTC.
        country_name: in English.
    """

    name: str
    country: str | None
    country_name: str | None


def choices(country: str | None = None) -> list[Zone]:
    """Zones to choose from, by the names of their countries; of no country first.

    Args:
        country: code or English name, in any case; a name without its remark in brackets, too; None for all.

    Returns:
        Nothing when there is no such country.
    """
    if country is None:
        nowhere = [Zone(name, None, None) for name in _NOWHERE]
        return nowhere + [zone for code in sorted(pytz.country_timezones, key=_name) for zone in _of(code)]
    return [zone for code in _codes().get(_folded(country), ()) for zone in _of(code)]


def hint(text: str) -> str:
    """What a person may have meant by a text that is no zone, to be put behind the refusal; empty without an idea."""
    if len(text) > GUESSED_LENGTH:
        return ""
    if (found := _OFFSET.fullmatch(text)) is not None and int(found["hours"]) <= MOST_HOURS:
        return _of_offset(found)
    text = _OFFSET_BEFORE.sub("", text)
    spelt_otherwise = _by_lower_case().get(text.lower()) or _of_windows(text)
    if spelt_otherwise and "/" in spelt_otherwise:
        return f"; did you mean {spelt_otherwise}?"
    return _of_country(text) or _of_abbreviation(text) or _of_spelling(text)


def _of_offset(found: re.Match[str]) -> str:
    """What to write for an offset: a place, or the zone of Etc, whose sign is the opposite."""
    hours, minutes = int(found["hours"]), int(found["minutes"] or 0)
    fixed = f"Etc/GMT{'-' if found['sign'] == '+' else '+'}{hours}"
    told = "; an offset does not say when the clocks change: name a place such as Europe/Berlin"
    return told + (f", or {fixed} for a clock that never changes" if not minutes and fixed in known_zones() else "")


def _of_windows(text: str) -> str | None:
    """The zone that CLDR has for a name of Windows, also as Windows and Ruby on Rails show it to people."""
    return _windows().get(_TIME_SHOWN.sub(" standard time", text.strip().casefold()))


@lru_cache(maxsize=1)
def _windows() -> dict[str, str]:
    """Without its names of offsets: those of zones have the opposite sign."""
    names = get_global("windows_zone_mapping")
    return {name.casefold(): zone for name, zone in names.items() if not name.startswith("UTC")}


def _of_country(text: str) -> str:
    return "".join(f"; zones of {_name(code)}: {_shown(code)}" for code in _codes().get(_folded(text), ()))


def _shown(code: str) -> str:
    """The zones of a country; of very many those whose clocks differ."""
    names = [zone.name for zone in _of(code)]
    shown = names if len(names) <= NAMED else _different(names)[:NAMED]
    return ", ".join(shown) + (f" and {len(names) - len(shown)} more" if len(names) > len(shown) else "")


def cities_of(abbreviation: str) -> list[str]:
    """Zones of cities that an abbreviation may mean."""
    return _cities().get(abbreviation.strip().upper(), [])


def _of_abbreviation(text: str) -> str:
    *others, last = cities_of(text) or [""]
    return f"; {text.strip()} may mean {' or '.join(filter(None, (', '.join(others), last)))}" if last else ""


@lru_cache(maxsize=4096)
def _of_spelling(text: str) -> str:
    """A zone of a similar spelling, but no abbreviation for another: PST is not EST, and Etc/GMT+1 is west of GMT."""
    names = _by_lower_case()
    if "/" not in text and len(text.strip()) <= LONGEST_ABBREVIATION and text.strip().lower() not in names:
        names = {lower: name for lower, name in names.items() if not (name.isupper() or name.startswith("Etc/"))}
    near = get_close_matches(text.lower(), names, n=1)
    return f"; did you mean {names[near[0]]}?" if near else ""


@lru_cache(maxsize=1)
def _by_lower_case() -> dict[str, str]:
    return {name.lower(): name for name in known_zones()}


def _name(code: str) -> str:
    return str(pytz.country_names[code])


def _of(code: str) -> list[Zone]:
    return [Zone(name, code, _name(code)) for name in pytz.country_timezones[code] if name in known_zones()]


@lru_cache(maxsize=1)
def _codes() -> dict[str, list[str]]:
    """Countries by code and by name: those whose names differ in a remark in brackets also by what stands before it."""
    found: dict[str, list[str]] = {}
    for code in sorted(pytz.country_timezones, key=_name):
        name = _folded(_name(code))
        for one in {code.casefold(), name, name.partition(" (")[0]}:
            found.setdefault(one, []).append(code)
    return {name: [code] for name, code in _ALSO_CALLED.items()} | found


def _folded(name: str) -> str:
    return " ".join(name.casefold().replace("&", "and").split())


def _different(names: Iterable[str]) -> list[str]:
    """The first of those zones that have the same clocks all year."""
    first: dict[tuple[object, ...], str] = {}
    for name in names:
        zone = ZoneInfo(name)
        first.setdefault(tuple(at.astimezone(zone).utcoffset() for at in _COMPARED), name)
    return list(first.values())


@lru_cache(maxsize=1)
def _cities() -> dict[str, list[str]]:
    """Zones by the abbreviations that their clocks go by, for each offset some: of countries with many zones first."""
    found: dict[str, dict[object, list[str]]] = {}
    for rank in range(NAMED_SAME):  # one of each country before a second of any
        for code in sorted(pytz.country_timezones, key=lambda code: (-len(pytz.country_timezones[code]), code)):
            for abbreviation, offset, names in _meanings(code):
                if rank < len(names):
                    found.setdefault(abbreviation, {}).setdefault(offset, []).append(names[rank])
    return {
        abbreviation: [name for names in by_offset.values() for name in names[:NAMED_SAME]][:NAMED_CITIES]
        for abbreviation, by_offset in found.items()
    }


@lru_cache(maxsize=512)
def _meanings(code: str) -> list[tuple[str, object, list[str]]]:
    """The abbreviations in use in a country, each with its offset and the zones that go by it; +03 is none."""
    found: dict[tuple[str, object], list[str]] = {}
    for zone in _of(code):
        clocks = [at.astimezone(ZoneInfo(zone.name)) for at in _COMPARED if not zone.name.startswith("Antarctica/")]
        for meaning in {(str(clock.tzname()), clock.utcoffset()) for clock in clocks}:
            if meaning[0].isalpha():
                found.setdefault(meaning, []).append(zone.name)
    return [(*meaning, names) for meaning, names in found.items()]
