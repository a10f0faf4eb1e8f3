"""Names that fit, and shares that do not promise too much."""

import pytest

from app.charts.style import counted, counted_of, percent, printable, shortened


def test_a_name_that_fits_stays_as_it_is() -> None:
    assert shortened("Application", 11) == "Application"


@pytest.mark.parametrize(("columns", "short"), [(7, "App…ion"), (6, "App…on"), (3, "A…n")])
def test_a_long_name_loses_its_middle(columns: int, short: str) -> None:
    assert shortened("Application", columns) == short


def test_wide_letters_take_two_columns() -> None:
    assert shortened("日本語チーム", 12) == "日本語チーム"
    assert shortened("日本語チーム", 9) == "日本…ーム"


def test_a_name_keeps_no_letter_that_breaks_a_drawing() -> None:
    assert printable("a\nb\x07c\u202ed") == "a b c d"


@pytest.mark.parametrize(
    ("share", "text"),
    [(1.0, "100.00 %"), (0.99999, "99.99 %"), (0.9996, "99.96 %"), (0.0, "0.00 %"), (0.5796, "57.96 %")],
)
def test_only_what_is_whole_is_a_hundred_percent(share: float, text: str) -> None:
    assert percent(share) == text


def test_one_is_not_many() -> None:
    assert [counted(1, "team"), counted(0, "team"), counted(2000, "team")] == ["1 team", "0 teams", "2,000 teams"]


def test_some_are_told_of_how_many() -> None:
    assert counted_of(96, 1280, "pull request") == "96 of 1,280 pull requests"
    assert [counted_of(2, 2, "team"), counted_of(0, 1, "team")] == ["2 teams", "0 of 1 team"]
