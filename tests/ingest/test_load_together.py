"""Loads at the same time as other loads and as readers."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Barrier, Event

import numpy as np
import pytest
from sqlalchemy import text

from app.series import poll_reading
from app.series.entities import read_entities
from app.series.snapshots import take_snapshot
from app.storage.resources import Resources
from tests.conftest import load_file
from tests.engine import EPOCH
from tests.ingest.checking import small_blocks
from tests.kinds import source_of

MONDAY = datetime(2023, 1, 16, tzinfo=UTC)
STORES = 50


def polls_file(folder: Path, name: str, *, status: str, weeks: int, per_week: int) -> Path:
    """Polls of STORES stores, spread over some weeks, in the order of time."""
    path = folder / name
    step = timedelta(days=7) / per_week
    with path.open("w") as file:
        file.write("store_id,status,timestamp_utc\n")
        for number in range(weeks * per_week):
            file.write(f"{number % STORES},{status},{MONDAY + number * step:%Y-%m-%d %H:%M:%S.%f} UTC\n")
    return path


def counts(resources: Resources) -> tuple[int, int]:
    """Polls and active polls, as one snapshot sees them.

    READ COMMITTED plans with the partitions of one moment and reads with the snapshot of a later one.
    """
    with resources.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        row = connection.execute(text("SELECT count(*), count(*) FILTER (WHERE active) FROM poll")).one()
        return row[0], row[1]


def read_counts(resources: Resources, scope: poll_reading.Scope) -> tuple[int, int]:
    """The same as a report sees them."""
    with resources.engine.connect() as connection:
        entities = read_entities(connection, "store")
    seen: list[tuple[int, int]] = []
    with take_snapshot(resources.engine) as shown:
        poll_reading.read(
            source_of(resources),
            shown,
            entities,
            first=0,
            last=(datetime(2100, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1),
            scope=scope,
            connections=2,
            consume=lambda _, at, active: seen.append((len(at), int(np.count_nonzero(active)))),
            progress=lambda _: None,
        )
    return sum(block[0] for block in seen), sum(block[1] for block in seen)


def test_two_loads_that_name_the_same_new_stores_both_succeed(resources: Resources, tmp_path: Path) -> None:
    files = [
        polls_file(tmp_path, f"{status}.csv", status=status, weeks=2, per_week=2000)
        for status in ("active", "inactive")
    ]
    together = Barrier(2)

    def run(file: Path) -> int:
        together.wait()
        return load_file(resources, "polls", file).rows_read

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(run, files)) == [4000, 4000]
    total, active = counts(resources)
    assert total == 4000
    assert active in {0, 4000}  # one of them was the later one, in all rows
    with resources.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM entity")) == STORES


def test_loads_of_different_kinds_that_name_the_same_new_stores_all_succeed(
    resources: Resources, tmp_path: Path
) -> None:
    contents = {
        "polls": "store_id,status,timestamp_utc\n" + "".join(f"{n},active,2023-01-16T00:00:00Z\n" for n in range(500)),
        "hours": "store_id,day,start_time_local,end_time_local\n" + "".join(f"{n},0,09:00,17:00\n" for n in range(500)),
        "timezones": "store_id,timezone_str\n" + "".join(f"{n},UTC\n" for n in reversed(range(500))),
    }
    together = Barrier(len(contents))

    def run(kind: str) -> int:
        path = tmp_path / f"{kind}.csv"
        path.write_text(contents[kind])
        together.wait()
        return load_file(resources, kind, path).rows_read

    with ThreadPoolExecutor(len(contents)) as pool:
        assert list(pool.map(run, contents)) == [500, 500, 500]
    with resources.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM entity")).scalar_one() == 500
        assert connection.scalar(text("SELECT count(*) FROM entity_zone WHERE superseded_at IS NULL")) == 500
        assert connection.scalar(text("SELECT count(*) FROM hours_window WHERE superseded_at IS NULL")) == 500


def read_on(reading: Callable[[], tuple[int, int]], allowed: set[tuple[int, int]], stop: Event) -> int:
    """Read until told to stop and never see anything else; returns how often it read."""
    times = 0
    while not stop.is_set():
        assert reading() in allowed
        times += 1
    return times


def load_under_readers(
    resources: Resources, file: Path, scope: poll_reading.Scope, *, before: tuple[int, int], after: tuple[int, int]
) -> None:
    stop = Event()
    during: list[tuple[int, int]] = []
    # As reports read. A plain SELECT from all weeks may plan without the weeks that are attached in the moment in which
    # it begins, and see the rest of the same load: what Postgres tells of partitions comes after what it tells of rows.
    readings = [partial(read_counts, resources, scope)] * 2
    with ThreadPoolExecutor(len(readings)) as pool:
        readers = [pool.submit(read_on, reading, {before, after}, stop) for reading in readings]
        try:
            load_file(
                resources,
                "polls",
                file,
                progress=lambda _: during.append(read_counts(resources, scope)),
            )
        finally:
            stop.set()
        assert all(reader.result() > 0 for reader in readers)
    assert len(during) > 5
    assert set(during) == {before}
    assert counts(resources) == read_counts(resources, scope) == after


@pytest.mark.parametrize("scope", ["all", "range", "listed"])
def test_a_reader_sees_all_of_a_load_or_nothing(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scope: poll_reading.Scope
) -> None:
    small_blocks(monkeypatch, 50_000)
    monkeypatch.setattr(poll_reading, "SLICE_PAGES", 8)
    zones = tmp_path / "zones.csv"
    zones.write_text("store_id,timezone_str\n" + "".join(f"{number},UTC\n" for number in range(STORES)))
    load_file(resources, "timezones", zones)
    first = polls_file(tmp_path, "first.csv", status="active", weeks=2, per_week=6000)
    load_under_readers(resources, first, scope, before=(0, 0), after=(12_000, 12_000))
    more = polls_file(tmp_path, "more.csv", status="inactive", weeks=3, per_week=6000)
    load_under_readers(resources, more, scope, before=(12_000, 12_000), after=(18_000, 0))
