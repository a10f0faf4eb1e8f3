"""How figures of metrics are written for people."""

from typing import Final

from app.reports.outline import UNITS

#: What stands where there is no figure.
NONE: Final = "–"  # noqa: RUF001 - a dash


def shown(value: float | None, unit: str) -> str:
    """A figure: a duration in the unit of its size, a percentage, or a plain number."""
    if value is None:
        return NONE
    if unit == "seconds":
        name, size = next((name, size) for name, size, limit in UNITS if round(value / size, 1) < limit)
        return f"{value / size:,.1f} {name}"
    if unit == "percent":
        return f"{value:.1f} %"
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"
