"""What a set of metrics comes to: read, computed, and with what is known not to have been read."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, Literal, Self

import numpy as np
from sqlalchemy import Connection, text

from app.flow.observations import numbered
from app.flow.teams import Teams
from app.metrics.computing import WHOLE, Cells, Place, Placed, compute
from app.metrics.division import Division
from app.metrics.facts.fact import Asked
from app.metrics.facts.registry import FACTS
from app.metrics.figures import FEW, Figures, Ints, Truths, distinct
from app.metrics.metric import Metric
from app.metrics.reading import Read, owners, prepare, read_facts
from app.series.collected import Coverage, coverage
from app.series.entities import REPOSITORY, TEAM, read_entities
from app.series.owning_teams import Way, read_ways
from app.series.schedules import read_schedule
from app.timeline import DAY, from_micros, to_micros
from app.timeline.entities import Entities
from app.timeline.schedule import Schedule
from app.timeline.working_hours import Window

By = Literal["team", "repo"]

#: What Postgres may hold of a table that it sorts or joins: with its own 4 MB it writes most of them to disk.
_WORK_MEMORY: Final = "64MB"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class State(StrEnum):
    """What is known of the time that a figure is of."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    RUNNING = "running"


#: The numbers of the states in arrays.
STATES: Final = (State.COMPLETE, State.PARTIAL, State.RUNNING)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        metrics: which, all of them possible by ``by``.
        by: whose figures: of teams or of repositories.
        division: the dates, and their weeks or months.
        asked: what facts are asked for.
        zone: whose dates count; None: each team's own.
        repos, teams: of these alone, by name; None: of all.
        default_zone, default_hours: of a team that has none.
    """

    metrics: Sequence[Metric]
    by: By
    division: Division
    asked: Asked
    zone: str | None = None
    repos: Sequence[str] | None = None
    teams: Sequence[str] | None = None
    default_zone: str = "UTC"
    default_hours: Sequence[Window] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """A metric with the state of each cell.

    Attributes:
        cells: what it comes to.
        state: int64[c], numbers of STATES.
        few: bool[c], it is of fewer values than FEW.
        rows: how many rows of its facts were read.
    """

    cells: Cells
    state: Ints
    few: Truths
    rows: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer.

    Attributes:
        names: of the groups, by their numbers in cells.
        division: as in the question.
        metrics: one by one, in the order of the question.
        not_read: by stream, repositories of which a source is known not to have read everything.
    """

    names: Sequence[str]
    division: Division
    metrics: Sequence[Told]
    not_read: Mapping[str, Sequence[str]] = field(default_factory=dict)


def answer(
    connection: Connection,
    question: Question,
    *,
    progress: Callable[[float], None] = lambda _: None,
    has_read: Callable[[int], None] = lambda _: None,
) -> Outcome:
    """Read the facts in one snapshot and compute every metric. The transaction must not be read-only."""
    answering = _Answering(connection, question, _Known.read(connection, question), has_read)
    told: dict[str, Told] = {}
    not_read: dict[str, set[str]] = {}
    for _, outcome in _outcomes(connection, [answering], progress):
        told |= {one.cells.metric.name: one for one in outcome.metrics}
        for stream, unread in outcome.not_read.items():
            not_read.setdefault(stream, set()).update(unread)
    return Outcome(
        answering.names,
        question.division,
        [told[one.name] for one in question.metrics],
        {stream: sorted(unread) for stream, unread in not_read.items()},
    )


def answer_by_facts(connection: Connection, questions: Sequence[Question]) -> Iterator[tuple[By, Outcome]]:
    """The answers to questions that differ in ``by`` and ``metrics`` alone, in parts: of the same facts each.

    Facts are read once for all questions, and whoever is done with a part need not keep it. The transaction must not
    be read-only, nor end before the last part.
    """
    known = _Known.read(connection, questions[0])
    answering = [_Answering(connection, question, known, lambda _: None) for question in questions]
    return _outcomes(connection, answering, lambda _: None)


def _outcomes(
    connection: Connection, answering: "Sequence[_Answering]", progress: Callable[[float], None]
) -> Iterator[tuple[By, Outcome]]:
    by_fact: dict[str, dict[str, Metric]] = {}
    for metric in (metric for one in answering for metric in one.question.metrics):
        by_fact.setdefault(metric.facts, {})[metric.name] = metric
    connection.execute(text(f"SET LOCAL work_mem = '{_WORK_MEMORY}'"))
    prepare([FACTS[name] for name in by_fact], connection, answering[0].question.asked)
    for done, (name, metrics) in enumerate(by_fact.items()):
        progress(done / len(by_fact))
        read = answering[0].read(name, list(metrics.values()))
        for one in answering:
            yield one.question.by, one.outcome(read)
        del read  # before the next ones are read


