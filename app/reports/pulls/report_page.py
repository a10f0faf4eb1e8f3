"""report.html: the report on pull requests as one page that needs no network and no script."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from app.charts.measure import Measure
from app.files.artifact import Artifact
from app.flow.clocks import Clock
from app.flow.course import AGE
from app.flow.group_summary import GroupFigures
from app.flow.open_ones import WAITING_FOR, Open
from app.flow.summary import FlowSummary
from app.reports.page import NO_FIGURE, PAGE, embedded, write_html
from app.wording.warnings import in_a_line

#: Groups and open pull requests that the page lists; groups.csv and open.csv have them all.
MOST_GROUPS: Final = 100
MOST_OPEN: Final = 50

_CLOCKS: Final[Mapping[Clock, tuple[Measure, str]]] = {
    "working": (Measure.WORKING, "working hours of each team"),
    "wall": (Measure.ELAPSED, "elapsed time"),
}

#: The phases in their order, and what they are called.
_PHASES: Final = {
    "coding_time": "coding, to the creation",
    "draft_time": "draft, to ready",
    "pickup_time": "pickup, to the first review",
    "review_time": "review, to the approval",
    "merge_time": "merge, from the approval",
    "cycle_time": "cycle, to the merge",
    "closed_unmerged": "closed, never merged",
}

#: Columns of groups: numbers of pull requests, and medians.
_GROUP_HEADS: Final = (
    *("all", "first review", "reviewed", "incl. waiting", "waiting"),
    *("review", "merge", "cycle", "merged", "no review", "no CI"),
)

_WAITS_FOR: Final = {-1: "draft", **dict(enumerate(WAITING_FOR))}

#: What each chart shows, for who cannot see it, by the stem of its file; the tables have the figures.
_SHOWS: Final = {
    "first_review_per_group": "Chart: time to first review of each group, median and 90th percentile, by both clocks",
    "first_review_by_week": "Chart: time to first review by week, median and 90th percentile",
    "who_waits_when": "Chart: number of waiting pull requests by state, weekday and hour of their team's clock",
}

_RULES: Final = (
    "Drafts do not wait: pickup starts when the pull request is ready. If it was reviewed as a draft, pickup is 0.",
    "The first review is the earliest review or approval by somebody other than the author before the end.",
    "The approval that counts is the last one before the merge.",
    "A phase without a known start and end has no time; n is the number of those that have one, as used for medians.",
    "Including those still waiting: median time to first review, by the Kaplan-Meier estimate.",
    "Waiting pull requests count with the time waited so far; a dash means that less than half have been reviewed.",
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the page says beside the figures of the summary.

    Attributes:
        parameters: as they ran, by name.
        open: the open ones, the oldest first, and the names of repositories by id.
        pictures: PNG files of the charts.
    """

    parameters: Mapping[str, Any]
    open: Open
    repos: Mapping[int, str]
    pictures: Sequence[Path] = ()


def write_page(folder: Path, summary: FlowSummary, facts: Facts) -> Artifact:
    """The page of a summary that is not of a sample."""
    if summary.whole is None or summary.selected is None or summary.clock is None or summary.open_now is None:
        raise ValueError("a sample of review times has no page")
    measure, clock = _CLOCKS[summary.clock]
    whole = summary.whole
    return write_html(
        folder / PAGE,
        Path(__file__).parent / "report.html.jinja",
        rows=whole.count,
        parameters=facts.parameters,
        filters={},
        title=_counted(whole.count),
        subtitle=_subtitle(summary, clock),
        figures=list(_headline(summary, measure)),
        warnings=[in_a_line(asdict(one)) for one in summary.warnings],
        charts=embedded(facts.pictures, _SHOWS),
        tables=[table for table in _tables(summary, facts, measure) if table["rows"]],
        rules=[f"Times are {clock}.", *_RULES, _bots(summary.selected.bots_left_out)],
    )


def _subtitle(summary: FlowSummary, clock: str) -> str:
    selected = summary.selected
    state = "" if selected is None or selected.state is None else f"; only those that are {selected.state}"
    first, last = (
        None if text is None else text[:10] for text in (summary.date_interval.begin, summary.date_interval.end)
    )
    when = "none was created" if first is None else f"created {first} to {last}"
    return f"{when}; as of {summary.as_of:%Y-%m-%d %H:%M} UTC; times are {clock}{state}"


