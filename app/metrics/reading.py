"""Reads the rows of facts that metrics need: one query per table of facts, each column once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Subquery, literal, select

from app.metrics.compiling import Compiled, columns_of, compile_metric
from app.metrics.facts.fact import AUTHOR, OWN_TEAM, REPO_ID, TEAM_AT, Asked, Fact
from app.metrics.facts.registry import FACTS
from app.metrics.metric import Latest, Metric
from app.series.entities import REPOSITORY
from app.series.owning_teams import TEAM_ID, Way, with_owners
from app.series.tables import entity
from app.storage.binary_copy import INTEGER, INTEGER_OR_ZERO, Arrays, read_columns
from app.storage.postgres import as_text


@dataclass(frozen=True, slots=True)
class Read:
    """The rows of a table of facts.

    Attributes:
        fact: the table.
        repo_id, team_id: int64[n], entities; 0 without a team.
        is_chosen: bool[n], whether the row is of a team that was asked for. The others say when their repository was
            looked at last, and count for nothing else.
        arrays: the columns that were asked for.
        compiled: the metrics that are of these facts.
    """

    fact: Fact
    repo_id: npt.NDArray[np.int64]
    team_id: npt.NDArray[np.int64]
    is_chosen: npt.NDArray[np.bool_]
    arrays: Arrays
    compiled: Sequence[Compiled]


def prepare(facts: Iterable[Fact], connection: Connection, asked: Asked) -> None:
    """Make what these facts need in the transaction, each thing once."""
    for make in dict.fromkeys(fact.prepare for fact in facts if fact.prepare is not None):
        make(connection, asked)


def read_facts(
    connection: Connection,
    name: str,
    metrics: Sequence[Metric],
    asked: Asked,
    *,
    ways: Sequence[Way],
    repo_ids: Sequence[int] | None = None,
    team_ids: Sequence[int] | None = None,
) -> Read:
    """Read what metrics of these facts need, of all repositories and teams or of some; the facts are prepared."""
    fact = FACTS[name]
    rows = with_teams(fact.rows(asked).subquery("of_facts"), fact, ways)
    columns = columns_of(rows, name)
    compiled = [compile_metric(metric, columns) for metric in metrics]
    # A repository that is of another team now was looked at last when it was that one's.
    read_teams = None if any(isinstance(metric.when, Latest) for metric in metrics) else team_ids
    chosen = [rows.c[of].in_(ids) for of, ids in ((REPO_ID, repo_ids), (TEAM_ID, read_teams)) if ids is not None]
    named = {REPO_ID: INTEGER, TEAM_ID: INTEGER_OR_ZERO} | {key: wire for key, _, wire in columns.asked.values()}
    query = select(rows.c[REPO_ID], rows.c[TEAM_ID], *(of.label(key) for key, of, _ in columns.asked.values())).where(
        *chosen
    )
    source, params = as_text(query)
    arrays = read_columns(connection, named, f"({source}) AS found", params)
    repo_id, team_id = arrays.pop(REPO_ID), arrays.pop(TEAM_ID)
    is_chosen = np.ones(len(team_id), bool) if team_ids is None else np.isin(team_id, list(team_ids))
    return Read(fact, repo_id, team_id, is_chosen, arrays, compiled)


def owners(connection: Connection, ways: Sequence[Way], *, on: Any) -> dict[int, int]:
    """By repository the team that it is of on a day, as far as repositories tell."""
    of_day = select(entity.c.id.label(REPO_ID), literal(on).label(TEAM_AT)).where(entity.c.kind == REPOSITORY)
    rows = with_owners(of_day.subquery("repository"), ways, at=TEAM_AT, repo=REPO_ID)
    return {row[REPO_ID]: row[TEAM_ID] for row in connection.execute(rows).mappings() if row[TEAM_ID] is not None}


def with_teams(rows: Subquery, fact: Fact, ways: Sequence[Way]) -> Subquery:
    """The rows with the team that each is of, as docs/teams.md says."""
    at = TEAM_AT if TEAM_AT in rows.c else fact.when
    own = OWN_TEAM if OWN_TEAM in rows.c else None
    return with_owners(rows, ways, at=at, repo=REPO_ID, author=AUTHOR, own=own).subquery("facts")
