"""A Parquet file that is longer than what is looked at of a text."""

from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq


def polls_as_parquet(rows: int = 10_000) -> bytes:
    """Polls of as many stores, under the names of the columns."""
    table = pa.table(
        {
            "store_id": [f"store-{number}" for number in range(rows)],
            "status": ["active"] * rows,
            "timestamp_utc": ["2024-11-01T00:00:00Z"] * rows,
        }
    )
    target = BytesIO()
    pq.write_table(table, target, compression="none")
    return target.getvalue()
