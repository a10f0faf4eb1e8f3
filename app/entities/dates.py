"""What is said of single dates, as people send and read it; checked like the rows of a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, text

from app.entities.parsing import parsed, refuse
from app.errors import InvalidParameters
from app.ingest.dates import time_text
from app.ingest.registry import DATASET_KINDS
from app.series.dates import CALENDAR_DAYS, EXCEPTIONS, Dates
from app.series.versions import TEXT, known
from app.wording.wrong_values import WrongValue

#: The dataset kinds whose columns the rows have.
_KIND_OF: Final = {EXCEPTIONS.table: "exceptions", CALENDAR_DAYS.table: "holidays"}


@dataclass(frozen=True, slots=True)
class DatedRow:
    """A row of a file of exceptions or holidays, without the columns that say whose it is.

    Attributes:
        date: local, 2026-12-24.
        what: closed, hours; of an exception also usual, minus.
        start_time_local, end_time_local: of hours and minus.
        name: for people.
    """

    date: str
    what: str
    start_time_local: str | None = None
    end_time_local: str | None = None
    name: str | None = None


def stage(connection: Connection, dates: Dates, owner: int | str, rows: Sequence[DatedRow], *, parameter: str) -> None:
    """Fill the staging table of ``dates`` with rows of one owner.

    Raises:
        InvalidParameters: a file with such rows would be rejected; ``parameter`` names them.
    """
    columns = {column.name: column for column in DATASET_KINDS[_KIND_OF[dates.table]].columns}
    errors: list[WrongValue] = []

    def value(number: int, name: str, given: str | None) -> Any:
        place = f"{parameter}.{number}.{name}"
        return None if given is None else parsed(columns[name], given, parameter=place, errors=errors)

    found = [
        {
            "on": value(number, "date", row.date),
            "what": value(number, "what", row.what),
            "opens": value(number, "start_time_local", row.start_time_local),
            "closes": value(number, "end_time_local", row.end_time_local),
            "name": value(number, "name", row.name) or "",
        }
        for number, row in enumerate(rows)
    ]
    refuse(errors)
    dates.stage(connection)
    dates.add(connection, [_stored(dates.owner, owner, row.date, one) for row, one in zip(rows, found, strict=True)])
    if contradictions := dates.contradictions(connection):
        raise InvalidParameters(f"{parameter} contradict each other: {'; '.join(contradictions)}")


def read(
    connection: Connection, dates: Dates, owner: int | str, *, as_known_at: datetime | None = None
) -> list[DatedRow]:
    """The known rows of an owner, in the order of their dates."""
    rows = connection.execute(
        text(
            "SELECT CAST(on_date AS text), what, CAST(opens AS text), CAST(closes AS text), nullif(name, '') "
            f"FROM {dates.table} WHERE {dates.owner} = :owner AND {known(as_known_at, named=TEXT)} "
            "ORDER BY on_date, what, opens"
        ),
        {"owner": owner, "as_known_at": as_known_at},
    )
    return [
        DatedRow(on, what, opens, closes, name) if what in {"hours", "minus"} else DatedRow(on, what, name=name)
        for on, what, opens, closes, name in rows
    ]


def _stored(column: str, owner: int | str, on: str, row: Mapping[str, Any]) -> dict[str, Any]:
    times = {name: None if row[name] is None else time_text(row[name]) for name in ("opens", "closes")}
    return {column: owner, "on_date": on, "what": row["what"], "name": row["name"], **times}
