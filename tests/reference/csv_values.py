"""The values of a file once more, plainly and apart from app/: each type's text to its value, or its code."""

import json
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONES = available_timezones()

#: Printable characters of which nothing is seen.
UNSEEN = {0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164, 0xFFA0}
UNSEEN |= {*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}


class Bad(Exception):
    """A field that is no value; the argument is its code."""


def key(text: str) -> str:
    if text == "":
        raise Bad("empty")
    if len(text) > 255:
        raise Bad("too_long")
    for character in text:
        category = unicodedata.category(character)
        if (category[0] in "CZ" and character != " ") or ord(character) in UNSEEN:
            raise Bad("invisible_characters")
    if text[0] == " " or text[-1] == " ":
        raise Bad("outer_space")
    return text


def project(text: str) -> str:
    """PEP 508: letters, digits, and - _ . inside; PEP 503: each run of these three is one hyphen, letters are small."""
    key(text)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    small = text.lower()
    inside = set(letters + "-_.")
    if not text.isascii() or not {*small} <= inside or small[0] not in letters or small[-1] not in letters:
        raise Bad("bad_project")
    words = "".join(one if one in letters else " " for one in small).split()
    return "-".join(words)


def repository(text: str) -> str:
    """owner/name, as it is or at the end of an address of the web or of Git."""
    key(text)
    rest, is_address = text, False
    scheme, slashes, after = text.partition("://")
    if (
        slashes
        and scheme[:1].isascii()
        and scheme[:1].isalpha()
        and all(one.isascii() and (one.isalnum() or one == "+") for one in scheme)
    ):
        host, slash, path = after.partition("/")
        if slash and host.rpartition("@")[2]:
            rest, is_address = path, True
    elif text.lower().startswith("git@") and ":" in text[4:] and "/" not in text[4:].partition(":")[0]:
        if text[4:].partition(":")[0]:
            rest, is_address = text[4:].partition(":")[2], True
    else:
        for host in ("github.com/", "www.github.com/"):
            if text.lower().startswith(host):
                rest, is_address = text[len(host) :], True
    if is_address or "://" in text:
        rest = rest.strip("/").removesuffix(".git")
    elif "/" in rest:
        rest = rest.removesuffix("/").removesuffix(".git")
    return key(rest)


def word(**allowed: Any) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        if text in allowed:
            return allowed[text]
        raise Bad("not_allowed")

    return parse


def instant(text: str) -> int:
    iso = text[:-4] + "Z" if text[-4:] == " UTC" else text
    date = 0
    while date < len(iso) and iso[date] in "0123456789-W":
        date += 1
    if not (date > 0 and iso[date : date + 1] in ("T", " ") and iso[date + 1 : date + 2] in tuple("0123456789")):
        raise Bad("bad_timestamp")
    if "\n" in iso:
        raise Bad("bad_timestamp")
    try:
        at = datetime.fromisoformat(iso)
    except ValueError:
        raise Bad("bad_timestamp") from None
    if at.tzinfo is None:
        raise Bad("no_zone")
    if not EPOCH <= at <= datetime(2100, 1, 1, tzinfo=UTC):
        raise Bad("out_of_range")
    return (at - EPOCH) // timedelta(microseconds=1)


def minutes(text: str) -> int:
    if not is_digits(text) or len(text) > 18 or int(text) > 365 * 24 * 60:
        raise Bad("bad_minutes")
    return int(text)


def weekday(text: str) -> int:
    if text in ("0", "1", "2", "3", "4", "5", "6"):
        return int(text)
    raise Bad("bad_weekday")


