"""The tables that a report asks for: found by id or file name, with the columns that it needs."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, select

from app.errors import TableRemoved
from app.ids import is_id
from app.jobs.records import OUTSTANDING
from app.jobs.tables import job
from app.reports.refusals import refused
from app.series import table_files
from app.series.table_files import TableFile
from app.wording.suggestions import suggestions
from app.wording.wrong_values import WrongValue, invalid_parameters

#: Names that an error lists.
SHOWN: Final = 20

_ALLOWED: Final = "the id or the file name of a dataset of kind table that is loaded"


def find_tables(connection: Connection, parameter: str, asked: Sequence[str]) -> list[TableFile]:
    """The tables of these ids or file names, in order.

    Raises:
        InvalidParameters: a table is not there or is being removed, or a name means several, or two mean the same.
    """
    by_id = table_files.find(connection, [one for one in asked if is_id(one)])
    by_name = table_files.find_named(connection, [one for one in asked if one not in by_id])
    found = [by_id[one] if one in by_id else _named(connection, parameter, one, by_name.get(one, ())) for one in asked]
    first: dict[str, str] = {}
    for one, table in zip(asked, found, strict=True):
        if table.dataset_id in first:
            raise refused(parameter, one, f"is the same table as {first[table.dataset_id]!r}; name it once")
        first[table.dataset_id] = one
    if leaving := _being_removed(connection, list(first)):
        raise refused(parameter, first[leaving[0]], "is being removed", allowed=_ALLOWED)
    return found


def still_there(connection: Connection, dataset_ids: Sequence[str]) -> list[TableFile]:
    """The tables of these ids, in order, for a report that was accepted when all were there.

    Raises:
        TableRemoved: one of them is gone, or goes.
    """
    found = table_files.find(connection, dataset_ids)
    leaving = _being_removed(connection, dataset_ids)
    for one in dataset_ids:
        if one not in found or one in leaving:
            raise TableRemoved.of(one)
    return [found[one] for one in dataset_ids]


def _being_removed(connection: Connection, dataset_ids: Sequence[str]) -> list[str]:
    """Those of these datasets whose rows a job takes out, or is going to."""
    of_job = job.c.params["dataset_id"].astext
    query = select(of_job).where(
        job.c.status.in_(OUTSTANDING), job.c.params["action"].astext == "unload", of_job.in_(dataset_ids)
    )
    return list(connection.scalars(query))


def _named(connection: Connection, parameter: str, name: str, found: Sequence[TableFile]) -> TableFile:
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(table.dataset_id for table in found[:SHOWN])
        raise refused(parameter, name, f"is the name of {len(found)} tables; name one by its id", allowed=ids)
    nearest = suggestions(name, table_files.names(connection))
    wrong = WrongValue(
        parameter=parameter, received=name, reason="is not a loaded table", allowed=_ALLOWED, nearest=nearest
    )
    raise invalid_parameters([wrong])


def require_columns(tables: Sequence[TableFile], wanted: Mapping[str, Sequence[str]]) -> None:
    """Refuse columns that one of the tables does not have; ``wanted`` has them by the parameter that names them.

    Raises:
        InvalidParameters: there are such; each with similar ones of its table.
    """
    wrong = [
        WrongValue(
            parameter=parameter,
            received=column,
            reason=f"is not a column of {table.name} ({table.dataset_id})",
            allowed=table.columns[:SHOWN],
            nearest=suggestions(column, table.columns),
        )
        for table in tables
        for parameter, columns in wanted.items()
        for column in columns
        if column not in table.columns
    ]
    if wrong:
        raise invalid_parameters(wrong)