@dataclass(frozen=True, slots=True)
class _Known:
    """What is read once, whatever is asked of it: teams, repositories, whose these are, and when teams work."""

    teams: Entities
    repos: Entities
    ways: Sequence[Way]
    owners: Mapping[int, int]
    schedule: Schedule

    @classmethod
    def read(cls, connection: Connection, question: Question) -> Self:
        """For questions about the same dates as this one."""
        teams, ways = read_entities(connection, TEAM), read_ways(connection)
        last = _EPOCH + timedelta(days=question.division.last - 1)
        return cls(
            teams,
            read_entities(connection, REPOSITORY),
            ways,
            owners(connection, ways, on=min(last, question.asked.as_of).date()),
            read_schedule(connection, teams, default_zone=question.default_zone, default=question.default_hours),
        )


class _Answering:
    def __init__(
        self, connection: Connection, question: Question, known: _Known, has_read: Callable[[int], None]
    ) -> None:
        self._connection = connection
        self.question = question
        self._known = known
        self._has_read = has_read
        groups = known.teams if question.by == "team" else known.repos
        self.names = sorted(groups.keys)
        number = {name: place for place, name in enumerate(self.names)}
        self._group_of = {one: number[key] for one, key in zip(groups.ids.tolist(), groups.keys, strict=True)}

    def read(self, name: str, metrics: Sequence[Metric]) -> Read:
        """The facts that these metrics need."""
        read = read_facts(
            self._connection,
            name,
            metrics,
            self.question.asked,
            ways=self._known.ways,
            repo_ids=_ids_of(self._known.repos, self.question.repos),
            team_ids=_ids_of(self._known.teams, self.question.teams),
        )
        self._has_read(int(read.is_chosen.sum()))
        return read

    def outcome(self, read: Read) -> Outcome:
        """The outcome of those metrics of the question that are of these facts."""
        asked = {metric.name for metric in self.question.metrics}
        place = self._place(read)
        gaps = self._gaps(read, place)
        rows = Placed(read, place)
        told = [
            self._tell(compute(rows, compiled, self.question.division), gaps, int(read.is_chosen.sum()))
            for compiled in read.compiled
            if compiled.metric.name in asked
        ]
        not_read = {read.fact.stream: gaps.unread} if gaps.unread else {}
        return Outcome(self.names, self.question.division, told, not_read)

    def _place(self, read: Read) -> Place:
        keys = dict(zip(self._known.teams.ids.tolist(), self._known.teams.keys, strict=True))
        names, team = numbered(read.team_id, keys)
        of = read.team_id if self.question.by == "team" else read.repo_id
        used, code = np.unique(of, return_inverse=True)
        group = np.array([self._group_of.get(one, -1) for one in used.tolist()], np.int64)[code.reshape(-1)]
        teams = Teams.of(names, self._known.teams, self._known.schedule)
        return Place(group, teams, team, self.question.zone, to_micros(self.question.asked.as_of))

    def _gaps(self, read: Read, place: Place) -> "_Gaps":
        """Which groups have repositories that sources read, and which of these are not read up to when."""
        chosen = self.question.repos
        found = coverage(self._connection, read.fact.stream, names=None if chosen is None else list(chosen))
        ids = dict(zip(self._known.repos.keys, self._known.repos.ids.tolist(), strict=True))
        pairs = distinct(read.repo_id[read.is_chosen], place.group[read.is_chosen]).columns
        groups: dict[int, set[int]] = {}
        for repo, group in zip(*(of.tolist() for of in pairs), strict=True):
            groups.setdefault(repo, set()).add(group)
        by: dict[int, list[Coverage]] = {}
        unread = []
        until = _until(self.question.division.last, self.question.asked.as_of)
        for one in found:
            repo = ids.get(one.repository)
            of: set[int] = set() if repo is None else {*groups.get(repo, ())} or {self._owner(repo)} - {-1}
            if self.question.teams is not None and not self._is_chosen(of):
                continue
            for group in of:
                by.setdefault(group, []).append(one)
            by.setdefault(WHOLE, []).append(one)
            if not one.is_known(None if until == self.question.asked.as_of else until):
                unread.append(one.repository)
        partial = {group: self._partial(of) for group, of in by.items()}
        return _Gaps({*np.unique(place.group[read.is_chosen]).tolist()}, partial, sorted(set(unread)))

    def _owner(self, repo: int) -> int:
        of = repo if self.question.by == "repo" else self._known.owners.get(repo)
        return -1 if of is None else self._group_of.get(of, -1)

    def _is_chosen(self, groups: set[int]) -> bool:
        if self.question.by != "team":
            return True
        chosen = set(self.question.teams or ())
        return any(group >= 0 and self.names[group] in chosen for group in groups)

    def _tell(self, cells: Cells, gaps: "_Gaps", rows: int) -> Told:
        """Add the cells of groups without any row that counts, and say what is known of each."""
        metric, division = cells.metric, self.question.division
        if not metric.splits and metric.is_count:
            # Of whom there has never been a row, and of whom no source reads any, nobody knows that there are none.
            known = gaps.groups | gaps.partial.keys()
            cells = _with_nothing(cells, np.array(sorted(known | {WHOLE} if known else known), np.int64), division)
        state = self._states(cells, gaps)
        figures = cells.figures
        # Where not everything was read, or nobody looked, none is not zero.
        unknown = (state == STATES.index(State.PARTIAL)) & (figures.n == 0)
        if cells.looked is not None:
            unknown |= ~_are_in(cells.group, cells.period, cells.looked)
        value = np.where(unknown, np.nan, figures.value)
        few = (figures.n < FEW) & (figures.n > 0) & (not metric.is_count)
        told = Figures(value, figures.n, figures.p75, figures.p90)
        return Told(replace(cells, figures=told), state, few, rows)

    def _states(self, cells: Cells, gaps: "_Gaps") -> Ints:
        """The number of the state of each cell."""
        division, as_of = self.question.division, to_micros(self.question.asked.as_of)
        place = np.where(cells.period == WHOLE, len(division.ends), cells.period)
        state = np.full(len(place), STATES.index(State.COMPLETE))
        for group, partial in gaps.partial.items():
            if partial.any():
                state[(cells.group == group) & partial[place]] = STATES.index(State.PARTIAL)
        ends = np.append(division.ends, division.last)
        state[(ends * DAY > as_of)[place]] = STATES.index(State.RUNNING)
        return state

    def _partial(self, of: Sequence[Coverage]) -> Truths:
        """In which periods, and last in all of the dates, something of these repositories is known not to be read."""
        ends, as_of = [*self.question.division.ends.tolist(), self.question.division.last], self.question.asked.as_of
        return np.array([not all(one.is_known(_until(end, as_of)) for one in of) for end in ends], bool)


