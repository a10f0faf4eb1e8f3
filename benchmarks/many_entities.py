"""Time and peak memory of an uptime report by its number of stores, each with one poll.

    python -m benchmarks.many_entities --stores 100000 300000 1000000

The stores are made by SQL. Every report runs in a process of its own, below the memory limit of the settings.
"""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import Engine, text

from app.embedded import postgres
from app.settings import Settings
from app.storage.migrate import migrate
from app.storage.postgres import build_engine
from app.storage.resources import addresses
from benchmarks.one_report import measured

AS_OF: Final = datetime(2023, 1, 25, 18, 13, 22, tzinfo=UTC)

#: A third of the stores has hours on each weekday, as in a real log; every one has a poll within its week.
_STATEMENTS: Final = (
    "DROP TABLE IF EXISTS poll_2023_01_23",
    "TRUNCATE entity, poll_week RESTART IDENTITY CASCADE",
    "INSERT INTO entity (kind, key) SELECT 'store', md5(n::text) FROM generate_series(1, {stores}) AS n",
    """INSERT INTO hours_window (entity_id, weekday, opens, closes, recorded_at)
    SELECT id, day, '09:00', '17:00', now() FROM entity, generate_series(0, 6) AS day WHERE id % 3 = 0""",
    """CREATE TABLE poll_2023_01_23 AS
    SELECT timestamptz '2023-01-23 17:00Z' + id % 40 * interval '1 hour' AS at, id AS entity_id, id % 5 > 0 AS active
    FROM entity ORDER BY id""",
    "ALTER TABLE poll_2023_01_23 ADD PRIMARY KEY (entity_id, at), ALTER active SET NOT NULL, ALTER at SET NOT NULL",
    "ALTER TABLE poll ATTACH PARTITION poll_2023_01_23 FOR VALUES FROM ('2023-01-23 00:00Z') TO ('2023-01-30 00:00Z')",
    "INSERT INTO poll_week SELECT '2023-01-23', min(at), max(at) FROM poll_2023_01_23",
)


def fill(engine: Engine, stores: int) -> None:
    """Make so many stores with hours and polls, in place of those that are there."""
    with engine.begin() as connection:
        for statement in _STATEMENTS:
            connection.execute(text(statement.format(stores=stores)))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE entity, hours_window, poll"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stores", type=int, nargs="+", default=[100_000, 300_000])
    arguments = parser.parse_args()
    postgres.RIGHTS = "LOGIN CREATEDB"
    with TemporaryDirectory(prefix="openhours-bench-") as folder:
        settings = Settings(home=Path(folder), database_url=None, redis_url=None, s3_endpoint_url=None)
        with addresses(settings) as where:
            engine = build_engine(where.database_url, pool_size=1)
            migrate(engine)
            for stores in arguments.stores:
                fill(engine, stores)
                for params in ({}, {"charts": True}, {"hourly": True}, {"charts": True, "hourly": True}):
                    named = " and ".join(params) or "uptime.csv alone"
                    try:
                        one = measured(where.database_url, settings, {"as_of": AS_OF, **params})
                    except Exception as error:  # noqa: BLE001 - the next report is measured, whatever this one ran into
                        print(f"{stores:>9,} stores, {named:<20} {type(error).__name__}", flush=True)
                        continue
                    print(
                        f"{stores:>9,} stores, {named:<20} {one.seconds:7.1f} s {one.peak_mib:6,} MiB"
                        f" {one.file_bytes / 1e6:7,.0f} MB of files",
                        flush=True,
                    )
            engine.dispose()


if __name__ == "__main__":
    main()
