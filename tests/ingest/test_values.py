"""Text of a field to a value, or a reason that a person understands."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from app.ingest import values
from app.ingest.rejects import shown
from tests.engine import micros

NOON = micros(datetime(2023, 1, 22, 12, tzinfo=UTC))
SECOND = 1_000_000
HOUR = 3600 * SECOND


def reason(parse: Callable[[str], Any], text: str) -> str:
    with pytest.raises(ValueError, match=r"^(is|has|begins) ") as caught:
        parse(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2023-01-22 12:00:00 UTC", NOON),
        ("2023-01-22 12:00:00.388884 UTC", NOON + 388_884),
        ("2023-01-22 12:00:00.5 UTC", NOON + 500_000),
        ("2023-01-22T12:00:00Z", NOON),
        ("2023-01-22T12:00Z", NOON),
        ("2023-01-22 12:00:00.000001Z", NOON + 1),
        ("2023-01-22T13:00:00+01:00", NOON),
        ("2023-01-22T17:45:00+0545", NOON),
        ("2023-01-21T21:00:00-15:00", NOON),
        ("20230122T120000Z", NOON),
        ("2023-01-22T12:00:00.9999999Z", NOON + 999_999),
        ("1970-01-01 00:00:00 UTC", 0),
        ("1970-01-01T01:00:00+01:00", 0),
        ("2099-12-31T23:30:00Z", 4_102_443_000_000_000),
        ("2100-01-01T00:30:00+01:00", 4_102_443_000_000_000),
        ("2100-01-01T00:00:00Z", 4_102_444_800_000_000),
    ],
)
def test_an_instant_is_read_with_its_zone(text: str, instant: int) -> None:
    assert values.instant(text) == instant


@pytest.mark.parametrize("text", ["2023-01-22 12:09:39.388884", "2023-01-22T12:09:39", "20230122T120939"])
def test_an_instant_without_a_zone_is_ambiguous(text: str) -> None:
    assert reason(values.instant, text) == "is ambiguous: it has neither UTC, Z nor an offset such as +01:00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " UTC",
        "yesterday",
        "1674389379",
        "22/01/2023 12:00:00 UTC",
        "2023-01-22",
        "2023-01-22 UTC",
        "2023-02-29 12:00:00 UTC",
        "2023-01-22 24:00:00 UTC",
        "2023-01-22 12:60:00 UTC",
        "2023-01-22 12:00:60 UTC",
        "2023-01-22 12:00:00 CET",
        "2023-01-22 12:00:00 UTC ",
        "2023-01-22 12:00:00 UTC UTC",
        "2023-01-22T12:00:00Z UTC",
        "2023-01-22T12:00:00+01:00 UTC",
        "2023-01-22T12:00:00+24:00",
        "2023-01-22x12:00:00Z",
        "2023-01-22112:00:00Z",
        "2023-01-22T12:00:00Z\n",
        "\uff12023-01-22T12:00:00Z",
    ],
)
def test_what_is_no_instant_is_told_with_an_example(text: str) -> None:
    assert reason(values.instant, text) == (
        "is not a timestamp such as 2023-01-22 12:09:39.388884 UTC or 2023-01-22T12:09:39+01:00"
    )


@pytest.mark.parametrize(
    "text",
    [
        "1969-12-31T23:59:59.999999Z",
        "1970-01-01T00:00:00+00:01",
        "2100-01-01T00:00:00.000001Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
    ],
)
def test_instants_of_another_age_are_mistakes(text: str) -> None:
    assert reason(values.instant, text) == "is not between 1970 and 2100"


def test_weekdays_are_the_digits_from_monday_to_sunday() -> None:
    assert [values.weekday(text) for text in "0123456"] == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("text", ["7", "-1", "", "01", "1.0", " 1", "Mon", "²", "٣"])
def test_other_weekdays_are_refused(text: str) -> None:
    assert reason(values.weekday, text) == "is not a weekday from 0 (Monday) to 6 (Sunday)"


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("00:00", 0),
        ("00:00:00", 0),
        ("9:30", 9 * HOUR + 1800 * SECOND),
        ("09:30:15", 9 * HOUR + 1815 * SECOND),
        ("23:59:59.999999", 24 * HOUR - 1),
        ("12:00:00.5", 12 * HOUR + 500_000),
    ],
)
def test_times_of_day_are_microseconds_after_midnight(text: str, time: int) -> None:
    assert values.opening_time(text) == values.closing_time(text) == time


@pytest.mark.parametrize(
    "text",
    [
        "",
        "9",
        "0900",
        "25:00",
        "12:60",
        "12:00:60",
        "-1:00",
        "9:5",
        "9am",
        "09:00 ",
        "24:00:00.000001",
        "\u0660\u0669:00",
    ],
)
def test_what_is_no_time_of_day_is_refused_at_both_ends(text: str) -> None:
    assert reason(values.opening_time, text) == (
        "is not a time of day such as 09:00 or 09:00:00, from 00:00 to 23:59:59"
    )
    assert reason(values.closing_time, text) == "is not a time of day such as 17:00 or 17:00:00, from 00:00 to 24:00"


def test_a_day_ends_at_24_but_does_not_begin_there() -> None:
    assert values.closing_time("24:00") == values.closing_time("24:00:00") == 24 * HOUR
    assert "from 00:00 to 23:59:59" in reason(values.opening_time, "24:00")


@pytest.mark.parametrize(
    ("text", "seconds"), [("715", 715.0), ("-0", 0.0), ("2e3", 2000.0), (".5", 0.5), ("3153600000", 3_153_600_000.0)]
)
def test_a_duration_is_a_number_of_seconds(text: str, seconds: float) -> None:
    assert values.duration(text) == seconds


@pytest.mark.parametrize("text", ["3153600000.001", "1e10", "1e308", "1e400", "1e12345"])
def test_nothing_takes_longer_than_a_hundred_years(text: str) -> None:
    assert reason(values.duration, text) == "is more than 100 years, 3,153,600,000 seconds"


def test_zones_are_spelt_as_the_database_spells_them() -> None:
    assert [values.zone(name) for name in ("America/Chicago", "Asia/Kathmandu", "UTC")] == [
        "America/Chicago",
        "Asia/Kathmandu",
        "UTC",
    ]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("america/chicago", "America/Chicago"),
        ("AMERICA/CHICAGO", "America/Chicago"),
        ("utc", "UTC"),
        ("America/Chigaco", "America/Chicago"),
        ("Asia/Katmandoo", "Asia/Katmandu"),
        (" America/Chicago", "America/Chicago"),
        ("posix/America/Chicago", "America/Chicago"),
    ],
)
def test_a_misspelt_zone_is_told_with_the_one_that_was_meant(text: str, meant: str) -> None:
    assert reason(values.zone, text) == (
        f"is not a zone of the IANA time zone database such as America/Chicago; did you mean {meant}?"
    )


@pytest.mark.parametrize("text", ["", "../../etc/passwd", "/etc/localtime", "localtime", "tzdata", "+25:00", "x" * 400])
def test_what_is_like_no_zone_is_told_without_a_guess(text: str) -> None:
    assert reason(values.zone, text) == "is not a zone of the IANA time zone database such as America/Chicago"


@pytest.mark.parametrize("text", ["007", "NULL", "NA", "1e5", "nan", "True", "a b", "Café 7", "店", "x" * 255])
def test_a_key_is_any_text_that_can_be_seen(text: str) -> None:
    assert values.key(text) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        (" ", "begins or ends with a space"),
        ("1 ", "begins or ends with a space"),
        ("x" * 256, "is longer than 255 characters"),
        ("1\u200b", "has invisible characters"),
        ("\ufeff1", "has invisible characters"),
        ("1\u00a0", "has invisible characters"),
        ("a\tb", "has invisible characters"),
        ("a\nb", "has invisible characters"),
        ("a\0b", "has invisible characters"),
        ("\u202eabc", "has invisible characters"),
    ],
)
def test_other_keys_are_refused(text: str, why: str) -> None:
    assert reason(values.key, text) == why


@pytest.mark.parametrize(
    "character",
    [
        "\u200b",
        "\u200d",
        "\u200e",
        "\u202e",
        "\u2066",
        "\u2069",
        "\ufeff",
        "\u00ad",
        "\u2060",
        "\u034f",
        "\u3164",
        "\ufe0f",
    ],
)
def test_characters_of_which_nothing_is_seen_are_refused_and_shown_escaped(character: str) -> None:
    assert reason(values.key, f"1{character}2") == "has invisible characters"
    assert shown(f"1{character}2") == ascii(f"1{character}2")


def test_a_choice_is_spelt_exactly_so() -> None:
    parse = values.choice({"active": True, "inactive": False})
    assert parse("active") is True
    assert parse("inactive") is False
    for text in ("Active", "active ", "", "1", "closed"):
        assert reason(parse, text) == "is not one of active, inactive"


@pytest.mark.parametrize("text", ["1", "007", "9007199254740993", "9223372036854775807"])
def test_a_long_number_is_exact_up_to_eight_bytes(text: str) -> None:
    assert values.long_number(text) == int(text)


@pytest.mark.parametrize("text", ["", "0", "-1", "1.0", "1e3", "9223372036854775808", "1" * 30, "\u0663", " 1"])
def test_other_long_numbers_are_refused(text: str) -> None:
    assert reason(values.long_number, text) == "is not a whole number from 1 to 9,223,372,036,854,775,807"


@pytest.mark.parametrize("text", [" a ", "CI \U0001f6e0\ufe0f", "on: push\n\tjobs: {}\n", "x" * 300, "NULL"])
def test_a_text_is_kept_as_it_is(text: str) -> None:
    assert values.any_text(text) == text


def test_a_text_is_neither_empty_nor_has_it_a_nul() -> None:
    assert reason(values.any_text, "") == reason(values.short_text, "") == "is empty"
    assert reason(values.any_text, "a\0b") == reason(values.short_text, "\0") == "has invisible characters: NUL"


def test_a_short_text_has_a_limit() -> None:
    assert values.short_text("é" * 255) == "é" * 255
    assert reason(values.short_text, "é" * 256) == "is longer than 255 characters"


@pytest.mark.parametrize("text", ['["bug"', "[1]", "[null]", '["bug"] ui', "[[]]"])
def test_what_begins_like_a_list_of_names_is_one(text: str) -> None:
    assert reason(values.names, text) == (
        'is neither names such as bug;ui nor a JSON list of them such as ["bug", "ui"]'
    )
