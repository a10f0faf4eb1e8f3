"""Every change to the record of a dataset."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, update

from app.access import audit
from app.catalogue.job_kinds import JOB_KIND
from app.catalogue.options import FollowUp
from app.catalogue.records import Action, Outcome
from app.catalogue.tables import dataset
from app.errors import AttemptSuperseded
from app.jobs import lifecycle
from app.storage.postgres import database_now

#: What a run of the check has found out; another run begins without it.
_FINDINGS: Final[Mapping[str, Any]] = dict.fromkeys(
    (
        *("outcome", "rows_read", "rows_accepted", "rows_rejected", "rows_duplicate", "first_at", "last_at"),
        *("rejections", "error_code", "error_message", "duplicate_of", "proposal", "rows_contradicting", "warnings"),
    )
)


def concurrency_key(params: Mapping[str, Any]) -> str:
    """Of the jobs of one dataset only one runs at a time."""
    return f"dataset {params['dataset_id']}"


def register(
    connection: Connection,
    *,
    dataset_id: str,
    kind: str,
    filename: str | None,
    options: Mapping[str, Any],
    announced_sha256: str | None = None,
    client: str | None = None,
    reserved_bytes: int | None = None,
) -> None:
    """A file is about to come, with this SHA-256 if the sender knows it, and from this client unless it is local."""
    connection.execute(
        insert(dataset).values(
            id=dataset_id,
            kind=kind,
            filename=filename,
            options=dict(options),
            expected_sha256=announced_sha256,
            client=client,
            reserved_bytes=reserved_bytes,
        )
    )


def reserve(connection: Connection, dataset_id: str, size_bytes: int) -> None:
    """So many bytes of a file whose length nobody knows may come."""
    connection.execute(update(dataset).where(dataset.c.id == dataset_id).values(reserved_bytes=size_bytes))


def arrived(
    connection: Connection,
    dataset_id: str,
    *,
    raw_key: str,
    size_bytes: int,
    sha256: str | None,
    job_kind: str = JOB_KIND,
) -> str:
    """All bytes are in the raw layer: queue the job that checks and loads them; returns its id.

    Their SHA-256 is given where it was counted while they came.
    """
    job_id = _queue(connection, dataset_id, Action.LOAD, job_kind)
    connection.execute(
        update(dataset)
        .where(dataset.c.id == dataset_id)
        .values(
            raw_key=raw_key,
            bytes=size_bytes,
            expected_sha256=func.coalesce(sha256, dataset.c.expected_sha256),
            sha256=func.coalesce(sha256, dataset.c.sha256),
            job_id=job_id,
            uploaded_at=func.now(),
        )
    )
    audit.record(connection, "dataset.accept", "dataset", dataset_id, bytes=size_bytes, job=job_id)
    return job_id


def read_from_source(
    connection: Connection,
    *,
    dataset_id: str,
    kind: str,
    filename: str,
    options: Mapping[str, Any],
    raw_key: str,
    job_id: str,
    findings: Mapping[str, Any],
) -> None:
    """Record a dataset whose pages a job has read and whose rows it merges in this transaction.

    Args:
        connection: in the transaction.
        dataset_id, kind, filename, options: of the dataset.
        raw_key: the prefix of its pages.
        job_id: the job.
        findings: columns of the dataset: ``bytes``, ``sha256``, and what the load has found.
    """
    connection.execute(
        insert(dataset).values(
            id=dataset_id,
            kind=kind,
            filename=filename,
            options=dict(options),
            raw_key=raw_key,
            job_id=job_id,
            merged_by=job_id,
            merged_options=dict(options),
            outcome=Outcome.READY,
            uploaded_at=func.now(),
            **findings,
        )
    )
    _record_load(connection, dataset_id, job_id, findings)


def made_anew(
    connection: Connection, dataset_id: str, *, options: Mapping[str, Any], job_id: str, findings: Mapping[str, Any]
) -> None:
    """Record that a job makes the rows of a dataset of pages anew in this transaction; arguments as above.

    Raises:
        AttemptSuperseded: it was removed.
    """
    made = {"options": dict(options), "merged_options": dict(options), "job_id": job_id, "merged_by": job_id}
    values = {**_FINDINGS, **made, **findings, "outcome": Outcome.READY}
    _require_one(connection.execute(update(dataset).where(dataset.c.id == dataset_id).values(**values)).rowcount)
    _record_load(connection, dataset_id, job_id, findings)


def _record_load(connection: Connection, dataset_id: str, job_id: str, findings: Mapping[str, Any]) -> None:
    rows = findings.get("rows_accepted")
    audit.record(connection, "dataset.load", "dataset", dataset_id, outcome="done", job=job_id, rows_accepted=rows)


def load_again(connection: Connection, dataset_id: str, options: Mapping[str, Any], *, job_kind: str = JOB_KIND) -> str:
    """Queue another job that checks and loads; returns its id."""
    job_id = _queue(connection, dataset_id, Action.RELOAD, job_kind)
    connection.execute(
        update(dataset).where(dataset.c.id == dataset_id).values(**_FINDINGS, options=dict(options), job_id=job_id)
    )
    audit.record(connection, "dataset.reload", "dataset", dataset_id, job=job_id)
    return job_id


def unload(connection: Connection, dataset_id: str, *, job_kind: str = JOB_KIND) -> str:
    """Queue a job that takes the rows out again, and the dataset with them; returns its id."""
    job_id = _queue(connection, dataset_id, Action.UNLOAD, job_kind)
    connection.execute(update(dataset).where(dataset.c.id == dataset_id).values(job_id=job_id))
    audit.record(connection, "dataset.remove", "dataset", dataset_id, rows=True, job=job_id)
    return job_id


def settle(
    connection: Connection, dataset_id: str, *, job_id: str, outcome: Outcome, sha256: str, **findings: Any
) -> None:
    """Write what a job has found out; with outcome ``ready`` its rows are in the series when this is committed.

    ``sha256`` is that of the bytes as the job has read them, whatever was expected.

    Raises:
        AttemptSuperseded: the dataset was removed, or another job has it.
    """
    merged = {"merged_by": job_id, "merged_options": dataset.c.options} if outcome is Outcome.READY else {}
    statement = update(dataset).where(dataset.c.id == dataset_id, dataset.c.job_id == job_id)
    found = {"outcome": outcome, "sha256": sha256, "client": None, "reserved_bytes": None}
    _require_one(connection.execute(statement.values(**found, **merged, **findings)).rowcount)
    told = {name: findings[name] for name in ("rows_accepted", "error_code") if findings.get(name) is not None}
    audit.record(
        connection,
        "dataset.load",
        "dataset",
        dataset_id,
        outcome="done" if outcome is Outcome.READY else "failed",
        job=job_id,
        **told,
    )


def follow(connection: Connection, dataset_id: str, follow_up: FollowUp) -> str:
    """Queue the report that follows a dataset, in the transaction in which its rows are loaded; returns its id."""
    report_id = lifecycle.queue(
        connection, kind=follow_up.report, params=follow_up.params_of(dataset_id), as_of=database_now(connection)
    )
    followed(connection, dataset_id, report_id)
    audit.record(connection, "report.trigger", "report", report_id, kind=follow_up.report)
    return report_id


def followed(connection: Connection, dataset_id: str, report_id: str) -> None:
    """Record which report was made of a dataset unasked."""
    connection.execute(update(dataset).where(dataset.c.id == dataset_id).values(followed_by=report_id))


def remove(connection: Connection, dataset_id: str) -> None:
    """Delete the record, if there is one."""
    connection.execute(delete(dataset).where(dataset.c.id == dataset_id))


def removed_by(connection: Connection, dataset_id: str, *, job_id: str) -> None:
    """Delete the record as the job that took the rows out.

    Raises:
        AttemptSuperseded: another job has the dataset, or it is gone.
    """
    statement = delete(dataset).where(dataset.c.id == dataset_id, dataset.c.job_id == job_id)
    _require_one(connection.execute(statement).rowcount)
    audit.record(connection, "dataset.unload", "dataset", dataset_id, job=job_id)


def _queue(connection: Connection, dataset_id: str, action: Action, job_kind: str) -> str:
    return lifecycle.queue(
        connection,
        kind=job_kind,
        params={"dataset_id": dataset_id, "action": action},
        concurrency_key=concurrency_key({"dataset_id": dataset_id}),
    )


def _require_one(rows: int) -> None:
    if rows != 1:
        raise AttemptSuperseded("The dataset was removed or is being loaded by another job.")
