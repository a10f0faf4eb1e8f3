"""Reads the rows of facts that metrics need: one query per table of facts, each column once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Date,
    FromClause,
    Integer,
    Select,
    Subquery,
    Text,
    and_,
    cast,
    func,
    literal,
    null,
    select,
)
from sqlalchemy.dialects import postgresql

from app.metrics.compiling import Compiled, columns_of, compile_metric
from app.metrics.facts.fact import AUTHOR, OWN_TEAM, REPO_ID, TEAM_AT, Asked, Fact
from app.metrics.facts.registry import FACTS
from app.metrics.metric import Metric
from app.series.entities import REPOSITORY
from app.series.owning_teams import Way
from app.series.tables import entity
from app.storage.binary_copy import INTEGER, INTEGER_OR_ZERO, Arrays, read_columns

#: The column that with_teams() adds.
TEAM_ID: Final = "team_id"

#: What of a row each way to know its team is compared with, by what owning_teams.py calls it.
_COMPARED: Final = {"int": REPO_ID, "text": AUTHOR}


@dataclass(frozen=True, slots=True)
class Read:
    """The rows of a table of facts.

    Attributes:
        fact: the table.
        repo_id, team_id: int64[n], entities; 0 without a team.
        arrays: the columns that were asked for.
        compiled: the metrics that are of these facts.
    """

    fact: Fact
    repo_id: npt.NDArray[np.int64]
    team_id: npt.NDArray[np.int64]
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
    chosen = [rows.c[of].in_(ids) for of, ids in ((REPO_ID, repo_ids), (TEAM_ID, team_ids)) if ids is not None]
    named = {REPO_ID: INTEGER, TEAM_ID: INTEGER_OR_ZERO} | {key: wire for key, _, wire in columns.asked.values()}
    query = select(rows.c[REPO_ID], rows.c[TEAM_ID], *(of.label(key) for key, of, _ in columns.asked.values())).where(
        *chosen
    )
    source, params = as_text(query)
    arrays = read_columns(connection, named, f"({source}) AS found", params)
    return Read(fact, arrays.pop(REPO_ID), arrays.pop(TEAM_ID), arrays, compiled)


def owners(connection: Connection, ways: Sequence[Way], *, on: Any) -> dict[int, int]:
    """By repository the team that it is of on a day, as far as repositories tell."""
    of_day = select(entity.c.id.label(REPO_ID), literal(on).label(TEAM_AT)).where(entity.c.kind == REPOSITORY)
    rows = _joined(of_day.subquery("repository"), [way for way in ways if way.type == "int"], TEAM_AT)
    return {row[REPO_ID]: row[TEAM_ID] for row in connection.execute(rows).mappings() if row[TEAM_ID] is not None}


def with_teams(rows: Subquery, fact: Fact, ways: Sequence[Way]) -> Subquery:
    """The rows with the team that each is of, as docs/teams.md says."""
    at = TEAM_AT if TEAM_AT in rows.c else fact.when
    return _joined(rows, [way for way in ways if _COMPARED[way.type] in rows.c], at).subquery("facts")


def _joined(rows: Subquery, ways: Sequence[Way], at: str) -> Select[Any]:
    day: ColumnElement[Any] = rows.c[at]
    if not isinstance(day.type, Date):
        day = cast(func.timezone("UTC", day), Date)
    own = [rows.c[OWN_TEAM]] if OWN_TEAM in rows.c else []
    source: FromClause = rows
    teams = []
    for number, way in enumerate(ways):
        types = (Integer if way.type == "int" else Text, Date, Date, Integer)
        arrays = [
            cast(literal(list(values), ARRAY(of)), ARRAY(of))
            for of, values in zip(types, zip(*way.rows, strict=True), strict=True)
        ]
        spans = (
            func.unnest(*arrays).table_valued("subject", "first", "last", "team", name=f"way{number}").render_derived()
        )
        compared = rows.c[_COMPARED[way.type]]
        subject = spans.c.subject
        same = subject == (compared if way.type == "int" else func.lower(compared))
        source = source.outerjoin(spans, and_(same, day.between(spans.c.first, spans.c.last)))
        teams.append(spans.c.team)
    team = func.coalesce(*own, *teams, null()) if own or teams else null()
    return select(*rows.c, cast(team, Integer).label(TEAM_ID)).select_from(source)


def as_text(query: Select[Any]) -> tuple[str, dict[str, Any]]:
    """A query as the driver takes it: its text, and the values of its parameters."""
    dialect = postgresql.psycopg2.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own way to name a driver
    compiled = query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    return str(compiled), dict(compiled.params)
