"""Times of day, weekdays, opening hours and numbers as people write them."""

from collections.abc import Iterable

import pytest

from app.mapping.times import days, opening_hours, time_of_day
from app.mapping.translation import number
from app.mapping.unmappable import Unmappable


@pytest.mark.parametrize(
    ("text", "form", "clock"),
    [
        *(("9:00 AM", "12h", "09:00:00"), ("12 am", "12h", "00:00:00"), ("5pm", "12h", "17:00:00")),
        *(("0930", "24h", "09:30:00"), ("9", "24h", "09:00:00"), ("26:30", "24h", "02:30:00")),
        *(("24:00", "24h", "24:00:00"), ("09:00:00.000", "24h", "09:00:00")),
        *(("0.375", "fraction", "09:00:00"), ("0.708333333", "fraction", "17:00:00")),
        *(("18.00 Uhr", "24h", "18:00:00"), ("9h", "24h", "09:00:00"), ("9 h 30", "24h", "09:30:00")),
        *(("T09:00", "24h", "09:00:00"), ("noon", "12h", "12:00:00"), ("midnight", "24h", "00:00:00")),
        *(("540", "minutes", "09:00:00"), ("61200", "seconds", "17:00:00"), ("86400000", "milliseconds", "24:00:00")),
        *(("5:30 p.m.", "12h", "17:30:00"), ("5p", "12h", "17:00:00"), ("9:0", "24h", "09:00:00")),
    ],
)
def test_a_time_of_day_is_read(text: str, form: str, clock: str) -> None:
    assert time_of_day(text, form) == clock


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("9", "12h"),
        ("13 PM", "12h"),
        ("49:00", "24h"),
        ("9:60", "24h"),
        ("9:5", "24h"),
        ("9:00", "minutes"),
        ("99999999", "seconds"),
        ("9 17", "24h"),
        ("2", "fraction"),
        ("x", "24h"),
    ],
)
def test_what_is_no_time_of_day_is_refused(text: str, form: str) -> None:
    with pytest.raises(Unmappable):
        time_of_day(text, form)


@pytest.mark.parametrize(
    ("text", "language", "weekdays"),
    [
        *(
            ("Monday", "en", [0]),
            ("Mon-Fri", "en", [0, 1, 2, 3, 4]),
            ("Sa, Su", "en", [5, 6]),
            ("Fr-Mo", "en", [4, 5, 6, 0]),
        ),
        *(
            ("Mondays", "en", [0]),
            ("Weds", "en", [2]),
            ("daily", "en", [0, 1, 2, 3, 4, 5, 6]),
            ("weekends", "en", [5, 6]),
        ),
        *(("https://schema.org/Monday", "en", [0]), ("segunda-feira", "pt", [0]), ("Terça", "pt", [1])),
        *(("Friday to Sunday", "en", [4, 5, 6]), ("Sonnabend", "de", [5]), ("weekends", "en", [5, 6])),
        *(("Dienstag", "de", [1]), ("Mo.-Mi.", "de", [0, 1, 2]), ("lundi", "fr", [0]), ("土曜日", "ja", [5])),
    ],
)
def test_weekdays_are_read_in_any_language(text: str, language: str, weekdays: list[int]) -> None:
    assert days(text, language) == weekdays


def test_later_rules_of_opening_hours_replace_earlier_ones() -> None:
    found = opening_hours("Mo-Su 08:00-20:00; Tu off; We 10:00-12:00, 14:00-02:00", "en")
    all_day = [(str(day), "08:00:00", "20:00:00") for day in (3, 4, 5, 6)]
    assert found == [
        ("0", "08:00:00", "20:00:00"),
        ("2", "10:00:00", "12:00:00"),
        ("2", "14:00:00", "02:00:00"),
        *all_day,
    ]
    assert len(opening_hours("24/7", "en")) == 7


def on(days: Iterable[int], *spans: tuple[str, str]) -> list[tuple[str, str, str]]:
    return [(str(day), f"{start}:00", f"{end}:00") for day in days for start, end in spans]


