"""report.html: the uptime report as one page that needs no network and no script, to read, print and mail."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from pathlib import Path
from typing import Any, Final

import pyarrow.csv as arrow_csv
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.files.artifact import Artifact

#: Stores that the page lists; of more the ones of lowest availability.
MOST_ROWS: Final = 100

#: Columns of uptime.csv that the page is made of: hours up, down and unknown.
COLUMNS: Final = ("uptime_last_week", "downtime_last_week", "unknown_last_week")

_RULES: Final = {
    "hourly": (
        "Only the time counts in which a store is open, on the clock of its own zone.",
        "The polls of each UTC hour vote on all of it; a tie is down.",
        "An hour without polls has the status of the last one that has.",
    ),
    "exact": (
        "Only the time counts in which a store is open, on the clock of its own zone.",
        "Each poll holds until the next one, but no longer than the longest gap of its store.",
        "Open time for which no poll holds is unknown.",
    ),
}

_AVAILABILITY: Final = (
    "Availability is up / (up + down). It is at least up / open, if all that is unknown was down, and at most "
    "(up + unknown) / open, if all of it was up."
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the page says beside the figures.

    Attributes:
        subtitle: which time the report is of.
        accounting: hourly or exact.
        parameters: as they ran, by name.
        warnings: sentences.
    """

    subtitle: str
    accounting: str
    parameters: Mapping[str, Any]
    warnings: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Store:
    name: str
    up: float
    down: float
    unknown: float

    @property
    def rank(self) -> tuple[float, float, str]:
        """Ascending from the worst; who has no availability comes last."""
        known = self.up + self.down
        return (self.up / known if known else 2.0, -self.down, self.name)

    def row(self) -> dict[str, Any]:
        whole = self.up + self.down + self.unknown
        return {
            "name": self.name,
            "share": _percent(self.up, self.up + self.down),
            "low": _percent(self.up, whole),
            "high": _percent(self.up + self.unknown, whole),
            **{part: f"{getattr(self, part):,.2f} h" for part in ("up", "down", "unknown")},
            "parts": (self.up, self.down, self.unknown),
        }


def write_page(files: Sequence[Artifact], facts: Facts) -> Artifact:
    """The page beside its files: the sums of uptime.csv, its worst stores, and the charts that there are."""
    table = files[0]
    total, worst = _Store("", 0, 0, 0), list[_Store]()
    for stores in _blocks(table.path):
        up, down, unknown = (sum(getattr(one, part) for one in stores) for part in ("up", "down", "unknown"))
        total = _Store("", total.up + up, total.down + down, total.unknown + unknown)
        worst = nsmallest(MOST_ROWS, [*worst, *stores], key=lambda one: one.rank)
    row = total.row()
    listed = (
        "Stores" if table.rows <= MOST_ROWS else f"The {MOST_ROWS} of lowest availability, of {table.rows:,} stores"
    )
    page = _template().render(
        title=f"Uptime of {table.rows:,} store{'' if table.rows == 1 else 's'}",
        subtitle=facts.subtitle,
        figures=[
            ("availability", row["share"]),
            ("at least … at most", f"{row['low']} … {row['high']}"),
            *((part, row[part]) for part in ("up", "down", "unknown")),
        ],
        total=row["parts"],
        warnings=facts.warnings,
        charts=[
            {"name": file.path.stem.replace("_", " "), "data": base64.b64encode(file.path.read_bytes()).decode()}
            for file in files
            if file.media_type == "image/png"
        ],
        heading=f"{listed}, worst first",
        rows=[one.row() for one in worst],
        rules=[*_RULES[facts.accounting], _AVAILABILITY],
        parameters=[(name, _shown(value)) for name, value in facts.parameters.items()],
    )
    path = table.path.with_name("report.html")
    path.write_text(page, encoding="utf-8")
    return Artifact(path, "text/html", rows=table.rows)


def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["shares"] = _shares
    return environment.get_template("report.html.jinja")


def _blocks(path: Path) -> Iterator[list[_Store]]:
    options = arrow_csv.ConvertOptions(
        include_columns=["store_id", *COLUMNS], column_types={"store_id": "string", **dict.fromkeys(COLUMNS, "double")}
    )
    with arrow_csv.open_csv(path, convert_options=options) as blocks:
        for block in blocks:
            yield [_Store(*row) for row in zip(*(column.to_pylist() for column in block.columns), strict=True)]


def _shares(parts: tuple[float, float, float]) -> list[tuple[str, str]]:
    """Each part's name and its share of them all, percent."""
    whole = sum(parts)
    names = ("up", "down", "unknown")
    return [(name, f"{100 * part / whole if whole else 0:.3f}") for name, part in zip(names, parts, strict=True)]


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.4f} %" if whole else "–"  # noqa: RUF001 - a dash, as tables have it


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "not set" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
