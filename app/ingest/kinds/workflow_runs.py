"""Dataset kind ``workflow_runs``: the runs of CI workflows, each attempt by itself."""

from typing import Final

from app.ingest.collected import REPO, person
from app.ingest.column_types import INSTANT, LONG_NUMBER, NUMBER, SHORT_TEXT, TEXT
from app.ingest.keyed import KeyedLoading, keyed_table
from app.ingest.kind import Column, DatasetKind, WrongRow

_COLUMNS: Final = (
    REPO,
    Column("run_id", LONG_NUMBER, example="11635411211"),
    Column("attempt", NUMBER, example="1"),
    Column("workflow", TEXT, example="CI", required=False),
    Column("workflow_id", LONG_NUMBER, example="1345678", required=False),
    Column("event", TEXT, example="pull_request", required=False),
    Column("branch", SHORT_TEXT, example="main", required=False),
    Column("head_sha", SHORT_TEXT, example="6dcb09b5b57875f334f61aebed695e2e4193db5e", required=False),
    *person("actor"),
    Column("status", TEXT, example="completed", required=False),
    Column("conclusion", TEXT, example="success", required=False),
    Column("created_at", INSTANT, example="2024-11-01T20:00:05Z", required=False),
    Column("started_at", INSTANT, example="2024-11-01T20:00:05Z", required=False),
    Column("updated_at", INSTANT, example="2024-11-01T20:07:41Z", required=False),
)


class WorkflowRunLoading(KeyedLoading):
    """Collects attempts of workflow runs and merges them by repository, run and attempt."""

    columns = _COLUMNS
    table = keyed_table(
        "workflow_run",
        _COLUMNS,
        key=("repo", "run_id", "attempt"),
        indexes=(("repo", "head_sha"), ("repo", "created_at")),
    )


WORKFLOW_RUNS = DatasetKind(
    name="workflow_runs",
    summary="one row per attempt of a workflow run: of which commit, when, with what result",
    columns=_COLUMNS,
    loading=WorkflowRunLoading,
    instant="created_at",
    is_guessed=False,
    documentation="""
        One attempt of a workflow run: a rerun keeps its `run_id` and gets the next `attempt`. If rows have the same
        `repo`, `run_id` and `attempt`, the last one counts. `started_at` is when the attempt began. `updated_at` is not
        its end, because annotations may be added later; an attempt ends with its last job in `workflow_jobs`.
    """,
    wrong=WrongRow("attempt", "0", "bad_number"),
)
