"""The line above a chart that says what each state looks like."""

from collections.abc import Iterable
from typing import Final

from app.charts.style import STATES, Layers, fixed

#: Space that the line takes above the marks, pixels.
HEIGHT: Final = 30

#: Size of a sample, and from one to the next, pixels.
SAMPLE_WIDTH, SAMPLE_HEIGHT = 26, 14
DISTANCE: Final = 130


def add_legend(layers: Layers, states: Iterable[tuple[str, float]], *, above: float = 0) -> None:
    """Write the states in a line, each beside a sample.

    Args:
        layers: of the chart.
        states: what each is called here and how high it is, 0 … 1, in the order of STATES.
        above: space between the line and the marks, pixels.
    """
    for number, (state, (name, height)) in enumerate(zip(STATES, states, strict=False)):
        x, middle = number * DISTANCE, -above - HEIGHT / 2
        half = max(SAMPLE_HEIGHT * height, 1) / 2
        layers.add(
            layers.over([{}])
            .mark_rect(fill=state.colour, stroke=state.outline, strokeWidth=1)
            .encode(**fixed(x=x, x2=x + SAMPLE_WIDTH, y=middle - half, y2=middle + half))
        )
        layers.write([{"text": name}], x + SAMPLE_WIDTH + 8, middle, align="left")
