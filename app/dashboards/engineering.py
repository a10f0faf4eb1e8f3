"""Metrics by week: the engineering reports by team and by repository, of two years and the running week."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, text, tuple_
from sqlalchemy.dialects.postgresql import insert

from app.dashboards.tables import engineering_metric, engineering_week
from app.dashboards.writing import replace_rows
from app.flow.observations import named
from app.metrics.columns import figure_columns
from app.metrics.computing import WHOLE
from app.metrics.convention import asked_of, has_convention
from app.metrics.division import Division
from app.metrics.metric import Metric
from app.metrics.outcome import STATES, By, Outcome, Question, State, Told, answer_by_facts
from app.metrics.store import DEFINITIONS, readable, unreadable
from app.reports.engineering.summary import part_name
from app.series.entities import REPOSITORY, TEAM, read_entities
from app.settings import Settings
from app.wording.warnings import in_a_line

_logger = logging.getLogger(__name__)

#: Whole weeks that are kept, beside the running one: two years.
KEPT_WEEKS: Final = 104

#: What the rows of all groups together have in ``of``, where others have what groups they are of.
ALL: Final = "all"

_LEVELS: Final[tuple[By, ...]] = ("team", "repo")
_STAMP: Final = text("SELECT stamp FROM engineering_part WHERE metric = :metric AND by = :by")
_SET_STAMP: Final = text(
    "INSERT INTO engineering_part (metric, by, stamp) VALUES (:metric, :by, :stamp) "
    "ON CONFLICT (metric, by) DO UPDATE SET stamp = excluded.stamp"
)


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of ``engineering_week`` of a metric, of teams or of repositories.

    Attributes:
        metric: which.
        levels: all that rows of the part have in ``of``.
        rows: those that say something.
        running: Monday of the week that is not over.
    """

    metric: Metric
    levels: Sequence[str]
    rows: pa.Table
    running: date


def parts_of_all(connection: Connection, settings: Settings, *, now: datetime) -> Iterator[Part]:
    """Every row, metric by metric, as one snapshot has them. The transaction must not end before the last one.

    Without teams and repositories there is nothing to count, and no part.
    """
    if not (len(read_entities(connection, TEAM).ids) or len(read_entities(connection, REPOSITORY).ids)):
        return
    metrics = _shown(connection, settings)
    today = now.astimezone(UTC).date()
    monday = today - timedelta(days=today.weekday())
    division = Division.of(monday - timedelta(weeks=KEPT_WEEKS), monday + timedelta(weeks=1), "week")
    questions = [
        Question(
            [one for one in metrics if by in one.groups],
            by,
            division,
            asked_of(settings, now),
            default_zone=settings.default_timezone,
            default_hours=settings.team_windows,
        )
        for by in _LEVELS
    ]
    for by, outcome in answer_by_facts(connection, questions):
        for told in outcome.metrics:
            yield _part(told, outcome, by, monday)


def write(connection: Connection, part: Part) -> int:
    """Put the rows of a part, and what its metric is, in place of others; returns how many rows that changes.

    Most parts are as they were after a load of some facts, and a day later only the running week is another one:
    what is the same is neither sent nor compared.
    """
    metric = part.metric
    about = {
        "metric": metric.name,
        "version": metric.version,
        "pillar": metric.pillar,
        "title": metric.title,
        "unit": metric.unit or None,
        "caveat": metric.caveat or None,
    }
    row = insert(engineering_metric).values(about)
    told, kept = (tuple_(*(of[name] for name in about)) for of in (row.excluded, engineering_metric.c))
    connection.execute(
        row.on_conflict_do_update(index_elements=["metric"], set_=dict(row.excluded), where=told.is_distinct_from(kept))
    )
    params = {"metric": metric.name, "by": part.levels[-1], "levels": list(part.levels), "running": part.running}
    runs = pc.equal(part.rows["week"], pa.scalar(part.running))
    halves = {"<>": part.rows.filter(pc.invert(runs)), "=": part.rows.filter(runs)}
    stamps = [_stamp(part, compared, rows) for compared, rows in halves.items()]
    before = str(connection.scalar(_STAMP, params)).split()
    changed = 0
    for (compared, rows), stamp in zip(halves.items(), stamps, strict=True):
        if stamp not in before:
            within = f"old.metric = :metric AND old.of = ANY(:levels) AND old.week {compared} :running"
            changed += replace_rows(connection, engineering_week, rows, within=within, params=params)
    connection.execute(_SET_STAMP, params | {"stamp": " ".join(stamps)})
    return changed


def forget_others(connection: Connection, written: Sequence[tuple[str, str]]) -> int:
    """Remove the rows of other metrics than those written, and of other levels; returns how many that are."""
    kept = {"metrics": [metric for metric, _ in written], "levels": [level for _, level in written]}
    these = "(SELECT * FROM unnest(CAST(:metrics AS text[]), CAST(:levels AS text[])))"
    gone = connection.execute(text(f"DELETE FROM engineering_week WHERE (metric, of) NOT IN {these}"), kept)
    connection.execute(text("DELETE FROM engineering_metric WHERE metric <> ALL(CAST(:metrics AS text[]))"), kept)
    connection.execute(text(f"DELETE FROM engineering_part WHERE (metric, by) NOT IN {these}"), kept)
    return gone.rowcount


def _stamp(part: Part, half: str, rows: pa.Table) -> str:
    """Another one for rows, levels or a running week that are others."""
    digest = sha256(repr((part.levels, part.running, half)).encode())
    for column in rows.combine_chunks().columns:
        for buffer in (buffer for chunk in column.chunks for buffer in chunk.buffers() if buffer is not None):
            digest.update(buffer)
    return digest.hexdigest()


def _shown(connection: Connection, settings: Settings) -> list[Metric]:
    """The metrics that are shown; a definition that an earlier version stored and this one cannot read is not."""
    found, others = readable(DEFINITIONS.every(connection))
    if others:
        _logger.warning("openhours_engineering_week: %s", in_a_line(unreadable(others).as_json()))
    return [one for one in found if has_convention(one, settings)]


def _part(told: Told, outcome: Outcome, by: By, running: date) -> Part:
    """What has neither a figure nor anything that it is of, in a week of which everything is known, has no row."""
    metric, cells, figures = told.cells.metric, told.cells, told.cells.figures
    has_all = by == _LEVELS[0] or _LEVELS[0] not in metric.groups
    says = ~np.isnan(figures.value) | (figures.n > 0) | (told.state == STATES.index(State.PARTIAL))
    kept = np.flatnonzero((cells.period != WHOLE) & says & (has_all | (cells.group != WHOLE)))
    group, rows = cells.group[kept], len(kept)
    parts = [part_name(one) or "" for one in cells.parts]
    columns: dict[str, Any] = {
        "metric": pa.repeat(metric.name, rows),
        "of": named([ALL, by], np.where(group == WHOLE, 0, 1)),
        "group_name": named(["", *outcome.names], np.maximum(group, -1) + 1),
        "week": pa.array(outcome.division.begins[cells.period[kept]].astype(np.int32)).cast(pa.date32()),
        "part": named(parts, cells.split[kept]),
        **figure_columns(told, kept),
        "few": pa.array(told.few[kept]),
        "withheld": pa.array(cells.withheld[kept]),
    }
    return Part(metric, (ALL, by) if has_all else (by,), pa.table(columns), running)
