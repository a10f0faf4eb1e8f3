"""Metrics: list definitions, view one, store a new version, remove one; the facts, and the rows that count."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from app.access.scopes import Scope
from app.metrics.facts.fact import Type
from app.metrics.grammar import GRAMMAR
from app.metrics.store import Definition
from app.routers.answers import NOT_FOUND, TOO_LARGE, UNAVAILABLE, UNPROCESSABLE
from app.routers.dates import LocalDate
from app.routers.dependencies import Metrics
from app.routers.malformed import require_known_query
from app.routers.needs import needs

router = APIRouter(tags=["metrics"], responses=UNAVAILABLE | UNPROCESSABLE, dependencies=[Depends(require_known_query)])

#: Most rows that one answer has: people look at them.
MOST_ROWS: Final = 200

#: Dates that the rows are of unless others are asked for.
_USUAL_DAYS: Final = 28

_Name = Annotated[str, Path(description="Name of a metric.", examples=["ci_success"])]
_Version = Annotated[int | None, Query(ge=0, le=2**31 - 1, description="Default: the latest one.")]


class MetricAnswer(BaseModel):
    """A definition that has a name."""

    name: str
    version: int = Field(description="Counted from 1; 0 is the shipped one.")
    pillar: str = Field(description="One of `pillars` in `GET /metrics-facts`.")
    title: str = Field(description="For people.")
    facts: str = Field(description="What it counts: one of `facts` in `GET /metrics-facts`.")
    document: dict[str, Any]
    created_at: datetime | None = Field(
        description="When this version was stored; null if it is shipped or was only checked."
    )


class MetricList(BaseModel):
    """The latest version of each metric, by name."""

    metrics: list[MetricAnswer]


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class FactColumnAnswer(BaseModel):
    """A column of facts."""

    name: str
    type: Type
    about: str = Field(description="What it is.")


class FactAnswer(BaseModel):
    """A table of facts."""

    name: str
    summary: str
    stream: str = Field(description="Streams of sources; a gap in one of them is a gap in these facts.")
    columns: list[FactColumnAnswer]


class OperatorAnswer(_Answer):
    """A comparison of conditions."""

    name: str
    values: list[Type] = Field(description="Types of columns that it can compare with a value.")
    columns: list[Type] = Field(description="Types of columns that it can compare with another column.")
    takes: str = Field(description="`value`, `values` for a list, or `state` for known and unknown.")


class ValueFormAnswer(_Answer):
    """A way to compute a figure."""

    name: str
    of: str = Field(description="`rows`, `number`, `quantity`, `condition`, `column`, or `values` for two of them.")
    types: list[Type] = Field(description="Type of the column; empty if it takes no column.")
    beside: list[str] = Field(description="Further keys that it accepts.")
    needs_window: bool = Field(description="Whether the metric needs `window_days`.")


class GrammarAnswer(BaseModel):
    """Everything that a definition may say."""

    facts: list[FactAnswer]
    pillars: dict[str, str] = Field(description="Title of each, by name.")
    groups: list[str]
    split_types: list[Type] = Field(description="Types of columns that `by` accepts.")
    operators: list[OperatorAnswer]
    connectives: list[str] = Field(description="Ways to combine conditions.")
    operations: list[str] = Field(description="Arithmetic operations.")
    clocks: list[str] = Field(description="Clocks that measure the time between two instants.")
    values: list[ValueFormAnswer]
    longest: int = Field(description="Maximum length of a definition, characters.")
    deepest: int = Field(description="Maximum nesting depth of conditions and calculations.")
    most_parts: int = Field(description="Maximum number of conditions and calculations in a definition.")


Told = bool | int | float | str | None


class CountedRowAnswer(BaseModel):
    """A row of facts that counts."""

    repo: str
    team: str | None = Field(description="Team that owns the row; null: none.")
    counts: bool = Field(description="Whether the row has a value; false: a column that the value needs is unknown.")
    values: list[Told] = Field(description="The row's numbers in the value: one, for a ratio two; 1 in a count.")
    facts: dict[str, Told] = Field(
        description="Values by column. Instants and days in ISO 8601. People have numbers that are valid only in this "
        "response, not names."
    )


class CountedRowsAnswer(BaseModel):
    """The rows that count, the newest first."""

    name: str
    version: int
    facts: str
    since: LocalDate
    until: LocalDate = Field(description="The first date that is not included.")
    as_of: datetime
    rows: list[CountedRowAnswer]
    more: bool = Field(description="Whether older rows are left out.")


@router.get("/metrics-definitions")
@needs(Scope.DATA_READ)
def list_metrics(metrics: Metrics) -> MetricList:
    """The latest version of each metric, by name."""
    return MetricList(metrics=[_answer(one) for one in metrics.list()])


@router.get("/metrics-facts")
@needs(Scope.DATA_READ)
def get_metric_facts() -> GrammarAnswer:
    """The tables of facts with their columns, and what definitions can use."""
    facts = [
        FactAnswer(
            name=fact.name,
            summary=fact.summary,
            stream=fact.stream,
            columns=[
                FactColumnAnswer(name=name, type=column.type, about=column.about)
                for name, column in fact.columns.items()
            ],
        )
        for fact in GRAMMAR.facts
    ]
    return GrammarAnswer(
        facts=facts,
        pillars={**GRAMMAR.pillars},
        groups=list(GRAMMAR.groups),
        split_types=list(GRAMMAR.split_types),
        operators=[OperatorAnswer.model_validate(one) for one in GRAMMAR.operators],
        connectives=list(GRAMMAR.connectives),
        operations=list(GRAMMAR.operations),
        clocks=list(GRAMMAR.clocks),
        values=[ValueFormAnswer.model_validate(one) for one in GRAMMAR.values],
        longest=GRAMMAR.longest,
        deepest=GRAMMAR.deepest,
        most_parts=GRAMMAR.most_parts,
    )


@router.get("/metrics-definitions/{name}", responses=NOT_FOUND)
@needs(Scope.DATA_READ)
def get_metric(metrics: Metrics, name: _Name, version: _Version = None) -> MetricAnswer:
    """A metric of this name."""
    return _answer(metrics.get(name, version))


@router.put("/metrics-definitions/{name}", responses=TOO_LARGE)
@needs(Scope.DATA_WRITE)
def put_metric(
    metrics: Metrics,
    name: _Name,
    document: Annotated[dict[str, Any], Body(description="The definition.")],
    *,
    dry_run: Annotated[
        bool, Query(description="Only check it and return the version number that it would get. Nothing is stored.")
    ] = False,
) -> MetricAnswer:
    """Store a definition as a new version; one that equals the latest version changes nothing."""
    return _answer(metrics.put(name, document, dry_run=dry_run))


@router.delete("/metrics-definitions/{name}", status_code=204, responses=NOT_FOUND)
@needs(Scope.DATA_WRITE)
def delete_metric(metrics: Metrics, name: _Name) -> Response:
    """Remove all stored versions of a metric; a shipped metric with this name then applies again."""
    metrics.remove(name)
    return Response(status_code=204)


@router.get("/metrics-definitions/{name}/rows", responses=NOT_FOUND)
@needs(Scope.DATA_READ)
def get_metric_rows(
    metrics: Metrics,
    name: _Name,
    *,
    team: Annotated[str | None, Query(description="Of this team alone.", examples=["Payments"])] = None,
    repo: Annotated[str | None, Query(description="Of this repository alone.", examples=["acme/shop"])] = None,
    since: Annotated[
        LocalDate | None,
        Query(description=f"First local date of each row's team. Default: {_USUAL_DAYS} days before `until`."),
    ] = None,
    until: Annotated[
        LocalDate | None,
        Query(
            description="First date that is not included. Default: the day after tomorrow in UTC, so that all rows "
            "count."
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS, description="Maximum number of rows.")] = 50,
    version: _Version = None,
) -> CountedRowsAnswer:
    """The rows of facts that count in a metric between two dates, newest first.

    A row counts by the date on the clock of its team, as in reports. What counts while it stands counts if it stands at
    the end of the dates, or now if they are not over; of what is looked at day by day the last day of each repository
    within the dates counts; with `window_days` so many days before the end of the dates count, whatever `since` is.
    """
    now = datetime.now(UTC)
    last = until or now.date() + timedelta(days=2)
    first = since or last - min(timedelta(days=_USUAL_DAYS), last - date.min)
    definition, found = metrics.rows(
        name, version=version, since=first, until=last, as_of=now, limit=limit, team=team, repo=repo
    )
    rows = [
        CountedRowAnswer(
            repo=row.repo,
            team=row.team,
            counts=row.is_known,
            values=_told(row.values),
            facts=dict(zip(row.facts, _told([*row.facts.values()]), strict=True)),
        )
        for row in found.rows
    ]
    return CountedRowsAnswer(
        name=definition.name,
        version=definition.version,
        facts=str(definition.document["from"]),
        since=first,
        until=last,
        as_of=now,
        rows=rows,
        more=found.has_more,
    )


def _told(values: Sequence[Any]) -> list[Told]:
    """Values as JSON has them: instants and days are texts."""
    return [one if isinstance(one, bool | int | float | str | None) else _written(one) for one in values]


def _written(at: Any) -> str:
    text: str = at.isoformat()
    return text.removesuffix("+00:00") + "Z" if isinstance(at, datetime) else text


def _answer(one: Definition) -> MetricAnswer:
    return MetricAnswer(
        name=one.name,
        version=one.version,
        pillar=str(one.document["pillar"]),
        title=str(one.document["title"]),
        facts=str(one.document["from"]),
        document=dict(one.document),
        created_at=one.created_at,
    )
