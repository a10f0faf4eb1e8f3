"""report.html: the uptime report as one page that needs no network and no script, to read, print and mail."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from pathlib import Path
from typing import Any, Final

from app.files.artifact import Artifact
from app.reports.exact_uptime import Outage
from app.reports.page import NO_FIGURE, PAGE, embedded, write_html
from app.reports.uptime_summary import LISTED, Comparison, StoreTotals, Totals, UptimeSummary, totals
from app.timeline import Micros
from app.wording.warnings import in_a_line

_RULES: Final = {
    "hourly": (
        "Only the time in which a store is open counts, in its own time zone.",
        "The polls of each UTC hour decide its status by majority; a tie counts as down.",
    ),
    "exact": (
        "Only the time in which a store is open counts, in its own time zone.",
        "Each poll is valid until the next one, but no longer than the longest gap of its store.",
        "Open time without a valid poll is unknown.",
    ),
}

_AVAILABILITY: Final = (
    "Availability is up / (up + down). It is at least up / open, if all unknown time was down, and at most (up + "
    "unknown) / open, if all unknown time was up."
)


#: What each chart shows, for who cannot see it, by the stem of its file; the tables have the figures.
_SHOWS: Final = {
    "availability": "Chart: number of stores by availability in the week",
    "open_time_per_day": "Chart: open time of all stores by UTC day, divided into up, down and unknown",
    "trend": "Chart: availability of all stores by period, between its bounds; the first table has the figures",
    "worst_stores": "Chart: the stores with the lowest availability; the table of stores has their figures",
}

#: Columns of every table, and further ones: of a report with compare_to, and of one with a target.
_HEADS: Final = ("availability", "at least", "at most", "up", "down", "unknown")
_COMPARED: Final = ("before", "change, points")
_BUDGET: Final = ("budget left",)

#: Columns of the table of outages.
_OUTAGE_HEADS: Final = ("open time", "began, UTC", "ended, UTC")


@dataclass(frozen=True, slots=True)
class Facts:
    """What the page says beside the figures of the summary.

    Attributes:
        subtitle: which time the report is of.
        parameters: as they ran, by name.
        stores: those to list, worst first.
        pictures: PNG files of the charts.
        outages: the longest ones, longest first.
        outages_of_all: how many there are.
        names: of their stores, by key.
        groups: open time of each group of stores, up, down and unknown, int64[3], microseconds.
    """

    subtitle: str
    parameters: Mapping[str, Any]
    stores: Sequence[StoreTotals]
    pictures: Sequence[Path] = ()
    outages: Sequence[Outage] = ()
    outages_of_all: int = 0
    names: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, Micros] = field(default_factory=dict)


def write_page(folder: Path, summary: UptimeSummary, facts: Facts) -> Artifact:
    """The page: the totals and periods of the summary, the worst stores, the charts that there are."""
    return write_html(
        folder / PAGE,
        Path(__file__).parent / "report.html.jinja",
        rows=summary.stores,
        parameters=facts.parameters,
        filters={"shares": _shares},
        title=f"Uptime of {summary.stores:,} store{'' if summary.stores == 1 else 's'}",
        subtitle=facts.subtitle,
        figures=_headline(summary),
        total=_parts(summary.totals),
        warnings=[in_a_line(one.model_dump()) for one in summary.warnings],
        charts=embedded(facts.pictures, _SHOWS),
        tables=[table for table in _tables(summary, facts) if table["rows"]],
        rules=[*_RULES[summary.accounting], *_filling(facts.parameters), _AVAILABILITY],
    )


def _tables(summary: UptimeSummary, facts: Facts) -> Iterator[dict[str, Any]]:
    compared = _COMPARED if summary.comparison else ()
    yield _table("All stores by period", "period", (*_HEADS, *compared), _periods(summary))
    yield _table(
        f"{_chosen(LISTED, len(facts.groups), 'groups')}, worst first",
        "group",
        _HEADS,
        list(_groups(facts.groups)),
    )
    budget = _BUDGET if summary.error_budgets else ()
    yield _table(
        f"{_chosen(len(facts.stores), summary.stores, 'stores')}, worst first",
        "store",
        (*_HEADS, *budget),
        list(_stores(summary, facts.stores)),
    )
    longest = f"The {len(facts.outages)} longest of {facts.outages_of_all:,} outages; all are in outages.csv"
    yield _table(
        longest if facts.outages_of_all > len(facts.outages) else "Outages, longest first",
        "store",
        _OUTAGE_HEADS,
        list(_outages(facts)),
        has_bars=False,
    )


def _table(
    heading: str, of: str, heads: Sequence[str], rows: Sequence[Mapping[str, Any]], *, has_bars: bool = True
) -> dict[str, Any]:
    return {"heading": heading, "of": of, "heads": heads, "rows": rows, "has_bars": has_bars}


def _chosen(shown: int, of: int, noun: str) -> str:
    return f"The {shown} with the lowest availability, of {of:,} {noun}" if of > shown else noun.capitalize()


def _headline(summary: UptimeSummary) -> list[tuple[str, str]]:
    share, low, high, *parts = _figures(summary.totals)
    figures = [("availability", share), ("at least … at most", f"{low} … {high}")]
    figures += zip(("up", "down", "unknown"), parts, strict=True)
    if summary.comparison and len(summary.comparison) == 1:
        figures += zip(("availability before", "change, points"), _compared(*summary.comparison.values()), strict=True)
    if summary.target_percent is not None:
        figures.append((f"stores below {summary.target_percent:g} %", f"{summary.stores_below_target:,}"))
    return figures


def _periods(summary: UptimeSummary) -> list[dict[str, Any]]:
    """Of each period; none where one is all of the time."""
    if len(summary.periods) < 2:
        return []
    more = {label: _compared(one) for label, one in (summary.comparison or {}).items()}
    return [
        {
            "name": label.replace("_", " "),
            "key": "",
            "figures": [*_figures(of), *more.get(label, ())],
            "parts": _parts(of),
        }
        for label, of in summary.periods.items()
    ]


def _stores(summary: UptimeSummary, listed: Sequence[StoreTotals]) -> Iterator[dict[str, Any]]:
    budgets = {one.store_id: f"{one.left_hours:,.2f} h" for one in summary.error_budgets or ()}
    for store in listed:
        name, key = (store.store_id, "") if store.name is None else (store.name, store.store_id)
        more = [budgets.get(store.store_id, NO_FIGURE)] if budgets else []
        yield {"name": name, "key": key, "figures": [*_figures(store), *more], "parts": _parts(store)}


def _groups(groups: Mapping[str, Micros]) -> Iterator[dict[str, Any]]:
    """Those of lowest availability, then those without one."""

    def rank(one: tuple[str, Totals]) -> tuple[bool, float, str]:
        name, of = one
        share = of.availability_percent
        return (True, 0.0, name) if share is None else (False, share, name)

    for name, of in nsmallest(LISTED, ((name, totals(times)) for name, times in groups.items()), key=rank):
        yield {"name": name, "key": "", "figures": _figures(of), "parts": _parts(of)}


def _outages(facts: Facts) -> Iterator[dict[str, Any]]:
    for one in facts.outages:
        name = facts.names.get(one.store_id)
        ended = "goes on" if one.ended_at is None else f"{one.ended_at:%Y-%m-%d %H:%M:%S}"
        yield {
            "name": one.store_id if name is None else name,
            "key": "" if name is None else one.store_id,
            "figures": [f"{one.open_minutes:,.2f} min", f"{one.began_at:%Y-%m-%d %H:%M:%S}", ended],
        }


def _figures(of: Totals) -> list[str]:
    """What is below _HEADS."""
    shares = (of.availability_percent, of.availability_low_percent, of.availability_high_percent)
    return [*map(_percent, shares), *(f"{hours:,.2f} h" for hours in _parts(of))]


def _compared(of: Comparison) -> list[str]:
    change = of.availability_change_points
    return [_percent(of.availability_before_percent), NO_FIGURE if change is None else f"{change:+.4f}"]


def _parts(of: Totals) -> tuple[float, float, float]:
    return of.uptime_hours, of.downtime_hours, of.unknown_hours


def _filling(parameters: Mapping[str, Any]) -> list[str]:
    """What hourly accounting does with hours without polls, and exact accounting with short outages."""
    if parameters.get("accounting") == "exact":
        least = parameters.get("min_outage_minutes")
        return [f"Outages of less than {least} minutes of open time count as up."] if least else []
    most = parameters.get("max_fill_hours")
    end = "" if most is None else f", for at most {most:,} hours; then it is unknown"
    return [f"An hour without polls gets the status of the last hour with polls{end}."]


def _shares(parts: tuple[float, float, float]) -> list[tuple[str, str]]:
    """Each part's name and its share of them all, percent."""
    whole = sum(parts)
    names = ("up", "down", "unknown")
    return [(name, f"{100 * part / whole if whole else 0:.3f}") for name, part in zip(names, parts, strict=True)]


def _percent(share: float | None) -> str:
    return NO_FIGURE if share is None else f"{share:.4f} %"
