"""Time to first review of groups of pull requests: median and 90th percentile, working beside elapsed time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt

from app.charts.colours import PAPER, TEAM_COLOURS, TEAMS
from app.charts.measure import HOUR_SECONDS, Measure
from app.charts.rows import LEFT, name_rows, row_y
from app.charts.scale import time_x
from app.charts.style import SMALL_TEXT_SIZE, Chart, Frame, Layers, counted, printable, shortened
from app.charts.teams import NAME_COLUMNS

ROW_HEIGHT: Final = 50

#: Space for the figures behind each row, pixels.
RIGHT: Final = 226

#: The two lines of a row: what it is called, where it lies in its row, what it is measured in, its colour.
_LINES: Final = (
    ("working", 0.32, Measure.WORKING, TEAM_COLOURS[0]),
    ("elapsed", 0.68, Measure.ELAPSED, TEAM_COLOURS[5]),
)

#: The axis ends so much later than the longest line, so that its mark is whole.
BEYOND: Final = 1.1

#: Half the height of the mark at the 90th percentile, share of the row.
_CAP: Final = 0.11


@dataclass(frozen=True, slots=True)
class Waits:
    """How long the pull requests of a group waited for their first review.

    Attributes:
        name: of the group.
        reviewed, waiting: how many were reviewed, and how many still wait.
        working, elapsed: median and 90th percentile of those that were reviewed, seconds; None without any.
    """

    name: str
    reviewed: int
    waiting: int
    working: tuple[float, float] | None
    elapsed: tuple[float, float] | None


def first_reviews(groups: Sequence[Waits], *, noun: str, about: Sequence[str] = ()) -> Chart:
    """Two lines for each group from the median to the 90th percentile; a group without a review has none.

    Args:
        groups: in the order of the rows, of which the first TEAMS are drawn; at least one was reviewed.
        noun: what a group is, in the singular.
        about: lines below the title.
    """
    shown = groups[:TEAMS]
    lines = [line for row, group in enumerate(shown) for line in _lines(row, group)]
    frame = Frame(height=ROW_HEIGHT * len(shown), left=LEFT, right=RIGHT, below=52)
    longest = max((line["end"] for line in lines), default=0.0) * BEYOND or float(HOUR_SECONDS)
    title = "time to first review, hours of each clock"
    x, end = (time_x(Measure.WORKING, longest, frame.width, title=title, field=field) for field in ("seconds", "end"))
    y = row_y(len(shown))
    told = [alt.Tooltip(f"{name}:N") for name in ("group", "clock", "median", "p90", "reviewed")]
    look = {"color": alt.Color("colour:N", scale=None), "tooltip": told}
    layers = Layers()
    name_rows(layers, [_name(group) for group in shown], middle=0.5)
    layers.add(
        layers.over(lines)
        .mark_rule(strokeWidth=3, strokeCap="butt", opacity=0.55)
        .encode(x=x, x2=alt.X2("end:Q"), y=y, **look),
        layers.over(lines)
        .mark_rule(strokeWidth=3)
        .encode(x=end, y=row_y(len(shown), "top"), y2=alt.Y2("bottom:Q"), **look),
        layers.over(lines).mark_circle(size=90, opacity=1, stroke=PAPER, strokeWidth=1.5).encode(x=x, y=y, **look),
    )
    texts = [{"text": line["text"], "y": line["y"]} for line in lines]
    texts += [{"text": "no review yet", "y": row + 0.5} for row, group in enumerate(shown) if group.working is None]
    layers.write(texts, frame.width + 12, y, align="left", fontSize=SMALL_TEXT_SIZE)
    subtitle = [
        "Dot: the median; mark at the end of the line: 90 % were reviewed within that time",
        "Upper line: working time of the team; lower line: elapsed time. Drafts count from when they were ready",
        *about,
        f"the {TEAMS} {noun}s with the most pull requests, of {len(groups):,}" if len(groups) > TEAMS else "",
    ]
    spec = layers.finish(frame, title=f"Time to first review per {noun}", subtitle=subtitle)
    return Chart(spec, sum(group.reviewed for group in shown))


def _name(group: Waits) -> tuple[str, str]:
    waiting = f", {group.waiting:,} still wait" if group.waiting else ""
    return shortened(group.name, NAME_COLUMNS), f"{group.reviewed:,} reviewed{waiting}"


def _lines(row: int, group: Waits) -> list[dict[str, Any]]:
    """What is drawn of a group."""
    found = []
    for (clock, place, measure, colour), times in zip(_LINES, (group.working, group.elapsed), strict=True):
        if times is not None:
            median, p90 = (measure.label(seconds) for seconds in times)
            found.append(
                {"seconds": times[0], "end": times[1], "y": row + place, "colour": colour}
                | {"top": row + place - _CAP, "bottom": row + place + _CAP, "group": printable(group.name)}
                | {"clock": clock, "median": median, "p90": p90, "reviewed": counted(group.reviewed, "pull request")}
                | {"text": f"{clock}: {median}, 90 % in {p90}"}
            )
    return found
