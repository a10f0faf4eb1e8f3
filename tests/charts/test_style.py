"""Names that fit, and shares that do not promise too much."""

import numpy as np
import pytest

from app.charts.style import (
    NO_TEAM_COLOUR,
    OTHERS_COLOUR,
    PAPER,
    TEAM_COLOURS,
    TEAMS,
    counted,
    percent,
    printable,
    shortened,
)

#: How linear RGB looks to people who lack one kind of cone: Machado, Oliveira and Fernandes 2009, severity 1.
VISIONS = {
    "usual": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}


def lab(linear: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear sRGB, white D65."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = linear @ np.array(to_xyz).T / [0.9505, 1, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


@pytest.mark.parametrize("vision", VISIONS.values(), ids=VISIONS.keys())
def test_colours_stay_apart_however_one_sees(vision: list[list[float]]) -> None:
    colours = [*TEAM_COLOURS, NO_TEAM_COLOUR, OTHERS_COLOUR, PAPER]
    values = np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in colours]) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    seen = lab(np.clip(linear @ np.array(vision).T, 0, 1))
    distance = np.linalg.norm(seen[:, None] - seen, axis=2) + 100 * np.eye(len(colours))
    assert len(TEAM_COLOURS) == TEAMS
    assert distance.min() > 12  # a difference of 2.3 is just noticeable


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


@pytest.mark.parametrize(("share", "text"), [(1.0, "100.0 %"), (0.9999, "99.9 %"), (0.0, "0.0 %"), (0.579, "57.9 %")])
def test_only_what_is_whole_is_a_hundred_percent(share: float, text: str) -> None:
    assert percent(share) == text


def test_one_is_not_many() -> None:
    assert [counted(1, "team"), counted(0, "team"), counted(2000, "team")] == ["1 team", "0 teams", "2,000 teams"]
