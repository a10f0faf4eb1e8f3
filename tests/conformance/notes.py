"""A made-up dataset kind, which shows that a file and a registry line are all it takes."""

from sqlalchemy import Connection, text

from app.ingest.column_types import INSTANT, KEY
from app.ingest.kind import Column, DatasetKind, Rows, WrongRow


class NoteLoading:
    """Rows of the made-up kind: a table of keys, each once."""

    def __init__(self, connection: Connection, _: str) -> None:
        self._connection = connection
        self._keys: list[str] = []
        connection.execute(text("CREATE TABLE IF NOT EXISTS note (key text PRIMARY KEY)"))

    def add(self, rows: Rows) -> None:
        if len(rows):
            self._keys += rows.columns["note"].array().tolist()

    def merge(self) -> int:
        insert = text("INSERT INTO note SELECT unnest(CAST(:keys AS text[])) ON CONFLICT DO NOTHING")
        self._connection.execute(insert, {"keys": self._keys})
        return len(set(self._keys))

    def remove(self) -> int:
        delete = text("DELETE FROM note WHERE key = ANY(:keys)")
        return self._connection.execute(delete, {"keys": self._keys}).rowcount


NOTES = DatasetKind(
    name="notes",
    summary="one row per note",
    columns=(
        Column("note", KEY, example="hello", aliases=("text",)),
        Column("at", INSTANT, example="2023-01-22 12:09:39 UTC", required=False),
    ),
    loading=NoteLoading,
    instant="at",
    documentation="A note. Of rows that repeat a note one counts.",
    wrong=WrongRow("note", "", "empty"),
)
