"""Weeks of polls that lie in the bucket, for tests of what reads them."""

from collections.abc import Collection
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import numpy as np
from sqlalchemy import insert, text, update

from app.series.polls import POLL_COLUMNS, partition_of
from app.series.sealed import format as sealed_format
from app.series.sealed.format import write
from app.series.tables import poll_week, sealed_entity, sealed_object
from app.storage.binary_copy import read_columns
from app.storage.resources import Resources
from app.timeline import from_micros


def weeks_of(resources: Resources) -> list[date]:
    """The Mondays of the weeks that have polls."""
    with resources.engine.connect() as connection:
        return list(connection.scalars(text("SELECT week FROM poll_week ORDER BY week")))


def seal(resources: Resources, weeks: Collection[date] | None = None) -> None:
    """Seal these weeks; None: all that have polls."""
    for monday in weeks_of(resources) if weeks is None else weeks:
        with TemporaryDirectory() as folder, resources.engine.begin() as connection:
            polls = read_columns(connection, POLL_COLUMNS, partition_of(monday), {})
            order = np.lexsort((polls["at"], polls["entity_id"]))
            polls = {
                name: column[order].astype(np.int8 if name == "active" else np.int64) for name, column in polls.items()
            }
            for number, file in enumerate(write([polls], Path(folder), file_bytes=sealed_format.FILE_BYTES)):
                key = f"sealed/{monday}/{uuid4().hex}/{number}.parquet"
                resources.object_store.put(file.path, key, media_type="application/vnd.apache.parquet")
                connection.execute(
                    insert(sealed_object).values(
                        key=key,
                        week=monday,
                        first_id=file.first_id,
                        last_id=file.last_id,
                        rows=file.rows,
                        bytes=file.bytes,
                        sha256=file.sha256,
                    )
                )
                totals = file.entities
                connection.execute(
                    insert(sealed_entity),
                    [
                        {
                            "week": monday,
                            "entity_id": one,
                            "rows": rows,
                            "first_at": from_micros(first),
                            "last_at": from_micros(last),
                        }
                        for one, rows, first, last in zip(
                            *(getattr(totals, name).tolist() for name in totals.__slots__), strict=True
                        )
                    ],
                )
            connection.execute(update(poll_week).where(poll_week.c.week == monday).values(sealed_at=text("now()")))
            connection.execute(text(f"DROP TABLE {partition_of(monday)}"))
