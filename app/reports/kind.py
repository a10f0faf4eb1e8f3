"""What a report kind declares beside what every job kind does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel
from sqlalchemy import Connection

from app.jobs.kind import JobKind, Params
from app.series.poll_reading import PollSource
from app.settings import Settings

if TYPE_CHECKING:
    from app.charts.style import Chart

#: Name of the file with the summary of a report, which a route also returns.
SUMMARY: Final = "summary.json"


@dataclass(frozen=True, slots=True)
class Outline:
    """A summary as a table for people.

    Attributes:
        columns: their names; the first is that of what the rows are about.
        rows: texts, as many as columns.
        notes: remarks for the reader, one sentence each.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Measured:
    """The figure of a report that a target is for.

    Attributes:
        what: its name, as the beginning of a sentence.
        percent: its value; None: there is none, because nothing is known.
        target: that of the report; None: it has none.
        facts: more for people, pairs of a word and a value.
    """

    what: str
    percent: float | None
    target: float | None
    facts: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Drilldown:
    """What can be asked about one entity of a complete report.

    Attributes:
        model: of the answer.
        explain: the answer, of (where the polls are, settings, parameters as resolved, key). Raises UnknownEntity.
        chart: a picture of its days, or of the one day that is given; of the same. It imports app.charts itself.
    """

    model: type[BaseModel]
    explain: Callable[[PollSource, Settings, Any, str], BaseModel]
    chart: Callable[[PollSource, Settings, Any, str, date | None], "Chart"]


def _report_names(report_id: str, _: Mapping[str, Any]) -> dict[str, str]:
    return {"report_id": report_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportKind(JobKind):
    """A named computation; see registry.py. Every field of its ``params`` has a description and a default.

    A parameter that is a number also names its unit: ``Field(json_schema_extra={"unit": "hours"})``. ``documentation``,
    ``example`` and ``wrong`` are what the conformance tests and the page of reports are made of.

    Attributes:
        summary: one line for people.
        resolve: fixes at trigger time what the parameters leave to the data (such as the latest instant), and
            returns the parameters to run with and the instant of the report. Raises BadInput.
        findings: model of the file SUMMARY, for a kind that makes one.
        outline: such a summary for the command line.
        measured: the figure of such a summary that a target is for, for a kind that has one.
        drilldown: what can be asked about one entity, for a kind that can explain its figures.
        documentation: what the page of reports says, in Markdown: what the numbers mean, and which files there are.
        rules: name of a page below docs/ that has the exact rules and, under "Parameters", the parameters, for a kind
            that needs more than a few paragraphs.
        required: parameters without which it is refused, because no default would be anything but a guess.
        example: parameters of a quick report on the sample data, as a request gives them.
        wrong: one parameter with a value that is refused.
        words: for options of the command line that are no parameters: what each of their words stands for, as
            parameters.
        rules_version: to be raised when the same input comes to other figures; every manifest names it.
    """

    names: Callable[[str, Mapping[str, Any]], dict[str, str]] = _report_names
    summary: str
    resolve: Callable[[Connection, Any], tuple[Params, datetime]]
    findings: type[BaseModel] | None = None
    outline: Callable[[Any], Outline] | None = None
    measured: Callable[[Any], Measured] | None = None
    drilldown: Drilldown | None = None
    documentation: str = ""
    rules: str | None = None
    required: tuple[str, ...] = ()
    example: Mapping[str, Any] = field(default_factory=dict)
    wrong: Mapping[str, Any] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    rules_version: int = 1
