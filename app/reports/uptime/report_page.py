"""report.html: the uptime report as one page that needs no network and no script, to read, print and mail."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.files.artifact import Artifact
from app.reports.uptime_summary import StoreTotals, Totals, UptimeSummary
from app.wording.warnings import in_a_line

_RULES: Final = {
    "hourly": (
        "Only the time counts in which a store is open, on the clock of its own zone.",
        "The polls of each UTC hour vote on all of it; a tie is down.",
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
    """What the page says beside the figures of the summary.

    Attributes:
        subtitle: which time the report is of.
        parameters: as they ran, by name.
        stores: those to list, worst first.
        pictures: PNG files of the charts.
    """

    subtitle: str
    parameters: Mapping[str, Any]
    stores: Sequence[StoreTotals]
    pictures: Sequence[Path] = ()


def write_page(folder: Path, summary: UptimeSummary, facts: Facts) -> Artifact:
    """The page: the totals and periods of the summary, the worst stores, the charts that there are."""
    many = summary.stores > len(facts.stores)
    which = f"The {len(facts.stores)} of lowest availability, of {summary.stores:,} stores" if many else "Stores"
    page = _template().render(
        title=f"Uptime of {summary.stores:,} store{'' if summary.stores == 1 else 's'}",
        subtitle=facts.subtitle,
        figures=_headline(summary),
        total=_parts(summary.totals),
        warnings=[in_a_line(one.model_dump()) for one in summary.warnings],
        charts=[
            {"name": path.stem.replace("_", " "), "data": base64.b64encode(path.read_bytes()).decode()}
            for path in facts.pictures
        ],
        tables=[
            {"heading": heading, "of": of, "rows": rows}
            for heading, of, rows in (
                ("All stores by period", "period", _periods(summary)),
                (f"{which}, worst first", "store", [_store(one) for one in facts.stores]),
            )
            if rows
        ],
        rules=[*_RULES[summary.accounting], *_filling(facts.parameters), _AVAILABILITY],
        parameters=[(name, _shown(value)) for name, value in facts.parameters.items()],
    )
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    return Artifact(path, "text/html", rows=summary.stores)


def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["shares"] = _shares
    return environment.get_template("report.html.jinja")


def _headline(summary: UptimeSummary) -> list[tuple[str, str]]:
    row = _row(summary.totals)
    figures = [("availability", row["share"]), ("at least … at most", f"{row['low']} … {row['high']}")]
    figures += [(part, row[part]) for part in ("up", "down", "unknown")]
    if summary.target_percent is not None:
        figures.append((f"stores below {summary.target_percent:g} %", f"{summary.stores_below_target:,}"))
    return figures


def _periods(summary: UptimeSummary) -> list[dict[str, Any]]:
    """Of each period; none where one is all of the time."""
    if len(summary.periods) < 2:
        return []
    return [
        {"name": label.replace("_", " "), "key": "", **_row(of), "parts": _parts(of)}
        for label, of in summary.periods.items()
    ]


def _store(store: StoreTotals) -> dict[str, Any]:
    name, key = (store.store_id, "") if store.name is None else (store.name, store.store_id)
    return {"name": name, "key": key, **_row(store), "parts": _parts(store)}


def _row(of: Totals) -> dict[str, str]:
    return {
        "share": _percent(of.availability_percent),
        "low": _percent(of.availability_low_percent),
        "high": _percent(of.availability_high_percent),
        **{part: f"{hours:,.2f} h" for part, hours in zip(("up", "down", "unknown"), _parts(of), strict=True)},
    }


def _parts(of: Totals) -> tuple[float, float, float]:
    return of.uptime_hours, of.downtime_hours, of.unknown_hours


def _filling(parameters: Mapping[str, Any]) -> list[str]:
    """What hourly accounting does with hours without polls, and exact accounting with short outages."""
    if parameters.get("accounting") == "exact":
        least = parameters.get("min_outage_minutes")
        return [f"Outages of less than {least} minutes of open time count as up."] if least else []
    most = parameters.get("max_fill_hours")
    end = "" if most is None else f", for at most {most:,} hours; then it is unknown"
    return [f"An hour without polls has the status of the last one that has{end}."]


def _shares(parts: tuple[float, float, float]) -> list[tuple[str, str]]:
    """Each part's name and its share of them all, percent."""
    whole = sum(parts)
    names = ("up", "down", "unknown")
    return [(name, f"{100 * part / whole if whole else 0:.3f}") for name, part in zip(names, parts, strict=True)]


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.4f} %"  # noqa: RUF001 - a dash, as tables have it


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "not set" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
