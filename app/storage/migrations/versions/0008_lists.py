"""Indexes of lists whose filter matches little, and of the jobs of a dataset."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_ORDER: tuple[sa.TextClause, ...] = (sa.text("created_at DESC"), sa.text("id DESC"))

#: Indexes of the lists of datasets, by their condition.
_DATASETS = {
    "dataset_kind_idx": None,
    "dataset_uploading_idx": "raw_key IS NULL",
    "dataset_accepted_idx": "outcome = 'ready'",
    "dataset_unsettled_idx": "raw_key IS NOT NULL AND "
    "(outcome IS DISTINCT FROM 'ready' OR merged_by IS DISTINCT FROM job_id)",
}


def upgrade() -> None:
    for name, condition in _DATASETS.items():
        where = None if condition is None else sa.text(condition)
        op.create_index(name, "dataset", ["kind", *_ORDER], postgresql_where=where)
    op.create_index("dataset_job_idx", "dataset", ["job_id"])
    job_of_dataset = [sa.text("(params ->> 'dataset_id')")]
    op.create_index("report_dataset_idx", "report", job_of_dataset, postgresql_where=sa.text("kind = 'dataset'"))
    op.create_index("report_listed_idx", "report", ["kind", "status", *_ORDER])
    op.drop_index("report_newest_idx", "report")


def downgrade() -> None:
    op.create_index("report_newest_idx", "report", [*_ORDER])
    op.drop_index("report_listed_idx", "report")
    op.drop_index("report_dataset_idx", "report")
    op.drop_index("dataset_job_idx", "dataset")
    for name in _DATASETS:
        op.drop_index(name, "dataset")
