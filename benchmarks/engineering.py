"""The time and the memory of an engineering report of an organisation over two years.

    python -m benchmarks.engineering --repositories 200 --pulls 60000 --runs 400000

Rows are written by Postgres itself: for each pull request two reviews, a request for one and a comment, for each run
two jobs, and commits with their parents, deployments, releases, issues, branches and dependencies. The report runs in a
process of its own, so that its peak is that of this report alone.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

from sqlalchemy import Engine, text

from app.files.memory import limit_memory, peak_bytes
from app.reports.kinds.engineering import ENGINEERING
from app.settings import Settings
from app.storage.postgres import build_engine
from app.storage.resources import addresses
from benchmarks.bench import database, engine_of
from benchmarks.one_report import context_in

NOW: Final = datetime(2024, 12, 2, 12, tzinfo=UTC)
DAYS: Final = 730
ROUNDS: Final = 3

#: The aims: seconds of a report, and MiB that it holds.
SECONDS: Final = 15.0
MEBIBYTES: Final = 700

_AT: Final = "LATERAL (SELECT CAST(:first AS timestamptz) + n * interval '1 day' * :days / :{size} AS at) made"
_ENTITIES: Final = (
    "(SELECT array_agg(id ORDER BY id) FILTER (WHERE kind = 'repository') AS repos, "
    "array_agg(id ORDER BY id) FILTER (WHERE kind = 'team') AS teams FROM entity) entities"
)
_REPO: Final = "repos[1 + n % :repositories]"

_FILL: Final = (
    "INSERT INTO entity (kind, key) SELECT 'repository', 'acme/' || n FROM generate_series(1, :repositories) n",
    """
    INSERT INTO entity (kind, key, timezone)
    SELECT 'team', 'team ' || n, 'Europe/Berlin' FROM generate_series(1, 20) n
    """,
    "INSERT INTO repository (repo_id, default_branch) SELECT id, 'main' FROM entity WHERE kind = 'repository'",
    f"""
    INSERT INTO pull_request (repo_id, number, team_id, author, author_id, head_sha, merge_sha, additions, deletions,
        changed_files, created_at, first_commit_at, first_review_at, approved_at, merged_at, closed_at)
    SELECT {_REPO}, n, teams[1 + n % 20], CASE WHEN n % 10 = 0 THEN 'renovate[bot]' ELSE 'author ' || n % 300 END,
        n % 300, 'sha ' || n, 'merge ' || n, n % 700, n % 90, n % 30, at, at - n % 90 * interval '1 hour',
        at + n % 50 * interval '1 hour', at + n % 70 * interval '2 hours',
        CASE WHEN n % 20 > 0 THEN at + n % 70 * interval '3 hours' END,
        CASE WHEN n % 20 > 0 THEN at + n % 70 * interval '3 hours' END
    FROM generate_series(1, :pulls) n, {_AT.format(size="pulls")}, {_ENTITIES}
    """,
    """
    INSERT INTO review (repo_id, review_id, number, reviewer, reviewer_id, state, submitted_at, commit_sha)
    SELECT repo_id, number * 2 + k, number, 'author ' || (number + k + 1) % 300, (number + k + 1) % 300,
        CASE WHEN (number + k) % 3 = 0 THEN 'CHANGES_REQUESTED' ELSE 'APPROVED' END,
        created_at + (number % 60 + k) * interval '1 hour', 'sha ' || number + k
    FROM pull_request, generate_series(0, 1) k
    """,
    """
    INSERT INTO review_request (repo_id, event_id, number, reviewer, reviewer_id, requested_at)
    SELECT repo_id, number, number, 'author ' || (number + 1) % 300, (number + 1) % 300, created_at FROM pull_request
    """,
    """
    INSERT INTO review_comment (repo_id, comment_id, number, author, author_id, created_at)
    SELECT repo_id, number, number, 'author ' || (number + 1) % 300, (number + 1) % 300, created_at + interval '2 hours'
    FROM pull_request
    """,
    f"""
    INSERT INTO workflow_run (repo_id, run_id, attempt, workflow, event, branch, head_sha, actor, actor_id, status,
        conclusion, created_at, started_at, updated_at)
    SELECT {_REPO}, n, 1, 'workflow ' || n % 4, CASE WHEN n % 3 = 0 THEN 'push' ELSE 'pull_request' END, 'main',
        'sha ' || n, 'author ' || n % 300, n % 300, 'completed', CASE WHEN n % 9 = 0 THEN 'failure' ELSE 'success' END,
        at, at, at + interval '1 hour'
    FROM generate_series(1, :runs) n, {_AT.format(size="runs")}, {_ENTITIES}
    """,
    """
    INSERT INTO workflow_job (repo_id, job_id, run_id, attempt, name, conclusion, created_at, started_at, completed_at)
    SELECT repo_id, run_id * 2 + k, run_id, 1, 'job ' || k, conclusion, created_at,
        created_at + run_id % 100 * interval '1 second', created_at + (run_id % 900 + 100) * interval '1 second'
    FROM workflow_run, generate_series(0, 1) k
    """,
    f"""
    INSERT INTO commit (dataset_id, repo_id, sha, author, author_id, parents, parent_shas, authored_at, committed_at)
    SELECT repeat('0', 32), {_REPO}, 'commit ' || n, 'author ' || n % 300, n % 300, 1,
        ARRAY['commit ' || n - :repositories], at, at
    FROM generate_series(1, :runs / 2) n, {_AT.format(size="runs / 2")}, {_ENTITIES}
    """,
    """
    INSERT INTO deployment (repo_id, deployment_id, environment, sha, is_production, created_at, succeeded_at)
    SELECT repo_id, row_number() OVER (), 'production', sha, true, committed_at, committed_at + interval '3 hours'
    FROM (SELECT *, row_number() OVER (PARTITION BY repo_id ORDER BY committed_at) AS place FROM commit) of
    WHERE place % 10 = 0
    """,
    """
    INSERT INTO release (repo_id, release_id, tag, published_at)
    SELECT repo_id, deployment_id, 'v' || deployment_id % 9 || '.0.0', succeeded_at FROM deployment
    """,
    """
    INSERT INTO issue (repo_id, number, state, labels, created_at)
    SELECT repo_id, number, 'open', CASE WHEN number % 50 = 0 THEN ARRAY['incident'] END, created_at FROM pull_request
    """,
    """
    INSERT INTO branch (repo_id, branch, seen_on, sha, committed_at)
    SELECT id, 'branch ' || n, CAST(:first AS date) + 7 * week, 'sha ' || n, CAST(:first AS timestamptz)
    FROM entity, generate_series(1, 10) n, generate_series(0, 103) week WHERE kind = 'repository'
    """,
    """
    INSERT INTO dependency (repo_id, seen_on, ecosystem, name, version)
    SELECT id, CAST(:first AS date) + 7 * week, 'pypi', 'package ' || n, '1.' || n
    FROM entity, generate_series(1, 30) n, generate_series(0, 103) week WHERE kind = 'repository'
    """,
    "ANALYZE",
)


def fill(engine: Engine, sizes: dict[str, int]) -> None:
    """Write the rows of two years."""
    of: dict[str, Any] = {**sizes, "first": NOW - timedelta(days=DAYS), "days": DAYS}
    with engine.begin() as connection:
        for statement in _FILL:
            connection.execute(text(statement), of)


def measure(url: str, settings: Settings, params: dict[str, Any]) -> tuple[float, int, int]:
    """Seconds, MiB at most and rows of a report, in this process."""
    limit_memory(settings.report_memory_limit_mb << 20)
    import_module("pandas")  # Arrow imports it at its first conversion; a server's processes have it from the start
    engine = build_engine(url, pool_size=settings.read_connections + 2)
    with TemporaryDirectory(prefix="openhours-bench-") as folder:
        context = context_in(Path(folder), engine, settings)
        with engine.connect() as connection:
            resolved, _ = ENGINEERING.resolve(connection, ENGINEERING.params.model_validate(params))
        begin = perf_counter()
        artifacts = ENGINEERING.produce(context, resolved)
        seconds = perf_counter() - begin
    engine.dispose()
    return seconds, peak_bytes() >> 20, artifacts[0].rows


def main() -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    for name, size in (("repositories", 200), ("pulls", 60_000), ("runs", 400_000)):
        parser.add_argument(f"--{name}", type=int, default=size)
    sizes = vars(parser.parse_args())
    with TemporaryDirectory(prefix="openhours-bench-") as home:
        settings = Settings(home=Path(home), incident_labels="incident")
        with addresses(settings) as where, database(where) as url, engine_of(url) as engine:
            fill(engine, sizes)
            for by, each in (("team", "week"), ("repo", "week")):
                dates = {"since": str((NOW - timedelta(days=DAYS)).date()), "until": str(NOW.date())}
                params = {"by": by, "each": each, "as_of": NOW.isoformat(), **dates}
                rounds = []
                for _ in range(ROUNDS):
                    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                        rounds.append(pool.submit(measure, url, settings, params).result())
                seconds, peak = median(one[0] for one in rounds), max(one[1] for one in rounds)
                print(
                    f"by {by} and {each}: {seconds:.1f} s (aim {SECONDS:.0f}), {peak:,} MiB (aim {MEBIBYTES}), "
                    f"{rounds[0][2]:,} rows",
                    flush=True,
                )


if __name__ == "__main__":
    main()