@dataclass(frozen=True, slots=True)
class _Gaps:
    """The groups that have rows; by group the _partial() of what sources read of it; names of those not read."""

    groups: set[int]
    partial: Mapping[int, Truths]
    unread: Sequence[str]


def _until(day: int, as_of: datetime) -> datetime:
    """The end of dates, in UTC, if it is not later than as_of."""
    return min(from_micros(day * DAY), as_of)


def _with_nothing(cells: Cells, groups: Ints, division: Division) -> Cells:
    """The same with a zero for each group and period that has no row that counts."""
    periods = np.array([*range(len(division.begins)), WHOLE])
    group, period = np.repeat(groups, len(periods)), np.tile(periods, len(groups))
    missing = ~np.isin(_code(group, period), _code(cells.group, cells.period))
    if cells.looked is not None:
        missing &= _are_in(group, period, cells.looked)
    group, period = group[missing], period[missing]
    if not len(group):
        return cells
    nothing = np.zeros(len(group), np.int64)
    figures = Figures(np.append(cells.figures.value, nothing.astype(np.float64)), np.append(cells.figures.n, nothing))
    return replace(
        cells,
        group=np.append(cells.group, group),
        split=np.append(cells.split, nothing),
        period=np.append(cells.period, period),
        figures=figures,
        withheld=np.append(cells.withheld, nothing.astype(bool)),
        parts=cells.parts or [()],
    )


def _code(group: Ints, period: Ints) -> Ints:
    """One number for both."""
    return (group - WHOLE) << 32 | (period - WHOLE)


def _are_in(group: Ints, period: Ints, pairs: Collection[tuple[int, int]]) -> Truths:
    """Which of the groups and periods are among the pairs, bool[n]."""
    if not pairs:
        return np.zeros(len(group), bool)
    groups, periods = np.array(list(pairs), np.int64).T
    return np.isin(_code(group, period), _code(groups, periods))


def _ids_of(entities: Entities, names: Sequence[str] | None) -> list[int] | None:
    if names is None:
        return None
    wanted = set(names)
    return [number for number, key in zip(entities.ids.tolist(), entities.keys, strict=True) if key in wanted]
