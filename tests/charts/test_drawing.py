"""Pictures that are drawn by a process of their own."""

import pytest

from app.charts.drawing import draw_apart
from app.charts.style import Chart


def test_a_process_that_cannot_draw_ends_nothing_but_itself() -> None:
    with pytest.raises(MemoryError, match="the process that draws ended with 1"):
        draw_apart(Chart({"mark": 7}, 0))
