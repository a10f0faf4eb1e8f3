"""How long the views of dashboards take to refresh, and each panel to be answered, at the size of an organisation.

    python -m benchmarks.dashboards --repositories 200 --pulls 60000 --runs 400000 --commits 400000 --stores 500

Two years of pull requests, of runs of CI for their heads, and of commits are written by Postgres itself; polls are a
file of eight weeks that is loaded as any other. Each refresh is a process of its own, as a job is, and its peak is what
it held of memory at most. Panels are those of deploy/grafana, over two years, with everything chosen.
"""

import argparse
import json
import re
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

from sqlalchemy import Connection, Engine, text

from app.dashboards.refresh import Refreshed, refresh
from app.files.memory import peak_bytes
from app.files.without_pandas import keep_pandas_out
from app.ingest.load import load
from app.ingest.registry import DATASET_KINDS
from app.ingest.source import FileSource
from app.jobs.kind import JobContext
from app.settings import Settings
from app.storage.object_store import StoreAddress
from app.storage.resources import addresses
from benchmarks.bench import database, engine_of, row, timed

NOW: Final = datetime(2024, 12, 2, 12, tzinfo=UTC)
DAYS: Final = 730
WEEKS: Final = 8
ROUNDS: Final = 5

BOARDS: Final = Path(__file__).parent.parent / "deploy" / "grafana" / "dashboards"

#: The aims: of a refresh of everything but uptime, and of a panel, seconds.
REFRESH_SECONDS: Final = 10.0
PANEL_SECONDS: Final = 0.5

_FILL: Final = (
    "INSERT INTO entity (kind, key) SELECT 'repository', 'acme/' || n FROM generate_series(1, :repositories) n",
    "INSERT INTO entity (kind, key) SELECT 'team', 'team ' || n FROM generate_series(1, 20) n",
    """
    INSERT INTO pull_request (repo_id, number, team_id, author, head_sha, additions, deletions, created_at,
        first_commit_at, first_review_at, approved_at, merged_at, closed_at)
    SELECT repos[1 + n % :repositories], n, teams[1 + n % 20], 'author ' || n % 300, 'sha ' || n, n % 700, n % 90, at,
        at - n % 90 * interval '1 hour', at + n % 50 * interval '1 hour', at + n % 70 * interval '2 hours',
        CASE WHEN n % 20 > 0 THEN at + n % 70 * interval '3 hours' END,
        CASE WHEN n % 20 > 0 THEN at + n % 70 * interval '3 hours' END
    FROM generate_series(1, :pulls) n,
        LATERAL (SELECT CAST(:first AS timestamptz) + n * interval '1 day' * :days / :pulls AS at) created,
        (SELECT array_agg(id) FILTER (WHERE kind = 'repository') AS repos,
            array_agg(id) FILTER (WHERE kind = 'team') AS teams FROM entity) entities
    """,
    """
    INSERT INTO workflow_run (repo_id, run_id, attempt, workflow, event, head_sha, status, conclusion, created_at,
        started_at, updated_at)
    SELECT repo_id, n, 1, 'workflow ' || n % 3, 'pull_request', head_sha, 'completed',
        CASE WHEN n % 9 = 0 THEN 'failure' ELSE 'success' END, begun, begun, begun + interval '10 minutes'
    FROM generate_series(1, :runs) n JOIN pull_request ON number = 1 + n % :pulls,
        LATERAL (SELECT created_at + (1 + n / :pulls) * interval '20 minutes' AS begun) run
    """,
    """
    INSERT INTO workflow_job (repo_id, job_id, run_id, attempt, name, conclusion, created_at, started_at, completed_at)
    SELECT repo_id, run_id, run_id, 1, 'test', conclusion, created_at, created_at + run_id % 90 * interval '1 second',
        updated_at
    FROM workflow_run
    """,
    """
    INSERT INTO review (repo_id, review_id, number, reviewer, state, submitted_at)
    SELECT repo_id, 2 * number + n, number, 'author ' || (number + n) % 300,
        CASE WHEN n = 0 THEN 'CHANGES_REQUESTED' ELSE 'APPROVED' END, created_at + (1 + n) * interval '5 hours'
    FROM pull_request, generate_series(0, 1) n
    """,
    """
    INSERT INTO commit (dataset_id, repo_id, sha, authored_at, committed_at)
    SELECT repeat('0', 32), repos[1 + n % :repositories], CAST(n AS text), at, at
    FROM generate_series(1, :commits) n,
        LATERAL (SELECT CAST(:first AS timestamptz) + n * interval '1 day' * :days / :commits AS at) made,
        (SELECT array_agg(id) AS repos FROM entity WHERE kind = 'repository') entities
    """,
    """
    INSERT INTO deployment (repo_id, deployment_id, environment, sha, created_at, succeeded_at)
    SELECT repo_id, row_number() OVER (), 'production', sha, committed_at, committed_at + interval '9 minutes'
    FROM commit WHERE CAST(sha AS integer) % 20 = 0
    """,
    "INSERT INTO repo_seen (entity_id, until) SELECT id, :now FROM entity WHERE kind = 'repository'",
    "ANALYZE",
)


def write_polls(path: Path, stores: int) -> None:
    """Hourly polls of the last weeks, one of fifty down."""
    with path.open("w") as file:
        file.write("store_id,status,timestamp_utc\n")
        for hour in range(WEEKS * 7 * 24):
            at = f"{NOW - timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ}\n"
            file.writelines(
                f"{store},{'inactive' if (store + hour) % 50 == 0 else 'active'},{at}" for store in range(stores)
            )


