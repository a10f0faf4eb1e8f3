"""Files of kind ``table`` that are ready: where the bytes of each lie, and where rows begin in them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert

from app.series.tables import table_file


class Start(NamedTuple):
    """Where a row begins.

    Attributes:
        offset: bytes before it in the file; of a gzip file, in what it unpacks to, without a byte order mark.
        line: of the row, counted from 1.
    """

    offset: int
    line: int


@dataclass(frozen=True, slots=True)
class TableFile:
    """A table that was checked; its raw object is the data.

    Attributes:
        raw_key: where its bytes are in S3.
        name: of the file, for messages.
        is_packed: gzip.
        bytes: as they lie in S3.
        sha256: of those bytes, hexadecimal.
        columns: names in the header, in order, as they stand there.
        starts: of the first row, and of a row about every 64 MB; only the first one of a gzip file, or of a file
            without rows.
        rows: that have as many fields as the header.
    """

    dataset_id: str
    raw_key: str
    name: str
    is_packed: bool
    bytes: int
    sha256: str
    columns: tuple[str, ...]
    starts: tuple[Start, ...]
    rows: int

    def ranges(self) -> list[tuple[Start, int | None]]:
        """Parts of the file that can be read apart: where each begins, and the offset at which it ends.

        None is the end of a gzip file, whose plain size is not known.
        """
        ends = [*(start.offset for start in self.starts[1:]), None if self.is_packed else self.bytes]
        return list(zip(self.starts, ends, strict=True))


def find(connection: Connection, dataset_ids: Sequence[str]) -> dict[str, TableFile]:
    """Those of these datasets that are tables and ready, by their ids."""
    found = connection.execute(select(table_file).where(table_file.c.dataset_id.in_(dataset_ids))).mappings()
    return {row["dataset_id"]: _file(**row) for row in found}


def find_named(connection: Connection, names: Sequence[str]) -> dict[str, list[TableFile]]:
    """The tables that are ready whose files have these names, by name; several files may have the same."""
    found: dict[str, list[TableFile]] = {}
    query = select(table_file).where(table_file.c.name.in_(names)).order_by(table_file.c.dataset_id)
    for row in connection.execute(query).mappings():
        found.setdefault(row["name"], []).append(_file(**row))
    return found


def names(connection: Connection, *, limit: int = 1000) -> list[str]:
    """Names of tables that are ready, each once."""
    return list(connection.scalars(select(table_file.c.name).distinct().order_by(table_file.c.name).limit(limit)))


def put(connection: Connection, file: TableFile) -> None:
    """Write a table, in place of what is known of its dataset."""
    statement = insert(table_file).values(asdict(file))
    connection.execute(
        statement.on_conflict_do_update(index_elements=[table_file.c.dataset_id], set_=dict(statement.excluded))
    )


def remove(connection: Connection, dataset_id: str) -> int:
    """Forget a table; returns the number of its rows, 0 if there is none."""
    statement = delete(table_file).where(table_file.c.dataset_id == dataset_id).returning(table_file.c.rows)
    return connection.scalar(statement) or 0


def _file(*, columns: list[str], starts: list[list[int]], **others: object) -> TableFile:
    return TableFile(columns=tuple(columns), starts=tuple(Start(*start) for start in starts), **others)  # type: ignore[arg-type]  # the table has these columns
