"""Exact against hourly accounting, the time and memory of ranges of weeks, and explaining one store of them.

    python -m benchmarks.ranges --weeks 4 13 52

Stores are polled every five minutes, as ``demo-data --interval-minutes 5`` makes their log; its polls are copied
straight into partitions, each as a load leaves it. 52 weeks of 1,000 stores are 103 million, and take 9 GB in the
folder of temporary files. With ``--home`` they stay in a folder, and the next run makes only what is missing.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, text

from app.demo_data.files import CHUNK, write
from app.demo_data.polls import PollLog
from app.demo_data.stores import store_ids
from app.ingest.load import load
from app.ingest.registry import DATASET_KINDS
from app.ingest.source import FileSource
from app.series.polls import partition_of
from app.settings import Settings
from app.storage.binary_copy import BOOLEAN, INTEGER, TIMESTAMPTZ, Arrays, Columns, write_columns
from app.storage.migrate import migrate
from app.storage.postgres import build_engine
from app.storage.resources import addresses
from app.timeline import Micros
from benchmarks.accounting import Asked, compare, explain
from benchmarks.bench import served

#: The Monday before which all ranges end.
END: Final = date(2024, 12, 30)

#: How often each store is polled, minutes.
INTERVAL: Final = 5

SEED: Final = 1

#: Weeks that are made at the same time.
PROCESSES: Final = 2

#: Polls that are copied at a time.
BLOCK: Final = 200_000

COLUMNS: Final[Columns] = {"at": TIMESTAMPTZ, "entity_id": INTEGER, "active": BOOLEAN}


def fill(url: str, stores: int, weeks: int, folder: Path) -> None:
    """Make the weeks before the end that are not there yet; with the first also hours and zones of the stores."""
    engine = build_engine(url, pool_size=1)
    with engine.begin() as connection:
        there = connection.scalar(text("SELECT count(*) FROM poll_week")) or 0
        keys = [str(key) for key in store_ids(SEED, stores)]
        connection.execute(
            text("INSERT INTO entity (kind, key) SELECT 'store', unnest(:keys) ON CONFLICT DO NOTHING"), {"keys": keys}
        )
    if not there:
        for file in write(folder, stores=stores, days=1, seed=SEED, end=END)[:2]:
            load(engine, DATASET_KINDS[file.path.stem], FileSource(file.path), now=datetime.now(UTC))
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        for future in [pool.submit(fill_week, url, stores, week) for week in range(there, weeks)]:
            future.result()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def fill_week(url: str, stores: int, week: int) -> None:
    """Copy one week of polls into a partition, in order of store and time as a load leaves them."""
    engine = build_engine(url, pool_size=1)
    with engine.begin() as connection:
        _attach(connection, END - timedelta(weeks=week + 1), week_of_polls(connection, stores, week))
    engine.dispose()


def week_of_polls(connection: Connection, stores: int, week: int) -> Arrays:
    """The polls of a week, the last before the end being 0, by store and time."""
    keys = store_ids(SEED, stores)
    log = PollLog(SEED, keys, END, interval_minutes=INTERVAL)
    cells = 7 * log.cells_a_day
    rows = connection.execute(text("SELECT key, id FROM entity WHERE kind = 'store'")).all()
    id_of = dict(map(tuple, rows))
    ids = np.array([id_of[str(key)] for key in keys])
    parts = [
        log.polls(first, min(first + CHUNK, (week + 1) * cells))
        for first in range(week * cells, (week + 1) * cells, CHUNK)
    ]
    store, at, active = (np.concatenate(column) for column in zip(*parts, strict=True))
    return _in_order(ids[store], at, active)


def _in_order(entity: npt.NDArray[np.int64], at: Micros, active: npt.NDArray[np.bool_]) -> Arrays:
    """Polls by store and time; of two at the same instant the later line."""
    order = np.lexsort((at, entity))
    entity, at, active = entity[order], at[order], active[order]
    last = np.append((entity[1:] != entity[:-1]) | (at[1:] != at[:-1]), True)
    return {"at": at[last], "entity_id": entity[last], "active": active[last]}


def _attach(connection: Connection, monday: date, polls: Arrays) -> None:
    partition, end = partition_of(monday), monday + timedelta(weeks=1)
    connection.execute(text(f"CREATE TABLE {partition} (LIKE poll INCLUDING DEFAULTS)"))
    blocks = (
        {name: column[first : first + BLOCK] for name, column in polls.items()}
        for first in range(0, len(polls["at"]), BLOCK)
    )
    write_columns(connection, partition, COLUMNS, blocks)
    for statement in (
        f"ALTER TABLE {partition} ADD PRIMARY KEY (entity_id, at)",
        f"ALTER TABLE poll ATTACH PARTITION {partition} FOR VALUES FROM ('{monday} 00:00Z') TO ('{end} 00:00Z')",
        f"INSERT INTO poll_week SELECT '{monday}', min(at), max(at) FROM {partition}",
    ):
        connection.execute(text(statement))


def asked(weeks: int) -> list[Asked]:
    """The reports that are measured once there are so many weeks of polls."""
    window = {"as_of": datetime.combine(END, datetime.min.time(), UTC).isoformat(), "lookback_hours": 96}
    whole = {"from": str(END - timedelta(weeks=weeks)), "to": str(END), "zone": "UTC", "by": "week"}
    return [("the last week", window), (f"{weeks} weeks", {**window, **whole})]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weeks", type=int, nargs="+", default=[1, 4], help="ascending")
    parser.add_argument("--stores", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--home", type=Path, help="folder in which the polls stay; default: none stay")
    parser.add_argument("--port", type=int, default=18767)
    arguments = parser.parse_args()
    with ExitStack() as stack:
        home = arguments.home or Path(stack.enter_context(TemporaryDirectory(prefix="openhours-bench-")))
        settings = Settings(home=home, database_url=None, redis_url=None, s3_endpoint_url=None)
        where = stack.enter_context(addresses(settings))
        engine = build_engine(where.database_url, pool_size=2)
        stack.callback(engine.dispose)
        migrate(engine)
        for weeks in arguments.weeks:
            begin = perf_counter()
            with TemporaryDirectory(prefix="openhours-bench-") as folder:
                fill(where.database_url, arguments.stores, weeks, Path(folder))
            filled = perf_counter() - begin
            with engine.connect() as connection:
                polls = connection.scalar(text("SELECT count(*) FROM poll"))
            print(f"\n{arguments.stores:,} stores, {weeks} weeks, {polls:,} polls; made in {filled:.0f} s")
            compare(where.database_url, settings, asked(weeks), arguments.rounds)
            with served(where.database_url, home, arguments.port) as (client, _):
                explain(client, asked(weeks))


if __name__ == "__main__":
    main()
