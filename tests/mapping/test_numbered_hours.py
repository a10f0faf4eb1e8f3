"""Hours in which numbers stand for weekdays or for minutes of the week, which begins with Sunday."""

import pytest

from app.mapping.numbered_hours import windows_of
from app.mapping.unmappable import Unmappable


@pytest.mark.parametrize(
    ("text", "form", "windows"),
    [
        ("2:9:00:17:00", "numbered_days", [("0", "09:00:00", "17:00:00")]),
        (
            "1:10:00:14:00, 7:09:00:12:00,7:13:00:17:30",
            "numbered_days",
            [("5", "09:00:00", "12:00:00"), ("5", "13:00:00", "17:30:00"), ("6", "10:00:00", "14:00:00")],
        ),
        ("3:9:00 AM:5:00 PM,4:closed", "numbered_days", [("1", "09:00:00", "17:00:00")]),
        ("6:00:00:00:00", "numbered_days", [("4", "00:00:00", "24:00:00")]),
        ("7:22:00:2:00", "numbered_days", [("5", "22:00:00", "02:00:00")]),
        ("1980-2460", "minutes_of_week", [("0", "09:00:00", "17:00:00")]),
        ("8280-8700", "minutes_of_week", [("4", "18:00:00", "24:00:00"), ("5", "00:00:00", "01:00:00")]),
        ("8640-10080", "minutes_of_week", [("5", "00:00:00", "24:00:00")]),
    ],
)
def test_each_number_is_a_day_from_sunday(text: str, form: str, windows: list[tuple[str, str, str]]) -> None:
    assert windows_of(text, form) == windows


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("8:9:00:17:00", "numbered_days"),
        ("2:9:00", "numbered_days"),
        ("2:9:00 AM:5:00", "numbered_days"),
        ("1:closed,2:closed", "numbered_days"),
        ("", "numbered_days"),
        ("2460-1980", "minutes_of_week"),
        ("0-10081", "minutes_of_week"),
        ("9-", "minutes_of_week"),
    ],
)
def test_others_are_refused(text: str, form: str) -> None:
    with pytest.raises(Unmappable):
        windows_of(text, form)
