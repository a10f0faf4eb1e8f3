"""Dataset kind ``deployments``: what was deployed where."""

from typing import Final

from app.ingest.collected import REPO, person
from app.ingest.column_types import INSTANT, LONG_NUMBER, SHORT_TEXT, TEXT, TRUTH
from app.ingest.keyed import DROPPED, KeyedLoading, keyed_table
from app.ingest.kind import Column, DatasetKind, WrongRow

_COLUMNS: Final = (
    REPO,
    Column("deployment_id", LONG_NUMBER, example="1876543210"),
    Column("environment", SHORT_TEXT, example="production", required=False),
    Column("sha", SHORT_TEXT, example="6dcb09b5b57875f334f61aebed695e2e4193db5e", required=False),
    Column("ref", TEXT, example="main", required=False),
    Column("task", TEXT, example="deploy", required=False),
    *person("creator"),
    Column("is_production", TRUTH, example="true", required=False),
    Column("is_transient", TRUTH, example="false", required=False),
    Column("state", TEXT, example="inactive", required=False),
    Column("created_at", INSTANT, example="2024-11-01T20:10:00Z"),
    Column("updated_at", INSTANT, example="2024-11-04T09:00:00Z", required=False),
    Column("succeeded_at", INSTANT, example="2024-11-01T20:14:30Z", required=False),
    Column("failed_at", INSTANT, example="2024-11-01T20:12:00Z", required=False),
    DROPPED,
)


class DeploymentLoading(KeyedLoading):
    """Collects deployments and merges them by repository and id."""

    columns = _COLUMNS
    table = keyed_table("deployment", _COLUMNS, key=("repo", "deployment_id"), indexes=(("repo", "environment"),))


DEPLOYMENTS = DatasetKind(
    name="deployments",
    summary="one row per deployment: of which commit, into which environment, when it first succeeded",
    columns=_COLUMNS,
    loading=DeploymentLoading,
    instant="created_at",
    is_guessed=False,
    documentation="""
        One deployment. If rows have the same `repo` and `deployment_id`, the last one counts. `succeeded_at` and
        `failed_at` are when it first succeeded and first failed. `state` is its latest state: `inactive` once another
        deployment has replaced it, at about `updated_at`.

        A row with `dropped` `true` removes the deployment.
    """,
    wrong=WrongRow("created_at", "2024-11-01", "bad_timestamp"),
)
