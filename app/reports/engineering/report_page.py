"""report.html: the engineering report as one page that needs no network and no script."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from app.files.artifact import Artifact
from app.metrics.figures import FEW
from app.metrics.outcome import State
from app.reports.engineering.shown import shown
from app.reports.engineering.summary import (
    EngineeringSummary,
    GroupMetric,
    MetricFigure,
    MetricSummary,
    PillarSummary,
    not_read,
    not_shown,
)
from app.reports.page import NO_FIGURE, PAGE, embedded, write_html

#: Groups that the tables of pillars have side by side, and repositories that the page names as not read.
MOST_GROUPS: Final = 6
MOST_NAMED: Final = 20

_STATES: Final = {State.COMPLETE: "", State.PARTIAL: "not everything was read", State.RUNNING: "not over"}


def write_page(
    folder: Path, summary: EngineeringSummary, parameters: Mapping[str, Any], pictures: Sequence[Path]
) -> Artifact:
    """The page: each pillar with its metrics, its groups, its definitions, and what was not read."""
    metrics = sum(len(pillar.metrics) for pillar in summary.pillars)
    shows = {str(pillar.pillar): f"Chart: {pillar.title} by {summary.each}" for pillar in summary.pillars}
    return write_html(
        folder / PAGE,
        Path(__file__).parent.parent / "page.html.jinja",
        rows=metrics,
        parameters=parameters,
        filters={},
        title="Engineering report",
        subtitle=f"{summary.first} to {summary.last}; as of {summary.as_of:%Y-%m-%d %H:%M} UTC",
        figures=[(pillar.title, f"{len(pillar.metrics):,} metrics") for pillar in summary.pillars],
        warnings=not_read(summary, most=MOST_NAMED),
        charts=embedded(pictures, shows),
        tables=[table for pillar in summary.pillars for table in _tables(summary, pillar) if table["rows"]],
        rules=list(_rules(summary)),
    )


def _tables(summary: EngineeringSummary, pillar: PillarSummary) -> Iterator[dict[str, Any]]:
    rows = [
        _row(metric.title, one.part or "", [*_cells(metric, one), _note(one)])
        for metric in pillar.metrics
        for one in metric.whole
    ]
    heads = ["value", "p75", "p90", "n", ""]
    yield {"heading": pillar.title, "of": "metric", "heads": heads, "rows": rows}
    plain = [metric for metric in pillar.metrics if all(one.part is None for one in metric.groups)]
    by_group = {metric.metric: {one.group: one for one in metric.groups} for metric in plain}
    rows_of: Counter[str | None] = Counter()
    for of in by_group.values():
        rows_of.update({name: one.n for name, one in of.items()})
    largest = {name for name, _ in rows_of.most_common(MOST_GROUPS)}
    names = sorted(largest, key=lambda name: (name is None, name or ""))
    chosen = f", the {MOST_GROUPS} of {len(rows_of):,} with the most rows" if len(rows_of) > MOST_GROUPS else ""
    yield {
        "heading": f"{pillar.title} by {summary.by}{chosen}",
        "of": "metric",
        "heads": [name or f"(no {summary.by})" for name in names],
        "rows": [
            _row(metric.title, "", [_figure(metric, by_group[metric.metric].get(name)) for name in names])
            for metric in plain
            if by_group[metric.metric]
        ],
    }


def _row(name: str, key: str, figures: Sequence[str]) -> dict[str, Any]:
    return {"name": name, "key": key, "figures": figures}


def _cells(metric: MetricSummary, one: MetricFigure) -> list[str]:
    quantiles = [NO_FIGURE if of is None else shown(of, metric.unit) for of in (one.p75, one.p90)]
    return [shown(one.value, metric.unit), *quantiles, f"{one.n:,}"]


def _figure(metric: MetricSummary, one: GroupMetric | None) -> str:
    if one is None or one.value is None:
        return NO_FIGURE
    return shown(one.value, metric.unit) + ("*" if one.few else "")


def _note(one: MetricFigure) -> str:
    if one.withheld:
        return "too few people"
    notes = ["few values" if one.few else "", _STATES[one.state]]
    return "; ".join(note for note in notes if note)


def _rules(summary: EngineeringSummary) -> Iterator[str]:
    yield f"n is the number of values in a figure; a * marks fewer than {FEW} values. No figure names a person."
    yield "If a source has not read everything, numbers are too low, and a missing number does not mean zero."
    yield from not_shown(summary)
    for pillar in summary.pillars:
        for metric in pillar.metrics:
            yield f"{metric.title}: {metric.summary} {metric.caveat}".strip()
