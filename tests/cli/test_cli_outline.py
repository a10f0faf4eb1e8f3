"""A summary as a table on a terminal: it fits, and names stand as they are."""

import pytest
from rich.cells import cell_len

from app.commands import outline
from app.reports.kind import Outline

LONG = "Payments, subscriptions and everything else that costs money"
WIDE = "支付团队" * 20


def shown(capsys: pytest.CaptureFixture[str], *names: str, cells: int = 6, cell: str = "59.9 min") -> list[str]:
    columns = ("team", "count", *["coding\ntime"] * cells)
    outline.show(Outline(columns, [(name, "1,234", *[cell] * cells) for name in names], ["A note."]))
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("name", [LONG, WIDE, "x" * 255])
def test_a_long_name_is_cut_so_that_a_line_fits(capsys: pytest.CaptureFixture[str], name: str) -> None:
    *_, line, note = shown(capsys, "Core", name)
    assert max(cell_len(line) for line in (line, note)) <= 80
    assert cell_len(line) >= 79
    assert line.startswith(name[:5])
    assert "…" in line
    assert line.endswith("1,234" + "  59.9 min" * 6)


def test_a_name_that_fits_is_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    *_, line, note = shown(capsys, LONG, cells=1)
    assert line == f"{LONG}  1,234  59.9 min"
    assert note == "A note."


def test_figures_are_never_cut(capsys: pytest.CaptureFixture[str]) -> None:
    *_, line, _ = shown(capsys, LONG, cell="876,000.0 h")
    assert line == "Payment…  1,234" + "  876,000.0 h" * 6


@pytest.mark.parametrize("name", ["back\\", "[red]x[/]", "\\[b]", ":100:"])
def test_a_name_stands_as_it_is(capsys: pytest.CaptureFixture[str], name: str) -> None:
    *_, line, _ = shown(capsys, name, cells=1)
    assert line == f"{name:<4}  1,234  59.9 min"  # as wide as "team"
