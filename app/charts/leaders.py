"""Labels around a pie: places where they do not overlap, and the lines that lead to them."""

import math
from collections.abc import Sequence
from statistics import fmean
from typing import Any, Final

#: Of the pie, of the bend in the line from a slice to its label, and of the circle on which labels begin, pixels.
#: Labels may crowd around a bend by thirteen before a line of theirs would cross the pie.
RADIUS: Final = 120
BEND_RADIUS: Final = 138
LABEL_RADIUS: Final = 162

#: Least distance of two labels, pixels.
LABEL_DISTANCE: Final = 17

#: Space above the highest label and below the lowest, pixels.
MARGIN: Final = 12

Row = dict[str, Any]


def spread(rows: list[Row]) -> tuple[float, float]:
    """Give each label its place beside its slice, ``x`` and ``y`` from the centre, so that no two overlap.

    Labels of each side keep the order of their slices. Returns where the drawing begins and ends, from the centre.
    """
    places: list[float] = [-RADIUS, RADIUS]
    for right in (True, False):
        side = [(row, point(LABEL_RADIUS, _middle(row))) for row in rows]
        side = [(row, wanted) for row, wanted in side if (wanted[0] >= 0) is right]
        side.sort(key=lambda one: one[1][1])
        for (row, _), place in zip(side, _apart([wanted[1] for _, wanted in side]), strict=True):
            # On the circle where the label may stay there, beside it where it was pushed away.
            across = math.sqrt(max(LABEL_RADIUS**2 - place**2, 0.0))
            row |= {"x": max(across, 40.0) * (1 if right else -1), "y": place}
            places.append(place)
    return min(places) - MARGIN, max(places) + MARGIN


def _apart(wanted: Sequence[float]) -> list[float]:
    """Places LABEL_DISTANCE apart, as near to the ascending ones wanted as they can be, by least squares.

    Labels that would overlap share the mean of their wishes: the pool-adjacent-violators algorithm.
    """
    pools: list[list[float]] = []
    for number, place in enumerate(wanted):
        pools.append([place - number * LABEL_DISTANCE])
        while len(pools) > 1 and fmean(pools[-2]) > fmean(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    return [fmean(pool) + number * LABEL_DISTANCE for number, pool in enumerate(p for p in pools for _ in p)]


def leader(row: Row, number: int) -> list[dict[str, float]]:
    """The line from the rim of a slice to its label, straight outwards first."""
    rim, bend = point(RADIUS, _middle(row)), point(BEND_RADIUS, _middle(row))
    label = (row["x"] - math.copysign(4, row["x"]), row["y"])
    return [{"x": x, "y": y, "slice": number, "point": corner} for corner, (x, y) in enumerate((rim, bend, label))]


def _middle(row: Row) -> float:
    middle: float = (row["begin"] + row["end"]) / 2
    return middle


def point(radius: float, angle: float) -> tuple[float, float]:
    """From the centre, rightwards and downwards."""
    return radius * math.sin(angle), -radius * math.cos(angle)
