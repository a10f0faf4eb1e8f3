"""Dataset kind ``table``: a CSV of any columns, which stays as it is; roll-ups read it in place."""

from sqlalchemy import Connection, text

from app.ingest.kind import DatasetKind, Rows, WrongRow
from app.series import table_files
from app.series.table_files import TableFile


class TableLoading:
    """Writes where a table lies and where its rows begin."""

    def __init__(self, connection: Connection, dataset_id: str) -> None:
        self._connection = connection
        self._dataset_id = dataset_id
        self._file: TableFile | None = None

    def add(self, rows: Rows) -> None:
        """Nothing: the rows stay where they are."""

    def keep(self, file: TableFile) -> None:
        self._connection.execute(text("LOCK TABLE table_file IN SHARE ROW EXCLUSIVE MODE"))
        self._file = file

    def merge(self) -> int:
        if self._file is None:
            return 0
        table_files.put(self._connection, self._file)
        return self._file.rows

    def remove(self) -> int:
        return table_files.remove(self._connection, self._dataset_id)


TABLE = DatasetKind(
    name="table",
    summary="one row with any columns, for roll-ups",
    columns=(),
    loading=TableLoading,
    by_dataset=True,
    documentation="""
        A CSV with any columns and of any size, for the report kind `rollup`. Its header names each column once, with
        any text as the name; for a file without a header, `columns` gives the names. Only the format is checked: UTF-8,
        no NUL bytes, closed quotation marks, and as many fields in each row as in the header. The content of fields is
        not checked: `NULL`, `NA`, `007`, an empty field and outer spaces are text like any other. A field may be as
        long as a row may be (`OPENHOURS_MAX_ROW_BYTES`); an uploaded file as large as `OPENHOURS_MAX_UPLOAD_BYTES`, and
        any file, unpacked, as `OPENHOURS_MAX_UNPACKED_BYTES`.

        The rows are not stored in the database: the file in the raw layer is the data, and stays as long as the dataset
        does. For a plain file, the check records the beginning of a row about every 64 MB, so that parts of it can be
        read in parallel; a gzip file is always read from its beginning. With `skip_rows`, rows with too many or too few
        fields are skipped each time the file is read. Removing the dataset removes the file, with or without
        `rows=true`. A `mapping` does not apply.
    """,
    wrong=WrongRow("row", "Umbrella,2020-01-02", "wrong_width"),
    example="Song,Date,Number of Plays\nUmbrella,2020-01-02,200\n",
)
