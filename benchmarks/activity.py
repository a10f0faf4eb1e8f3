"""The time of a late day, of an answer and of a report on installs of many projects over years.

    python -m benchmarks.activity --projects 1000 --days 1095

Rows of the days before are written by Postgres itself; the late day is a file that is loaded as any other.
"""

import argparse
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from sqlalchemy import Connection, Engine, text

from app.files.memory import peak_bytes
from app.flow.activity import Counted, timeline, total, whole_months
from app.ids import new_id
from app.ingest.load import load
from app.ingest.policy import Policy
from app.ingest.registry import DATASET_KINDS
from app.ingest.source import FileSource
from app.jobs.kind import JobContext
from app.reports.kinds.activity import ACTIVITY
from app.series import activity
from app.series.entities import PROJECT
from app.settings import Settings
from app.storage.migrate import migrate
from app.storage.object_store import StoreAddress
from app.storage.postgres import build_engine
from app.storage.resources import addresses

LAST = date(2024, 11, 30)
NOW = datetime(2024, 12, 2, 12, tzinfo=UTC)

#: What an installer and its version say of the class, one line for each.
INSTALLERS = ("pip,24.2,", "pip,18.0,", "pip,24.2,true", "bandersnatch,6.0,", "Browser,,")

ROUNDS = 5


def fill(connection: Connection, projects: int, days: int) -> None:
    """Rows of all projects, days and classes, and the days in the ledger."""
    first = LAST - timedelta(days=days - 1)
    of: dict[str, Any] = {"projects": projects, "first": first, "last": LAST, "dataset": "0" * 32}
    each_day = "generate_series(CAST(:first AS date), CAST(:last AS date), '1 day') day"
    classes = "unnest(ARRAY['person', 'unknown_ci', 'ci', 'mirror', 'other']) class"
    for statement in (
        "INSERT INTO entity (kind, key) SELECT 'project', 'project-' || n FROM generate_series(1, :projects) n",
        f"INSERT INTO install_day SELECT id, 'files', day, class, 1 + id % 100 FROM entity, {each_day}, {classes}",
        f"INSERT INTO source_day (source, told_of, day, dataset_id) SELECT 'files', 0, day, :dataset FROM {each_day}",
    ):
        connection.execute(text(statement), of)


def write_day(path: Path, projects: int, day: date) -> None:
    """A file of one day."""
    with path.open("w") as file:
        file.write("project,date,count,installer,installer_version,ci\n")
        for number in range(1, projects + 1):
            file.writelines(f"project-{number},{day},7,{one}\n" for one in INSTALLERS)


def answer(engine: Engine, number: int) -> float:
    """Seconds of reading and counting what is known of a project, with three years of months."""
    began = perf_counter()
    with engine.connect() as connection:
        subject = activity.find(connection, PROJECT, f"project-{number}")
        counted = activity.read(connection, subject, as_of=NOW).counted if subject else Counted({}, {})
    months = timeline(counted, whole_months(NOW.date(), 36))
    took = perf_counter() - began
    if not total(counted) or any(one.counts is None for one in months[1:]):
        raise SystemExit(f"project-{number} has no figures")
    return took


def report(database_url: str, folder: Path, by: str) -> tuple[float, float]:
    """Seconds and peak memory, MiB, of a report on three years of all projects, in a process of its own."""
    engine = build_engine(database_url, pool_size=2)
    context = JobContext(
        engine=engine,
        settings=Settings(),
        store=StoreAddress("", "", "", access_key="", secret_key=""),
        folder=folder,
        prefix="",
        progress=lambda *_: None,
        job_id="0" * 32,
        fence=lambda _: None,
    )
    began = perf_counter()
    ACTIVITY.produce(context, ACTIVITY.params.model_validate({"by": by, "months": 36, "as_of": NOW}))
    took = perf_counter() - began
    engine.dispose()
    return took, peak_bytes() / (1 << 20)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--projects", type=int, default=1000)
    parser.add_argument("--days", type=int, default=1095)
    arguments = parser.parse_args()
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory(prefix="openhours-bench-")))
        where = stack.enter_context(addresses(own_servers(home)))
        engine = build_engine(where.database_url, pool_size=4)
        stack.callback(engine.dispose)
        migrate(engine)
        with engine.begin() as connection:
            fill(connection, arguments.projects, arguments.days)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
            rows = connection.scalar(text("SELECT count(*) FROM install_day"))
        print(f"{arguments.projects:,} projects, {arguments.days:,} days, {rows:,} rows")
        path, took = home / "day.csv", []
        for number in range(ROUNDS):
            write_day(path, arguments.projects, LAST - timedelta(days=100 + number))
            began = perf_counter()
            load(engine, DATASET_KINDS["installs"], FileSource(path), now=NOW, dataset_id=new_id(NOW), policy=Policy())
            took.append(perf_counter() - began)
        print(f"a late day, from the file to its figures: median {median(took):.2f} s (aim 2 s)")
        took = [answer(engine, number % arguments.projects + 1) for number in range(200)]
        print(f"an answer: median {1000 * median(took):.1f} ms, p95 {1000 * sorted(took)[189]:.1f} ms (aim 10 ms)")
        for by in ("month", "day"):
            (home / by).mkdir()
            with get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
                seconds, peak = pool.apply(report, (where.database_url, home / by, by))
            print(f"a report by {by}, with charts: {seconds:.1f} s, {peak:.0f} MiB (aim 5 s, 500 MB)")


def own_servers(home: Path) -> Settings:
    """Settings of a home of its own."""
    return Settings(home=home, database_url=None, redis_url=None, s3_endpoint_url=None)


if __name__ == "__main__":
    main()