def context_of(engine: Engine, folder: Path) -> JobContext:
    """What a job would be given."""
    return JobContext(
        engine=engine,
        settings=Settings(),
        store=StoreAddress("", "", "", access_key="", secret_key=""),
        folder=folder,
        prefix="",
        progress=lambda *_: None,
        job_id="",
        fence=lambda _: None,
    )


@dataclass(frozen=True, slots=True)
class Took:
    """A refresh: what it did, how long it took, and the memory that its process held at most."""

    done: Refreshed
    seconds: float
    peak_mib: int

    @property
    def shown(self) -> str:
        return f"{self.seconds:.1f} s, {self.peak_mib} MiB"


def refresh_here(url: str, folder: Path, now: datetime) -> Took:
    keep_pandas_out()  # as the process of a job does
    with engine_of(url) as engine:
        began = perf_counter()
        done = refresh(context_of(engine, folder), now=now)
        took = perf_counter() - began
    return Took(done, took, peak_bytes() >> 20)


def refreshed(url: str, folder: Path, now: datetime = NOW + timedelta(days=1)) -> Took:
    """The same in a process of its own, whose peak is that of this refresh alone."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(refresh_here, url, folder, now).result()


def panels(connection: Connection) -> list[tuple[str, str]]:
    """Each panel's title and statement, as Grafana would send it; of a variable that is one value it is the first."""
    found = []
    for path in sorted(BOARDS.glob("*.json")):
        board = json.loads(path.read_text(encoding="utf-8"))
        chosen = {
            one["name"]: _values(connection, one)[: None if one["multi"] else 1] for one in board["templating"]["list"]
        }
        for panel in board["panels"]:
            sql = str(panel["targets"][0]["rawSql"])
            span = f"'{NOW - timedelta(days=DAYS):%Y-%m-%d}' AND '{NOW:%Y-%m-%d}'"
            sql = re.sub(r"\$__timeFilter\(([^)]*)\)", rf"\1 BETWEEN {span}", sql)
            for name, values in chosen.items():
                quoted = ",".join(f"'{value}'" for value in values)
                sql = sql.replace(f"${{{name}:sqlstring}}", quoted).replace(f"${{{name}:raw}}", "".join(values[:1]))
            found.append((f"{path.stem}: {panel['title']}", sql))
    return found


def _values(connection: Connection, variable: dict[str, Any]) -> list[str]:
    if variable["type"] == "custom":
        return [one["value"] for one in variable["options"]]
    return list(connection.scalars(text(variable["query"])))


def asked(connection: Connection, sql: str) -> float:
    """Seconds until all rows are here, the median of some rounds."""

    def fetch() -> None:
        connection.exec_driver_sql(sql.replace("%", "%%")).all()

    return median(timed(fetch) for _ in range(ROUNDS))


def measure(url: str, engine: Engine, folder: Path, given: argparse.Namespace) -> None:
    """Fill, refresh, touch, refresh, ask."""
    of = {**vars(given), "first": NOW - timedelta(days=DAYS), "days": DAYS, "now": NOW}
    with engine.begin() as connection:
        for statement in _FILL:
            connection.execute(text(statement), of)
        runs = connection.scalar(text("SELECT count(*) FROM workflow_run"))
    row("runs of CI", f"{runs:,}")
    took = refreshed(url, folder, NOW)
    rows = sum(took.done.rows.values())
    row(f"pull requests, activity and metrics, {rows:,} rows", took.shown, judged(took.seconds, REFRESH_SECONDS))
    took = refreshed(url, folder)
    rows = sum(took.done.rows.values())
    row(f"activity and metrics a day later, {rows:,} rows", took.shown, judged(took.seconds, REFRESH_SECONDS))
    polls = folder / "polls.csv"
    write_polls(polls, given.stores)
    load(engine, DATASET_KINDS["polls"], FileSource(polls), now=NOW)
    took = refreshed(url, folder)
    row(f"uptime, {took.done.weeks} weeks, {sum(took.done.rows.values()):,} rows", took.shown)
    with engine.connect() as connection:
        for table in ("uptime_day", "engineering_week"):
            size = connection.scalar(text(f"SELECT pg_total_relation_size('{table}') / (SELECT count(*) FROM {table})"))
            row(f"a row of {table}, with its indexes", f"{size} bytes")
    polls.write_text(f"store_id,status,timestamp_utc\n0,inactive,{NOW - timedelta(days=20):%Y-%m-%dT%H:%M:%SZ}\n")
    load(engine, DATASET_KINDS["polls"], FileSource(polls), now=NOW)
    took = refreshed(url, folder)
    row(f"after a late poll, {took.done.weeks} weeks, {sum(took.done.rows.values()):,} rows", took.shown)
    with engine.connect() as connection:
        times = {name: asked(connection, sql) for name, sql in panels(connection)}
    for name, seconds in sorted(times.items(), key=lambda one: -one[1])[:5]:
        row(name, f"{seconds * 1000:,.0f} ms", judged(seconds, PANEL_SECONDS))


def judged(seconds: float, aim: float) -> str:
    """Whether the aim is met."""
    return f"aim {aim:g} s: {'met' if seconds <= aim else 'missed'}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    sizes = {"repositories": 200, "pulls": 60_000, "runs": 400_000, "commits": 400_000, "stores": 500}
    for name, size in sizes.items():
        parser.add_argument(f"--{name}", type=int, default=size)
    given = parser.parse_args()
    with (
        TemporaryDirectory() as folder,
        addresses(Settings(home=Path(folder) / "home")) as where,
        database(where) as url,
        engine_of(url) as engine,
    ):
        measure(url, engine, Path(folder), given)


if __name__ == "__main__":
    main()