def time_of_day(last: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        clock, dot, fraction = text.partition(".")
        parts = clock.split(":")
        lengths = [len(part) for part in parts]
        digits = all(character in "0123456789" for character in clock.replace(":", "") + fraction)
        if not digits or lengths not in ([1, 2], [2, 2], [1, 2, 2], [2, 2, 2]):
            raise Bad("bad_time")
        if dot and (len(parts) == 2 or not 1 <= len(fraction) <= 6):
            raise Bad("bad_time")
        hour, minute, second = (*map(int, parts), 0)[:3]
        at = ((hour * 60 + minute) * 60 + second) * 1_000_000 + int((fraction + "000000")[:6])
        if minute > 59 or second > 59 or at > last:
            raise Bad("bad_time")
        return at

    return parse


def long_number(text: str) -> int:
    if not is_digits(text) or len(text) > 19 or not 1 <= int(text) <= 9_223_372_036_854_775_807:
        raise Bad("bad_number")
    return int(text)


def any_text(text: str) -> str:
    if text == "":
        raise Bad("empty")
    if "\0" in text:
        raise Bad("invisible_characters")
    return text


def short_text(text: str) -> str:
    if len(text) > 255:
        raise Bad("too_long")
    return any_text(text)


def zone(text: str) -> str:
    if text in ZONES:
        return text
    raise Bad("unknown_zone")


def is_digits(text: str) -> bool:
    return text != "" and all(character in "0123456789" for character in text)


def number(text: str) -> int:
    if not is_digits(text) or not 1 <= int(text) <= 2_147_483_647:
        raise Bad("bad_number")
    return int(text)


def count(text: str) -> int:
    if not is_digits(text) or int(text) > 2_147_483_647 or len(text) > 18:
        raise Bad("bad_number")
    return int(text)


def names(text: str) -> str:
    """A list of names as JSON, which it is already or becomes."""
    found: Any = text.replace(",", ";").split(";")
    if text[0] == "[":
        try:
            found = json.loads(text)
        except ValueError:
            raise Bad("bad_names") from None
        if [one for one in found if type(one) is not str]:
            raise Bad("bad_names")
    each: list[str] = []
    for one in found:
        if one.strip() and one.strip() not in each:
            each.append(one.strip())
    return json.dumps(each, ensure_ascii=False)


def seconds(text: str) -> float:
    """A decimal number as everywhere: a sign, digits around a point, a power of ten; each but the digits may lack."""
    mantissa, mark, power = text.lower().partition("e")
    whole, _, fraction = mantissa[mantissa[:1] in ("+", "-") :].partition(".")
    digits = whole + fraction
    if not is_digits(digits) or (mark and not is_digits(power[power[:1] in ("+", "-") :])):
        raise Bad("bad_duration")
    found = float(text)
    if found < 0:
        raise Bad("negative")
    if found > 100 * 365 * 24 * 3600:
        raise Bad("out_of_range")
    return abs(found)


def day(text: str) -> int:
    parts = text.split("-")
    if [len(part) for part in parts] != [4, 2, 2] or not all(map(is_digits, parts)):
        raise Bad("bad_date")
    try:
        at = datetime(*map(int, parts), tzinfo=UTC)
    except ValueError:
        raise Bad("bad_date") from None
    if not 1970 <= at.year <= 2099:
        raise Bad("out_of_range")
    return (at - EPOCH).days


@dataclass(frozen=True)
class Column:
    name: str
    parse: Callable[[str], Any]
    aliases: tuple[str, ...] = ()
    required: bool = True
    may_be_empty: bool = False
    in_past: bool = False


DAY = 24 * 3600 * 1_000_000

#: Types by the names that columns of the registry give them. A new type has its slow twin here.
TYPES = {
    "key": key,
    "name of a project": project,
    "repository": repository,
    "timestamp": instant,
    "weekday": weekday,
    "time of day": time_of_day(DAY - 1),
    "time of day, 24:00 included": time_of_day(DAY),
    "number": number,
    "whole number": count,
    "true or false": word(true=True, false=False),
    "list of names": names,
    "minutes": minutes,
    "seconds": seconds,
    "date": day,
    "IANA time zone": zone,
    "long number": long_number,
    "text": any_text,
    "short text": short_text,
}

#: Kinds whose columns are told here once more; those of any other are its entry's, see test_mutations.py.
KINDS = {
    "polls": [
        Column("store_id", key),
        Column("status", word(active=1, inactive=0, unknown=2)),
        Column("timestamp_utc", instant, in_past=True),
    ],
    "hours": [
        Column("store_id", key),
        Column("day", weekday, ("dayOfWeek",)),
        Column("start_time_local", time_of_day(DAY - 1)),
        Column("end_time_local", time_of_day(DAY)),
        Column("valid_from", day, required=False),
        Column("valid_to", day, required=False),
    ],
    "timezones": [
        Column("store_id", key),
        Column("timezone_str", zone),
        Column("valid_from", day, required=False),
    ],
    "pull_requests": [
        Column("repo", key),
        Column("number", number),
        Column("team", key, required=False),
        Column("author", key, required=False),
        Column("created_at", instant, in_past=True),
        *(
            Column(name, instant, required=False, in_past=True)
            for name in (
                *("first_commit_at", "ready_at", "first_review_at", "approved_at", "merged_at", "closed_at"),
                "ci_finished_at",
            )
        ),
        Column("is_draft", word(true=True, false=False), required=False),
        Column("draft_seconds", seconds, required=False),
        Column("author_is_bot", word(true=True, false=False), required=False),
        Column("labels", names, required=False),
        Column("additions", count, required=False),
        Column("deletions", count, required=False),
        Column("changed_files", count, required=False),
        Column("head_sha", key, required=False),
        Column("changes_requested_at", instant, required=False, in_past=True),
        Column("reverts", number, required=False),
        Column("merge_sha", key, required=False),
        Column("author_id", long_number, required=False),
    ],
    "review_times": [
        Column("review_time", seconds, may_be_empty=True),
        Column("merge_time", seconds, may_be_empty=True),
        Column("date", day, may_be_empty=True),
        Column("team", key, may_be_empty=True),
    ],
    "orders": [
        Column("order", key),
        Column("due", instant, ("due_at",), required=False),
        Column("size", word(small=1, large=2), required=False),
    ],
}
