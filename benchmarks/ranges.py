"""Exact against hourly accounting, and the time and memory of a range of weeks, at polls every five minutes.

    python -m benchmarks.ranges --weeks 4 13 52 --stores 1000

The polls are copied straight into the partitions of Postgres, a file of one week after the other; 52 weeks of 1,000
stores are 105 million. Every report runs in a process of its own, below the memory limit of the settings.
"""

import argparse
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Engine, text

from app.embedded import postgres
from app.series.polls import partition_of
from app.settings import Settings
from app.storage.binary_copy import BOOLEAN, INTEGER, TIMESTAMPTZ, Arrays, Columns, write_columns
from app.storage.migrate import migrate
from app.storage.postgres import build_engine
from app.storage.resources import addresses
from app.timeline import HOUR, to_micros
from benchmarks.one_report import measured

#: A Monday.
BEGIN: Final = date(2023, 1, 2)

COLUMNS: Final[Columns] = {"at": TIMESTAMPTZ, "entity_id": INTEGER, "active": BOOLEAN}

#: Between two polls of a store, microseconds.
INTERVAL: Final = HOUR // 12

WEEK: Final = timedelta(days=7)

#: Stores whose polls of a week are copied at a time.
BLOCK: Final = 200

#: Of so many polls one begins an outage; it lasts for as many polls as OUTAGE.
RARE, OUTAGE = 2000, 7


def fill(engine: Engine, stores: int, weeks: range) -> None:
    """Make the stores, and their polls of these weeks, in order of store and time as a load leaves them."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO entity (kind, key) SELECT 'store', md5(n::text) FROM generate_series(1, :stores) AS n "
                "ON CONFLICT DO NOTHING"
            ),
            {"stores": stores},
        )
        ids = np.array(connection.scalars(text("SELECT id FROM entity WHERE kind = 'store' ORDER BY id")).all(), "i8")
    for week in weeks:
        with engine.begin() as connection:
            _week(connection, ids, BEGIN + week * WEEK)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _week(connection: Connection, ids: npt.NDArray[np.int64], monday: date) -> None:
    partition, end, first = partition_of(monday), monday + WEEK, datetime.combine(monday, datetime.min.time(), UTC)
    connection.execute(text(f"CREATE TABLE {partition} (LIKE poll INCLUDING DEFAULTS)"))
    write_columns(connection, partition, COLUMNS, _polls(ids, to_micros(first)))
    for statement in (
        f"ALTER TABLE {partition} ADD PRIMARY KEY (entity_id, at)",
        f"ALTER TABLE poll ATTACH PARTITION {partition} FOR VALUES FROM ('{monday} 00:00Z') TO ('{end} 00:00Z')",
        f"INSERT INTO poll_week SELECT '{monday}', min(at), max(at) FROM {partition}",
    ):
        connection.execute(text(statement))


def _polls(ids: npt.NDArray[np.int64], first: int) -> Iterator[Arrays]:
    """The polls of a week that begins at ``first``, some stores at a time."""
    dice = np.random.default_rng(first % 2**32)
    at = first + np.arange(0, 7 * 24 * HOUR, INTERVAL, dtype=np.int64)
    for start in range(0, len(ids), BLOCK):
        block = ids[start : start + BLOCK]
        begins = (dice.random((len(block), len(at))) < 1 / RARE).astype(np.int64)
        down = np.cumsum(begins, axis=1)
        down[:, OUTAGE:] -= down[:, :-OUTAGE].copy()  # down by those that began in the last polls
        yield {
            "at": np.tile(at, len(block)),
            "entity_id": np.repeat(block, len(at)),
            "active": down.reshape(-1) <= 0,
        }


def asked(weeks: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The reports that are measured, once there are so many weeks of polls."""
    end = datetime.combine(BEGIN + weeks * WEEK, datetime.min.time(), UTC)
    window = {"as_of": end, "lookback_hours": 96}
    whole = {**window, "from": BEGIN, "to": BEGIN + weeks * WEEK, "zone": "UTC"}
    for accounting in ("hourly", "exact"):
        yield f"windows, {accounting}", {**window, "accounting": accounting}
        yield f"{weeks} weeks by week, {accounting}", {**whole, "by": "week", "accounting": accounting}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weeks", type=int, nargs="+", default=[1, 4], help="ascending")
    parser.add_argument("--stores", type=int, default=1000)
    arguments = parser.parse_args()
    postgres.RIGHTS = "LOGIN CREATEDB"
    with TemporaryDirectory(prefix="openhours-bench-") as folder:
        settings = Settings(home=Path(folder), database_url=None, redis_url=None, s3_endpoint_url=None)
        with addresses(settings) as where:
            engine = build_engine(where.database_url, pool_size=1)
            migrate(engine)
            there = 0
            for weeks in arguments.weeks:
                fill(engine, arguments.stores, range(there, weeks))
                there = weeks
                spent = {}
                for name, params in asked(weeks):
                    one = measured(where.database_url, settings, params)
                    spent[name] = one.cpu_seconds
                    print(
                        f"{arguments.stores:,} stores, {name:<28} {one.seconds:7.1f} s {one.cpu_seconds:7.1f} s of "
                        f"processor {one.seconds / weeks:6.2f} s a week {one.peak_mib:6,} MiB {one.rows:9,} rows",
                        flush=True,
                    )
                for of in ("windows", f"{weeks} weeks by week"):
                    ratio = spent[f"{of}, exact"] / spent[f"{of}, hourly"]
                    print(f"{of}: exact takes {ratio:.2f} x the processor time of hourly (aim 1.5)", flush=True)
            engine.dispose()


if __name__ == "__main__":
    main()
