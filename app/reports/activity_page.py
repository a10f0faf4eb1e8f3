"""report.html: the report on activity as one page that needs no network and no script."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from app.files.artifact import Artifact
from app.flow.activity import MonthState
from app.flow.install_classes import CI_KEPT_FROM, InstallClass
from app.reports.activity_periods import shown_periods
from app.reports.activity_summary import ActivityFigures, ActivityPeriod, ActivitySummary
from app.reports.page import NO_FIGURE, PAGE, embedded, write_html
from app.series.activity import UncountedDays

#: Gaps that the page lists; `openhours activity gaps` shows more.
MOST_GAPS: Final = 50

#: What each chart shows, for who cannot see it, by the stem of its file; the tables have the figures.
_SHOWS: Final = {
    "timeline": "Chart: counts of each period; the first table has the figures",
    "ci_share": "Chart: the share of CI in each period, a lower bound; the first table has the figures",
}

_STATES: Final = {
    MonthState.COMPLETE: "complete",
    MonthState.PARTIAL: "partial",
    MonthState.NO_DATA: "nobody counted",
    MonthState.BEFORE_FIRST: "before the first count",
}

_CLASSES: Final = {
    InstallClass.PERSON: "person",
    InstallClass.UNKNOWN_CI: "unknown CI",
    InstallClass.CI: "CI",
    InstallClass.MIRROR: "mirror",
    InstallClass.OTHER: "other",
}

_UNCOUNTED: Final = (
    "A 0 is a counted zero, a dash means not counted. The number of a partial period is too low; it shows no drop.",
    "Days are in UTC.",
)

_RULES: Final = {
    "installs": (
        *_UNCOUNTED,
        "Downloads are not users: compare the installs of a project over time; they are no number of users.",
        "Installs are the sum of the classes person and unknown CI.",
        "The share of CI is a lower bound, because most installers do not report whether they run in CI.",
        f"Before {CI_KEPT_FROM:} the sources did not record CI.",
        "Counts of different sources are never added up: all counts of a project come from one source.",
    ),
    "commits": (*_UNCOUNTED, "The instant that `dated_by` names determines the day of a commit."),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the page says beside the figures of the summary.

    Attributes:
        parameters: as they ran, by name.
        gaps: days of which a source told nothing; one more than MOST_GAPS if there are more.
        pictures: PNG files of the charts.
    """

    parameters: Mapping[str, Any]
    gaps: Sequence[UncountedDays] = ()
    pictures: Sequence[Path] = ()


def write_page(folder: Path, summary: ActivitySummary, facts: Facts) -> Artifact:
    """The page: sums by period, the most active, and the gaps."""
    rules = _RULES[summary.metric]
    return write_html(
        folder / PAGE,
        Path(__file__).parent / "page.html.jinja",
        rows=summary.subjects,
        parameters=facts.parameters,
        filters={},
        title=f"{summary.metric.capitalize()} of {summary.subjects:,} {_subjects(summary)}",
        subtitle=f"{summary.first} to {summary.last}, days in UTC; as of {summary.as_of:%Y-%m-%d %H:%M} UTC",
        figures=list(_headline(summary)),
        warnings=[],
        charts=embedded(facts.pictures, _SHOWS),
        tables=[table for table in _tables(summary, facts) if table["rows"]],
        rules=rules,
    )


def _subjects(summary: ActivitySummary) -> str:
    one, many = ("project", "projects") if summary.metric == "installs" else ("repository", "repositories")
    return one if summary.subjects == 1 else many


def _headline(summary: ActivitySummary) -> Iterator[tuple[str, str]]:
    names = [summary.metric, *_class_heads(summary)]
    yield from zip(names, _figures(summary, summary.figures), strict=True)
    yield "counted", f"{summary.subjects_counted:,} of {summary.subjects:,}"


def _tables(summary: ActivitySummary, facts: Facts) -> Iterator[dict[str, Any]]:
    heads = [summary.metric, *_class_heads(summary)]
    yield _table(
        "All of them by period",
        "period",
        ["known", "counted", *heads],
        [_period(summary, one) for one in shown_periods(summary)],
    )
    shown = summary.most_active
    chosen = f"The {len(shown)} most active of {summary.subjects_counted:,}"
    yield _table(
        chosen if summary.subjects_counted > len(shown) else "Most active first",
        "project" if summary.metric == "installs" else "repository",
        ["source", "complete periods", *heads] if summary.metric == "installs" else ["complete periods", *heads],
        [
            _row(
                one.key,
                *([one.source or NO_FIGURE] if summary.metric == "installs" else []),
                f"{one.periods_complete:,}",
                *_figures(summary, one.figures),
            )
            for one in shown
        ],
    )
    gaps = facts.gaps[:MOST_GAPS]
    is_cut = f", the first {len(gaps)}; openhours activity gaps shows more" if len(facts.gaps) > len(gaps) else ""
    yield _table(
        f"Gaps: days without counts between counted days{is_cut}",
        "project",
        ["source", "first day", "last day", "days"],
        [_row(one.project or "(all)", one.source, str(one.first), str(one.last), f"{one.days:,}") for one in gaps],
    )


def _class_heads(summary: ActivitySummary) -> list[str]:
    return [*_CLASSES.values(), "share of CI at least"] if summary.metric == "installs" else []


def _period(summary: ActivitySummary, of: ActivityPeriod) -> dict[str, Any]:
    counted = f"{of.subjects_counted:,} of {summary.subjects:,}"
    return _row(of.period, _STATES[of.state], counted, *_figures(summary, of.figures))


def _figures(summary: ActivitySummary, of: ActivityFigures | None) -> list[str]:
    """What is below the heads: the number, of installs also its classes and the share of CI."""
    length = 1 + len(_class_heads(summary))
    if of is None:
        return [NO_FIGURE] * length
    if of.classes is None:
        return [f"{of.value:,}"]
    share = NO_FIGURE if of.ci_share_at_least is None else f"{100 * of.ci_share_at_least:.2f} %"
    return [f"{of.value:,}", *(f"{of.classes[one.value]:,}" for one in _CLASSES), share]


def _table(heading: str, of: str, heads: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"heading": heading, "of": of, "heads": heads, "rows": rows}


def _row(name: str, *figures: str) -> dict[str, Any]:
    return {"name": name, "key": "", "figures": figures}
