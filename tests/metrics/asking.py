"""The same question to the engine and to its twin, and what their answers differ in."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection

from app.metrics.computing import WHOLE as ALL
from app.metrics.computing import Cells
from app.metrics.division import Division
from app.metrics.document import read_metric
from app.metrics.facts.fact import Asked
from app.metrics.outcome import STATES, Outcome, Question, State, Told, answer
from app.series.entities import TEAM, read_entities
from app.storage.resources import Resources
from app.timeline.working_hours import Window
from tests.reference.metric_world import World
from tests.reference.metrics import WHOLE, Cell, Figure, Twin
from tests.reference.schedule import Entity, ZoneFrom
from tests.sources.compared import stored

#: Dataset kinds whose rows the facts are made of.
KINDS = (
    *("pull_requests", "reviews", "review_comments", "review_requests", "commits", "issues", "workflow_runs"),
    *("workflow_jobs", "releases", "deployments", "branches", "dependencies", "repositories", "repository_files"),
    *("team_members", "team_repositories"),
)

#: Monday to Friday from nine to five, as the service and as the twin have it: of a team that has no hours.
_USUAL = (("09:00:00", "17:00:00"),)
USUAL_WEEK = (_USUAL,) * 5 + ((), ())
HOUR_MICROS = 3_600_000_000
USUAL_WINDOWS: Sequence[Window] = tuple((day, 9 * HOUR_MICROS, 17 * HOUR_MICROS) for day in range(5))
DEFAULT_ZONE = "Europe/Berlin"
NOBODYS = Entity(zones=(ZoneFrom(DEFAULT_ZONE),), default=USUAL_WEEK)

#: Of figures, which the engine has as floats of 64 bits.
_RELATIVE = 1e-9


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of both."""

    first: date
    last: date
    each: str
    by: str
    as_of: datetime
    zone: str | None = None
    repos: tuple[str, ...] | None = None
    teams: tuple[str, ...] | None = None
    bots: tuple[str, ...] = ()
    incident_labels: tuple[str, ...] = ("incident",)
    incident_hours: float = 24.0


def read_world(connection: Connection, ask: Ask, schedules: Mapping[str, Entity]) -> World:
    """All rows of a database, for the twin. Teams without a schedule have the usual one."""
    teams = read_entities(connection, TEAM).keys
    return World(
        tables={kind: stored(connection, kind) for kind in KINDS},
        schedules=dict.fromkeys(teams, NOBODYS) | dict(schedules),
        default=NOBODYS,
        as_of=ask.as_of,
        bots=ask.bots,
        incident_labels=ask.incident_labels,
        incident_hours=ask.incident_hours,
    )


def asked(connection: Connection, definitions: Mapping[str, Mapping[str, Any]], ask: Ask) -> Outcome:
    """The answer of the engine."""
    metrics = [read_metric(dict(document), name=name) for name, document in definitions.items()]
    question = Question(
        metrics=metrics,
        by=ask.by,
        division=Division.of(ask.first, ask.last, ask.each),
        asked=Asked(ask.as_of, ask.bots, ask.incident_labels, ask.incident_hours),
        zone=ask.zone,
        repos=ask.repos,
        teams=ask.teams,
        default_zone=DEFAULT_ZONE,
        default_hours=USUAL_WINDOWS,
    )
    return answer(connection, question)


def keys_of(outcome: Outcome, cells: Cells) -> list[Cell]:
    """Which cells the engine tells, in its order."""
    keys = []
    for group, split, period in zip(cells.group.tolist(), cells.split.tolist(), cells.period.tolist(), strict=True):
        name = WHOLE if group == ALL else None if group == -1 else outcome.names[group]
        label = WHOLE if period == ALL else outcome.division.labels[period]
        keys.append((name, tuple(cells.parts[split]), label))
    return keys


def unread_cells(outcome: Outcome, told: Told) -> set[Cell]:
    """Cells of repositories of which a source has not read everything."""
    keys = keys_of(outcome, told.cells)
    return {key for key, state in zip(keys, told.state.tolist(), strict=True) if STATES[state] is State.PARTIAL}


def cells_of(outcome: Outcome, cells: Cells) -> dict[Cell, Figure]:
    """The figures of the engine by their cells."""
    found: dict[Cell, Figure] = {}
    figures = cells.figures
    for place, key in enumerate(keys_of(outcome, cells)):
        assert key not in found, f"{key} is there twice"
        found[key] = Figure(
            _plain(figures.value[place]),
            int(figures.n[place]),
            None if figures.p75 is None else _plain(figures.p75[place]),
            None if figures.p90 is None else _plain(figures.p90[place]),
            bool(cells.withheld[place]),
        )
    return found


def _plain(value: np.float64) -> float | None:
    return None if math.isnan(value) else float(value)


def differences(
    connection: Connection, definitions: Mapping[str, Mapping[str, Any]], ask: Ask, schedules: Mapping[str, Entity]
) -> list[str]:
    """In what the engine differs from the twin, each in a sentence."""
    twin = Twin(
        read_world(connection, ask, schedules),
        by=ask.by,
        first=ask.first,
        last=ask.last,
        each=ask.each,
        zone=ask.zone,
        repos=ask.repos,
        teams=ask.teams,
    )
    outcome = asked(connection, definitions, ask)
    wrong = []
    for name, told in zip(definitions, outcome.metrics, strict=True):
        engine = cells_of(outcome, told.cells)
        right = {
            (group, tuple(map(_named, words)), label): figure
            for (group, words, label), figure in twin.cells(dict(definitions[name])).items()
        }
        unread = unread_cells(outcome, told)
        wrong += [
            f"{name} {key}: {mine}, but the twin says {theirs}; {json.dumps(definitions[name])}"
            for key in sorted({*engine, *right}, key=repr)
            if not alike(mine := engine.get(key), theirs := right.get(key), is_unread=key in unread)
        ]
    return wrong


def _named(part: object) -> str:
    """What the engine calls a part: truths are yes and no, and what nobody knows has no name."""
    return "" if part is None else ("no", "yes")[part] if isinstance(part, bool) else str(part)


def alike(one: Figure | None, other: Figure | None, *, is_unread: bool = False) -> bool:
    """Whether two figures are the same; a cell that is not there is one of no rows.

    Of what a source has not read the engine must not say that there is none: ``is_unread``.
    """
    if is_unread and one is not None and one.n == 0:
        return one.value is None and (other is None or other.n == 0)
    if one is None or other is None:
        there = one or other
        return there is not None and there.n == 0 and not there.value and not there.is_withheld
    pairs = ((one.value, other.value), (one.p75, other.p75), (one.p90, other.p90))
    return (one.n, one.is_withheld) == (other.n, other.is_withheld) and all(
        mine == theirs
        or (mine is not None and theirs is not None and math.isclose(mine, theirs, rel_tol=_RELATIVE, abs_tol=1e-9))
        for mine, theirs in pairs
    )


def ask_both(
    resources: Resources,
    definitions: Mapping[str, Mapping[str, Any]],
    ask: Ask,
    schedules: Mapping[str, Entity] | None = None,
) -> list[str]:
    """The differences, in a transaction as a report has it."""
    with resources.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        return differences(connection, definitions, ask, schedules or {})
