"""Weeks of polls for tests, and what the series says of them wherever it keeps them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from app.ingest.load import load, unload
from app.ingest.registry import DATASET_KINDS
from app.ingest.source import FileSource
from app.series.sealed import records
from app.series.sealed.reading import EVERYONE, read
from app.series.sealed.seal import Result, Sealing, seal
from app.storage.resources import Resources
from app.timeline import from_micros
from tests.conftest import NOW

FIRST, SECOND = date(2023, 1, 16), date(2023, 1, 23)

#: Store, status and instant.
Poll = tuple[str, str, datetime]

STATUSES = ("inactive", "active", "unknown")


def at(monday: date, minutes: float) -> datetime:
    return datetime(monday.year, monday.month, monday.day, tzinfo=UTC) + timedelta(minutes=minutes)


def some_polls(*, stores: int = 4, each: int = 30) -> list[Poll]:
    """Polls of two weeks, of each status."""
    return [
        (f"store {store}", STATUSES[(store + poll) % 3], at(week, 7 * poll + store))
        for week in (FIRST, SECOND)
        for store in range(stores)
        for poll in range(each)
    ]


def file_of(polls: Sequence[Poll], path: Path) -> Path:
    rows = (f"{store},{status},{when:%Y-%m-%d %H:%M:%S.%f} UTC\n" for store, status, when in polls)
    path.write_text("store_id,status,timestamp_utc\n" + "".join(rows))
    return path


def bring(resources: Resources, polls: Sequence[Poll], folder: Path) -> None:
    source = FileSource(file_of(polls, folder / "polls.csv"))
    load(resources.engine, DATASET_KINDS["polls"], source, now=NOW, store=resources.object_store)


def take_out(resources: Resources, polls: Sequence[Poll], folder: Path) -> int:
    source = FileSource(file_of(polls, folder / "polls.csv"))
    return unload(resources.engine, DATASET_KINDS["polls"], source, now=NOW, store=resources.object_store)


def seal_week(
    resources: Resources, monday: date, folder: Path, *, run_id: str = "run", tries: int = 1, **options: Any
) -> Result:
    run = Sealing(resources.engine, resources.object_store, folder, **options)
    return seal(run, monday, run_id=run_id, tries=tries)


def sealed(resources: Resources) -> list[date]:
    with resources.engine.connect() as connection:
        return records.sealed_weeks(connection)


def kept(resources: Resources) -> list[Poll]:
    """Every poll of the series, sorted; in a partition, or in the files that count."""
    with resources.engine.connect() as connection:
        keys = {row.id: row.key for row in connection.execute(text("SELECT id, key FROM entity"))}
        rows = connection.execute(text("SELECT entity_id, coalesce(active::int, 2), at FROM poll"))
        found = [(keys[entity], STATUSES[status], when) for entity, status, when in rows]
        for monday in records.sealed_weeks(connection):
            for file in records.files_of(connection, monday):
                for block in read(resources.object_store, file, [EVERYONE]):
                    columns = (block[name].tolist() for name in ("entity_id", "active", "at"))
                    found += [(keys[e], STATUSES[s], from_micros(m)) for e, s, m in zip(*columns, strict=True)]
    return sorted(found)


def in_bucket(resources: Resources) -> list[str]:
    return [item.key for page in resources.object_store.pages(records.PREFIX) for item in page]
