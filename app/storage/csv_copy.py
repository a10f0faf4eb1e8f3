"""COPY of rows of any type into Postgres, nulls included; binary_copy.py is faster where all have a fixed width."""

import io

import pyarrow as pa
import pyarrow.csv as arrow_csv
from sqlalchemy import Connection

from app.storage.postgres import driver_cursor


def copy_rows(connection: Connection, table: str, rows: pa.Table) -> None:
    """Append the rows to the columns of ``table`` with the same names.

    Arrow writes a null as nothing, and an empty text as ``""``, which is how Postgres tells them apart.
    """
    written = io.BytesIO()
    arrow_csv.write_csv(rows, written, arrow_csv.WriteOptions(include_header=False))
    written.seek(0)
    with driver_cursor(connection) as cursor:
        cursor.copy_expert(f"COPY {table} ({', '.join(rows.column_names)}) FROM STDIN (FORMAT csv)", written)
