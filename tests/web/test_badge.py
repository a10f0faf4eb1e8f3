"""Badges: what they say, in numbers that fit, and that no name breaks out of one."""

from xml.etree import ElementTree as ET

import pytest

from app.entities.badge_svg import Badge, badge_svg, short_number


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.0k"),
        (12_345, "12.3k"),
        (99_940, "99.9k"),
        (99_960, "100k"),
        (999_499, "999k"),
        (999_600, "1.0M"),
        (9_355_317, "9.4M"),
        (12_345_678_901, "12.3G"),
        (999_600_000, "1.0G"),
    ],
)
def test_numbers_have_three_digits_at_most(number: int, shown: str) -> None:
    assert short_number(number) == shown


def test_a_hostile_name_stays_text() -> None:
    name = "\"/><script>alert(1)</script>\x00&'\ud800"
    root = ET.fromstring(badge_svg(Badge(name, name, name)))  # noqa: S314 - made here
    told = "\"/><script>alert(1)</script> &' "
    assert [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")] == [told, told]
    assert root.get("aria-label") == told
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))


def test_a_badge_asks_for_nothing_from_outside() -> None:
    drawn = badge_svg(Badge("installs", "5", "five"))
    assert "href" not in drawn
    assert drawn.count("http") == 1  # the name of SVG itself