def _headline(summary: FlowSummary, measure: Measure) -> Iterator[tuple[str, str]]:
    whole, now = summary.whole, summary.open_now
    if whole is None or now is None:
        return
    yield "first review, median", _time(whole.first_review.median, measure)
    yield "including those that wait", _time(whole.first_review.kaplan_meier_median, measure)
    if whole.previous is not None:
        yield "first review before", _time(whole.previous.medians.get("pickup_time"), measure)
    yield "merge cycle, median", _time(whole.phases["cycle_time"].median, measure)
    yield "without review", _share(whole.without_review, whole.count)
    yield "open now", f"{now.count:,}"
    for what, many in now.waiting_for.items():
        yield f"wait for {what if what == 'changes' else 'the ' + what}", f"{many:,}"


def _tables(summary: FlowSummary, facts: Facts, measure: Measure) -> Iterator[dict[str, Any]]:
    whole, selected = summary.whole, summary.selected
    if whole is None or selected is None:
        return
    yield _table("Phases of all of them", "phase", ("n", "median", "75 %", "90 %"), list(_phases(whole, measure)))
    groups = sorted(summary.groups, key=lambda one: -one.count)[:MOST_GROUPS]
    shown = [one for one in summary.groups if one in groups]
    many = f": the {len(shown)} with the most of {len(summary.groups):,}" if len(summary.groups) > len(shown) else ""
    compared = ("first review before", "cycle before") if any(one.previous for one in shown) else ()
    yield _table(
        f"By {selected.by}{many}",
        "group",
        (*_GROUP_HEADS, *compared),
        [_group(one, measure, is_compared=bool(compared)) for one in shown],
    )
    total = len(facts.open)
    oldest = f": the {MOST_OPEN} oldest of {total:,}" if total > MOST_OPEN else ""
    yield _table(
        f"Open now{oldest}", "open", ("waits for", "age, working", "age, elapsed", "team", "author"), list(_open(facts))
    )


def _table(heading: str, of: str, heads: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"heading": heading, "of": of, "heads": heads, "rows": rows}


def _phases(whole: GroupFigures, measure: Measure) -> Iterator[dict[str, Any]]:
    for phase, name in _PHASES.items():
        of = whole.phases[phase]
        yield _row(name, f"{of.n:,}", *(_time(seconds, measure) for seconds in (of.median, of.p75, of.p90)))


def _group(of: GroupFigures, measure: Measure, *, is_compared: bool) -> dict[str, Any]:
    review, cycle = of.first_review, of.phases["cycle_time"]
    before: tuple[str, ...] = ()
    if is_compared:
        medians = {} if of.previous is None else of.previous.medians
        before = tuple(_time(medians.get(phase), measure) for phase in ("pickup_time", "cycle_time"))
    return _row(
        "none" if of.group is None else of.group,
        *(f"{of.count:,}", _time(review.median, measure), f"{review.reviewed:,}"),
        *(_time(review.kaplan_meier_median, measure), f"{review.still_waiting:,}"),
        *(_time(of.phases[phase].median, measure) for phase in ("review_time", "merge_time")),
        *(_time(cycle.median, measure), f"{cycle.n:,}"),
        *(f"{of.without_review:,}", f"{of.without_ci:,}", *before),
    )


def _open(facts: Facts) -> Iterator[dict[str, Any]]:
    course = facts.open.course
    ages = {clock: course.seconds[clock][AGE] for clock in _CLOCKS}
    for at in range(min(len(facts.open), MOST_OPEN)):
        team = int(course.team[at])
        yield _row(
            f"{facts.repos[int(course.pulls.repo_id[at])]} #{int(course.pulls.number[at])}",
            _WAITS_FOR[int(facts.open.waiting_for[at])],
            *(_time(float(ages[clock][at]), measure) for clock, (measure, _) in _CLOCKS.items()),
            NO_FIGURE if team < 0 else course.teams.names[team],
            course.pulls.author[at] or NO_FIGURE,
        )


def _row(name: str, *figures: str) -> dict[str, Any]:
    return {"name": name, "key": "", "figures": figures}


def _time(seconds: float | None, measure: Measure) -> str:
    return NO_FIGURE if seconds is None or np.isnan(seconds) else measure.label(seconds)


def _share(part: int, whole: int) -> str:
    return f"{part:,}" if not whole else f"{part:,} ({100 * part / whole:.0f} %)"


def _counted(number: int) -> str:
    return f"{number:,} pull request{'' if number == 1 else 's'}"


def _bots(left_out: int) -> str:
    if not left_out:
        return "No pull requests by bots were left out."
    return f"Left out because bots wrote them: {_counted(left_out)}."
