"""The service behind routes and badges of activity: what was counted of one project or repository."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

from dateutil.relativedelta import relativedelta
from sqlalchemy import Connection, Engine

from app.entities.named import MissingEntity
from app.errors import InvalidParameters, UnknownEntity, UnknownEntityKind
from app.flow import activity as flow
from app.flow.activity import Counts, MonthState
from app.flow.figures import Figure, of_commits, of_installs
from app.flow.spellings import project_key, repository_key
from app.series import activity as series
from app.series import lookup
from app.series.activity import Subject, UncountedDays
from app.series.entities import PROJECT, REPOSITORY
from app.storage.postgres import database_errors
from app.wording.suggestions import did_you_mean
from app.wording.values import repeated, shown
from app.wording.wrong_values import WrongValue, detail, members

#: What routes take from here; those of flow, too, which they do not know.
__all__ = ["KINDS", "ActivityService", "Asked", "Figure", "Metric", "MonthFigure", "MonthState", "ShownActivity"]

#: Words for kinds in addresses, each with the kind of its entities.
KINDS: Final = {"project": PROJECT, "repo": REPOSITORY, "repository": REPOSITORY}

Metric = Literal["installs", "commits"]

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class MonthFigure:
    """A month of the timeline; ``figure`` is None where nobody counted.

    Attributes:
        first: its first day.
        state: what is known of it.
        days, days_covered: of the month, and those of them that were counted.
        figure: what was counted on these.
    """

    first: date
    state: MonthState
    days: int
    days_covered: int
    figure: Figure | None


@dataclass(frozen=True, slots=True)
class RecentFigure:
    """The 30 days up to the last covered one, both included."""

    first: date
    last: date
    days_covered: int
    figure: Figure


@dataclass(frozen=True, slots=True)
class ShownActivity:
    """What was counted of one project or repository on the days before ``as_of``'s.

    Attributes:
        kind: ``project`` or ``repository``.
        metric: what is counted of it.
        key, earlier: the name that it has now, and those that it had.
        as_of: the instant of the answer.
        source, sources: of installs, who counted what is shown, and who else did.
        first, last: first and last covered day.
        total: None where nothing was counted.
        recent: None where no day is covered.
        months: the whole months before that of ``as_of``, the earliest first.
        latest_commit_at: of a repository.
    """

    kind: str
    metric: Metric
    key: str
    earlier: tuple[str, ...]
    as_of: datetime
    source: str | None
    sources: tuple[str, ...]
    first: date | None
    last: date | None
    total: Figure | None
    recent: RecentFigure | None
    months: tuple[MonthFigure, ...]
    latest_commit_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which activity is wanted.

    Attributes:
        months: whole months of the timeline.
        as_of: only days before the UTC day of this instant count; None: now.
        source: of installs; None: the one that counted until latest.
        by: the instant of a commit that decides its day: ``authored_at`` or ``committed_at``.
    """

    months: int = 12
    as_of: datetime | None = None
    source: str | None = None
    by: str = "authored_at"


class ActivityService:
    """Stateless, so any replica can serve it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def show(self, kind: str, key: str, asked: Asked) -> ShownActivity:
        """What was counted of a project or a repository, under whatever name it has or had.

        Raises:
            UnknownEntityKind: only projects and repositories are active.
            UnknownEntity: no loaded file has named it.
            InvalidParameters: no such source has counted it.
        """
        if kind not in KINDS:
            allowed = ["project", "repo"]
            raise UnknownEntityKind(
                f"{kind!r} has no activity; kinds with activity: project, repo.", received=kind, allowed=allowed
            )
        as_of = asked.as_of or datetime.now(UTC)
        with database_errors(), self._engine.connect() as connection:
            subject = _required(connection, KINDS[kind], key)
            read = series.read(connection, subject, as_of=as_of, source=asked.source, by=asked.by)
        if asked.source is not None and subject.kind == PROJECT and read.source is None:
            raise _no_such_source(f"has not counted {subject.key!r}", asked.source, read.sources)
        counted = read.counted
        total, until = flow.total(counted), _day(as_of) if counted.last is None else counted.last + _DAY
        return ShownActivity(
            kind=subject.kind,
            metric="installs" if subject.kind == PROJECT else "commits",
            key=subject.key,
            earlier=subject.earlier,
            as_of=as_of,
            source=read.source,
            sources=read.sources,
            first=counted.first,
            last=counted.last,
            total=None if total is None else _figure(subject, total, until),
            recent=_recent(subject, flow.recent(counted)),
            months=_months(subject, flow.timeline(counted, flow.whole_months(_day(as_of), asked.months))),
            latest_commit_at=read.latest_commit_at,
        )

    def gaps(self, *, source: str | None, limit: int) -> list[UncountedDays]:
        """Days of which sources of installs told nothing, between days of which they did; at most ``limit``.

        Raises:
            InvalidParameters: no such source has told of a day.
        """
        with database_errors(), self._engine.connect() as connection:
            if source is not None and source not in (known := series.sources_of_installs(connection)):
                raise _no_such_source("has counted nothing", source, known)
            return series.uncounted_days(connection, source=source, limit=limit)


def _day(instant: datetime) -> date:
    return instant.astimezone(UTC).date()


def _required(connection: Connection, kind: str, key: str) -> Subject:
    spelt = (project_key(key) if kind == PROJECT else repository_key(key)) or key
    subject = None if "\x00" in spelt else series.find(connection, kind, spelt)  # Postgres has no NUL in a text
    if subject is not None:
        return subject
    near = lookup.comparison(connection, kind, [spelt])
    raise MissingEntity(lambda: _missing(kind, key, near.nearest()[spelt]))


def _missing(kind: str, key: str, near: Sequence[str]) -> UnknownEntity:
    return UnknownEntity(
        f"There is no {kind} {shown(key)}: no loaded file has named it{did_you_mean(near)}.",
        received=repeated(key),
        nearest=list(near),
    )


def _no_such_source(told: str, source: str, known: Sequence[str]) -> InvalidParameters:
    """The error of a source by its name; ``told`` continues it."""
    wrong = [WrongValue(parameter="source", received=source, reason=told, allowed=list(known))]
    return InvalidParameters(detail(wrong), errors=members(wrong))


def _figure(subject: Subject, counts: Counts, until: date) -> Figure:
    return of_installs(counts, until=until) if subject.kind == PROJECT else of_commits(counts)


def _recent(subject: Subject, found: flow.Recent | None) -> RecentFigure | None:
    if found is None:
        return None
    figure = _figure(subject, found.counts, found.last + _DAY)
    return RecentFigure(found.first, found.last, found.days_covered, figure)


def _months(subject: Subject, found: Sequence[flow.Month]) -> tuple[MonthFigure, ...]:
    shown = []
    for month in found:
        after = month.first + relativedelta(months=1)
        figure = None if month.counts is None else _figure(subject, month.counts, after)
        shown.append(MonthFigure(month.first, month.state, (after - month.first).days, month.days_covered, figure))
    return tuple(shown)
