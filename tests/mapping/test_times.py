"""Times of day, weekdays, opening hours and numbers as people write them."""

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
    ],
)
def test_a_time_of_day_is_read(text: str, form: str, clock: str) -> None:
    assert time_of_day(text, form) == clock


@pytest.mark.parametrize(
    ("text", "form"), [("9", "12h"), ("13 PM", "12h"), ("49:00", "24h"), ("9:60", "24h"), ("2", "fraction")]
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