@pytest.mark.parametrize(
    ("text", "language", "windows"),
    [
        ("Open 24 hours", "en", on(range(7), ("00:00", "24:00"))),
        ("always open", "en", on(range(7), ("00:00", "24:00"))),
        ("Monday - Friday: 9am - 5pm", "en", on(range(5), ("09:00", "17:00"))),
        ("Mon\u2013Fri 9a\u20135p; Sat 24h", "en", [*on(range(5), ("09:00", "17:00")), *on([5], ("00:00", "24:00"))]),
        ("Sat noon-5pm", "en", on([5], ("12:00", "17:00"))),
        ("Fri 10am-midnight", "en", on([4], ("10:00", "00:00"))),
        (
            "weekdays 9:00-17:00; weekends 10-16",
            "en",
            [*on(range(5), ("09:00", "17:00")), *on([5, 6], ("10:00", "16:00"))],
        ),
        ("Mo-Fr 8-12/13-18", "en", on(range(5), ("08:00", "12:00"), ("13:00", "18:00"))),
        ("Mon: Closed; Tue 9-17", "en", on([1], ("09:00", "17:00"))),
        ("Mo.-Fr.: 8-12 und 13-18 Uhr", "de", on(range(5), ("08:00", "12:00"), ("13:00", "18:00"))),
        ("Mo-Fr 8.00 Uhr bis 18.00 Uhr; Sa Ruhetag", "de", on(range(5), ("08:00", "18:00"))),
        ("lundi 9h-12h30 et 14h-18h", "fr", on([0], ("09:00", "12:30"), ("14:00", "18:00"))),
        ("lun-ven 9h00 à 17h30; dimanche fermé", "fr", on(range(5), ("09:00", "17:30"))),
        ("22:00-2:00", "en", on(range(7), ("22:00", "02:00"))),
    ],
)
def test_opening_hours_are_read_as_people_write_them(
    text: str, language: str, windows: list[tuple[str, str, str]]
) -> None:
    assert opening_hours(text, language) == windows


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Mon 9-5", "has '9-5', which may end in the morning or the evening; write 09:00-17:00"),
        ("9:30-5:00", "which may end in the morning or the evening; write 09:30-17:00"),
        ("Mo-Sa 8-10pm", "has '8-10pm', of which one time has AM or PM; write it with both"),
        (
            "Mo-Fr 08:00-17:00; PH off",
            "has 'PH off', which is not weekly: leave it out, and load holidays as a calendar",
        ),
        ("closed", "is closed on all days; without a row such a store counts as always open: remove it"),
    ],
)
def test_hours_that_can_be_read_in_two_ways_are_told_apart(text: str, told: str) -> None:
    with pytest.raises(Unmappable) as caught:
        opening_hours(text, "en")
    assert told in str(caught.value)


def test_a_closed_day_has_no_row() -> None:
    with pytest.raises(Unmappable, match="a closed day has no row: leave the row out with where"):
        time_of_day("Closed", "24h")


@pytest.mark.parametrize("text", ["PH off", "Jan-Mar Mo 09:00-17:00", "Mo", "", "Mo 9-", "week 1 Mo 09:00-17:00"])
def test_hours_that_are_not_weekly_are_refused(text: str) -> None:
    with pytest.raises(Unmappable) as caught:
        opening_hours(text, "en")
    assert caught.value.code == "bad_hours"


@pytest.mark.parametrize(
    ("text", "form", "plain"),
    [
        ("1.234,50", "1.234,5", "1234.5"),
        ("1,234", "1,234.5", "1234"),
        ("42.0", "1234.5", "42"),
        ("-7", "1.234,5", "-7"),
    ],
)
def test_a_number_is_read_as_it_is_written(text: str, form: str, plain: str) -> None:
    assert number(text, form) == plain


@pytest.mark.parametrize(
    ("text", "form"), [("1.23,4", "1.234,5"), ("1,234", "1234.5"), ("x", "1,234.5"), ("1.5", "1.234,5")]
)
def test_a_number_of_another_writing_is_refused(text: str, form: str) -> None:
    with pytest.raises(Unmappable):
        number(text, form)
