"""Colours that people tell apart, and lines that they see."""

import numpy as np
import pytest

from app.charts.availability import availability_charts
from app.charts.colours import NO_TEAM_COLOUR, OTHERS_COLOUR, PAPER, TEAM_COLOURS, TEAMS, outline
from app.charts.durations import Durations, Measure, duration_charts
from app.charts.style import STATES
from tests.charts.drawings import drawn
from tests.charts.test_availability import week

#: How linear RGB looks to people who lack one kind of cone: Machado, Oliveira and Fernandes 2009, severity 1.
VISIONS = {
    "usual": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}


def linear(colours: list[str]) -> np.ndarray:
    """Linear sRGB of ``#rrggbb``, 0 … 1."""
    values = np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in colours]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(light: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear sRGB, white D65."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = light @ np.array(to_xyz).T / [0.9505, 1, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


@pytest.mark.parametrize("vision", VISIONS.values(), ids=VISIONS.keys())
def test_colours_stay_apart_however_one_sees(vision: list[list[float]]) -> None:
    colours = [*TEAM_COLOURS, NO_TEAM_COLOUR, OTHERS_COLOUR, PAPER]
    seen = lab(np.clip(linear(colours) @ np.array(vision).T, 0, 1))
    distance = np.linalg.norm(seen[:, None] - seen, axis=2) + 100 * np.eye(len(colours))
    assert len(TEAM_COLOURS) == TEAMS
    assert distance.min() > 12  # a difference of 2.3 is just noticeable


def contrast(one: str, other: str) -> float:
    """Of WCAG 2.2: (lighter + 0.05) / (darker + 0.05), with the weights of sRGB."""
    darker, lighter = sorted((linear([one, other]) @ [0.2126, 0.7152, 0.0722]).tolist())
    return (lighter + 0.05) / (darker + 0.05)


def test_the_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)
    assert contrast("#fdd288", PAPER) == pytest.approx(1.42, abs=0.005)


@pytest.mark.parametrize("colour", [*TEAM_COLOURS, NO_TEAM_COLOUR, OTHERS_COLOUR, PAPER])
def test_every_outline_stands_out_from_the_paper(colour: str) -> None:
    assert contrast(outline(colour), PAPER) >= 3
    assert (outline(colour) == colour) is (contrast(colour, PAPER) >= 3)
    assert contrast(outline(colour), PAPER) < max(3.2, contrast(colour, PAPER) + 0.01)


def test_states_that_are_open_are_outlined_on_the_paper() -> None:
    assert all(contrast(state.outline, PAPER) >= 3 for state in STATES if state.name != "closed")
    lines = {
        mark.look["stroke"] for mark in drawn(availability_charts(week(["a", "b", "c"]))["open_time_per_day"], "rect")
    }
    assert lines == {state.outline for state in STATES[:3]}


def test_what_is_drawn_of_a_pale_team_has_a_line_that_stands_out() -> None:
    names = [f"team {number:02}" for number in range(12)]
    team = np.repeat(np.arange(12), 6)
    times = np.tile([60.0, 120, 240, 480, 960, 1920], 12)
    few = np.arange(72) % 6 < np.where(team % 2, 3, 6)
    observed = Durations(names, team, times, times).only(few)
    charts = duration_charts(observed, ordinary=np.ones(few.sum(), bool), measure=Measure.SAMPLE)
    for name, kinds in (
        ("review_time_per_team", ("area", "symbol")),
        ("pull_requests_per_team", ("arc",)),
        ("mean_times_per_team", ("rect",)),
    ):
        marks = [mark for kind in kinds for mark in drawn(charts[name], kind) if mark.look["fill"] in TEAM_COLOURS]
        assert {mark.look["fill"] for mark in marks} == set(TEAM_COLOURS), name
        for mark in marks:
            assert contrast(mark.look["stroke"], PAPER) >= 3
            assert mark.look["strokeWidth"] >= 1
            assert mark.look.get("opacity", 1) == mark.look.get("strokeOpacity", 1) == 1
