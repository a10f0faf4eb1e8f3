"""Dataset kind ``workflow_jobs``: the jobs of workflow runs."""

from typing import Final

from app.ingest.collected import REPO
from app.ingest.column_types import INSTANT, LONG_NUMBER, NUMBER, TEXT
from app.ingest.keyed import KeyedLoading, keyed_table
from app.ingest.kind import Column, DatasetKind, WrongRow

_COLUMNS: Final = (
    REPO,
    Column("job_id", LONG_NUMBER, example="32405411900"),
    Column("run_id", LONG_NUMBER, example="11635411211"),
    Column("attempt", NUMBER, example="1"),
    Column("name", TEXT, example="test (3.11)", required=False),
    Column("status", TEXT, example="completed", required=False),
    Column("conclusion", TEXT, example="success", required=False),
    Column("created_at", INSTANT, example="2024-11-01T20:00:06Z", required=False),
    Column("started_at", INSTANT, example="2024-11-01T20:00:19Z", required=False),
    Column("completed_at", INSTANT, example="2024-11-01T20:07:38Z", required=False),
)


class WorkflowJobLoading(KeyedLoading):
    """Collects jobs of workflow runs and merges them by repository and id."""

    columns = _COLUMNS
    table = keyed_table("workflow_job", _COLUMNS, key=("repo", "job_id"), indexes=(("repo", "run_id"),))


WORKFLOW_JOBS = DatasetKind(
    name="workflow_jobs",
    summary="one row per job of a workflow run: when it was queued, started and ended, with what result",
    columns=_COLUMNS,
    loading=WorkflowJobLoading,
    instant="created_at",
    is_guessed=False,
    documentation="""
        One job of one attempt of a workflow run. If rows have the same `repo` and `job_id`, the last one counts. A job
        waited from `created_at` to `started_at`. A job that an attempt took over from an earlier one started before it
        was created.
    """,
    wrong=WrongRow("started_at", "2024-11-01", "bad_timestamp"),
)
