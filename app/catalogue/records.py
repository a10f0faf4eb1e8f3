"""What Postgres knows of datasets: their records as values, and every look at them that changes nothing.

A dataset has no status of its own. It follows from what is there: without a raw object the bytes are still coming; then
the job that checks and loads it tells, and once that is complete its outcome.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, case, func, select, tuple_, union_all

from app.catalogue.tables import ACCEPTED, UNSETTLED, UPLOADING, dataset
from app.errors import DuplicateDataset
from app.files.artifact import StoredArtifact
from app.jobs.records import OUTSTANDING, JobStatus
from app.jobs.tables import job
from app.paging import Place

T = TypeVar("T")


class DatasetStatus(StrEnum):
    """Where a dataset is in its life."""

    UPLOADING = "uploading"
    CHECKING = "checking"
    LOADING = "loading"
    READY = "ready"
    REJECTED = "rejected"
    REMOVING = "removing"


class Outcome(StrEnum):
    """What the check of a file came to."""

    READY = "ready"
    REJECTED = "rejected"


class Action(StrEnum):
    """What a job does with a dataset; to reload it is asked for, whatever else has the same bytes."""

    LOAD = "load"
    RELOAD = "reload"
    UNLOAD = "unload"


@dataclass(frozen=True, slots=True)
class JobState:
    """The latest job of a dataset."""

    id: str
    status: JobStatus
    action: Action
    artifacts: tuple[StoredArtifact, ...]
    error_code: str | None
    error_message: str | None
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class DatasetRecord:
    """A dataset as Postgres knows it; ``status`` cannot tell checking from loading, only a live job can."""

    id: str
    kind: str
    filename: str | None
    options: Mapping[str, Any]
    bytes: int | None
    expected_sha256: str | None
    sha256: str | None
    raw_key: str | None
    merged_by: str | None
    merged_options: Mapping[str, Any] | None
    followed_by: str | None
    outcome: str | None
    rows_read: int | None
    rows_accepted: int | None
    rows_rejected: int | None
    rows_duplicate: int | None
    first_at: datetime | None
    last_at: datetime | None
    rows_contradicting: int | None
    rejections: Sequence[Mapping[str, Any]] | None
    proposal: Mapping[str, Any] | None
    warnings: Sequence[Mapping[str, Any]] | None
    error_code: str | None
    error_message: str | None
    duplicate_of: str | None
    created_at: datetime
    uploaded_at: datetime | None
    status: DatasetStatus
    job: JobState | None


#: Whether the latest job takes the rows out, and could not, unless it is still at it.
_UNLOADS: Final = job.c.params["action"].astext == Action.UNLOAD


#: Whether the latest job is one that has read the dataset from a source: its rows are loaded, whatever else that does.
_READS_SOURCE: Final = job.c.params["source_id"].astext.is_not(None)


def _status(
    job_status: ColumnElement[str], unloads: ColumnElement[bool], reads_source: ColumnElement[bool]
) -> ColumnElement[str]:
    """The status of a dataset by that of its latest job."""
    merged_last = dataset.c.merged_by == dataset.c.job_id
    return case(
        (dataset.c.raw_key.is_(None), DatasetStatus.UPLOADING),
        (reads_source & merged_last, DatasetStatus.READY),
        (job_status.in_(OUTSTANDING) & unloads, DatasetStatus.REMOVING),
        (job_status.in_(OUTSTANDING), DatasetStatus.CHECKING),
        ((dataset.c.outcome == Outcome.READY) & (unloads | merged_last), DatasetStatus.READY),
        else_=DatasetStatus.REJECTED,
    )


def _of_latest_job(value: ColumnElement[T]) -> ColumnElement[T]:
    """Looked up for each dataset as it comes, in their order: a join would read all jobs first."""
    return select(value).where(job.c.id == dataset.c.job_id).correlate(dataset).scalar_subquery()


_OWN: Final = tuple(name for name in DatasetRecord.__dataclass_fields__ if name not in {"status", "job"})

_JOB: Final = tuple(name for name in JobState.__dataclass_fields__ if name != "action")

_RECORD: Final = select(
    *(dataset.c[name] for name in _OWN),
    _status(job.c.status, _UNLOADS, _READS_SOURCE).label("status"),
    *(job.c[name].label(f"job_{name}") for name in _JOB),
    job.c.params["action"].astext.label("job_action"),
).select_from(dataset.outerjoin(job, job.c.id == dataset.c.job_id))


def find(connection: Connection, dataset_id: str) -> DatasetRecord | None:
    """The record of a dataset."""
    row = connection.execute(_RECORD.where(dataset.c.id == dataset_id)).one_or_none()
    return None if row is None else _record(row)


def lock(connection: Connection, dataset_id: str) -> DatasetRecord | None:
    """The record of a dataset that nobody else changes until the transaction ends."""
    held = select(dataset.c.id).where(dataset.c.id == dataset_id).with_for_update()
    return None if connection.scalar(held) is None else find(connection, dataset_id)


_OUTSTANDING_JOBS: Final = select(job.c.id).where(job.c.status.in_(OUTSTANDING)).scalar_subquery()

#: Of each status a condition that an index serves; what is loading counts as checking in a list.
_NARROWED: Final[Mapping[DatasetStatus, ColumnElement[bool]]] = {
    DatasetStatus.UPLOADING: UPLOADING,
    DatasetStatus.READY: ACCEPTED,
    DatasetStatus.REJECTED: UNSETTLED,
    # As an array, so that the few jobs that have not ended are looked for first.
    **dict.fromkeys(
        (DatasetStatus.CHECKING, DatasetStatus.REMOVING),
        dataset.c.job_id == func.any(func.array(_OUTSTANDING_JOBS)),
    ),
}


def newest(
    connection: Connection,
    *,
    kinds: Sequence[str],
    status: DatasetStatus | None,
    before: Place | None,
    limit: int,
) -> list[DatasetRecord]:
    """Records of these kinds, newest first, optionally of one status; what is loading counts as checking here."""
    parts = [_newest(kind, status, before=before, limit=limit) for kind in kinds]
    if not parts:
        return []
    every = union_all(*(part.subquery().select() for part in parts)).subquery()
    first = select(every.c.id).order_by(every.c.created_at.desc(), every.c.id.desc()).limit(limit)
    query = _RECORD.where(dataset.c.id.in_(first)).order_by(dataset.c.created_at.desc(), dataset.c.id.desc())
    return [_record(row) for row in connection.execute(query)]


def _newest(kind: str, status: DatasetStatus | None, *, before: Place | None, limit: int) -> Select[Any]:
    """Ids of the newest datasets of one kind."""
    order = (dataset.c.created_at.desc(), dataset.c.id.desc())
    query = select(dataset.c.id, dataset.c.created_at).where(dataset.c.kind == kind).order_by(*order).limit(limit)
    if status is not None:
        wanted = DatasetStatus.CHECKING if status is DatasetStatus.LOADING else status
        found = _status(*map(_of_latest_job, (job.c.status, _UNLOADS, _READS_SOURCE)))
        query = query.where(_NARROWED[wanted], found == wanted)
    if before is not None:
        query = query.where(tuple_(dataset.c.created_at, dataset.c.id) < before)
    return query


def samples(connection: Connection, *, kind: str, upload_id: str | None, skip: int, limit: int) -> list[DatasetRecord]:
    """Records of this kind that their senders gave an ``upload_id``, of this one if it is given, newest first."""
    given = dataset.c.options["upload_id"].astext
    order = (dataset.c.created_at.desc(), dataset.c.id.desc())
    wanted = given.is_not(None) if upload_id is None else given == upload_id
    page = select(dataset.c.id).where(dataset.c.kind == kind, wanted).order_by(*order).offset(skip).limit(limit)
    return [_record(row) for row in connection.execute(_RECORD.where(dataset.c.id.in_(page)).order_by(*order))]


#: Those that are followed by a report from their beginning.
_FOLLOWED: Final = dataset.c.options.has_key("then")


def refuse_merged(connection: Connection, *, kind: str, sha256: str, options: Mapping[str, Any]) -> None:
    """Raise DuplicateDataset when a dataset of this kind and these bytes has its rows loaded.

    Unless ``options`` say force. One that is to be followed by a report is only a duplicate of another such one: others
    may have been loaded by other options, and of what is rejected or being removed nothing follows.
    """
    if options.get("force"):
        return
    first = merged(connection, kind=kind, sha256=sha256, is_followed="then" in options)
    if first is not None:
        raise DuplicateDataset.of(first)


def merged(connection: Connection, *, kind: str, sha256: str, is_followed: bool = False) -> str | None:
    """The first dataset of this kind and these bytes whose rows are loaded; or that a report follows or will follow."""
    query = (
        select(dataset.c.id)
        .where(dataset.c.sha256 == sha256, dataset.c.kind == kind, dataset.c.merged_by.is_not(None))
        .order_by(dataset.c.created_at, dataset.c.id)
        .limit(1)
    )
    if is_followed:
        status = _status(*map(_of_latest_job, (job.c.status, _UNLOADS, _READS_SOURCE)))
        query = query.where(_FOLLOWED, status.not_in((DatasetStatus.REJECTED, DatasetStatus.REMOVING)))
    first: str | None = connection.scalar(query)
    return first


def same_before(connection: Connection, dataset_id: str) -> str | None:
    """The first dataset of the same kind and bytes that came before this one and is still being checked.

    Of those that are followed by a report, as this one is.
    """
    mine = select(dataset).where(dataset.c.id == dataset_id).subquery()
    query = (
        select(dataset.c.id)
        .join(job, job.c.id == dataset.c.job_id)
        .join(mine, (dataset.c.kind == mine.c.kind) & (dataset.c.expected_sha256 == mine.c.expected_sha256))
        .where(tuple_(dataset.c.created_at, dataset.c.id) < tuple_(mine.c.created_at, mine.c.id))
        .where(_FOLLOWED, dataset.c.outcome.is_(None), job.c.status.in_(OUTSTANDING), ~_UNLOADS)
        .order_by(dataset.c.created_at, dataset.c.id)
        .limit(1)
    )
    first: str | None = connection.scalar(query)
    return first


@dataclass(frozen=True, slots=True)
class PagesRecord:
    """A dataset of pages: its kind, the prefix of its pages, the options of its rows, and when they were read."""

    id: str
    kind: str
    raw_key: str
    options: Mapping[str, Any]
    merged_options: Mapping[str, Any] | None
    uploaded_at: datetime


def pages_of(connection: Connection, *, source_id: str, stream: str, since: datetime | None) -> list[PagesRecord]:
    """The datasets of pages of a stream that were read at an instant or later, oldest first."""
    pages = dataset.c.options["pages"]
    query = select(*(dataset.c[name] for name in PagesRecord.__dataclass_fields__)).where(
        pages["source"].astext == source_id, pages["stream"].astext == stream
    )
    if since is not None:
        query = query.where(dataset.c.uploaded_at >= since)
    rows = connection.execute(query.order_by(dataset.c.uploaded_at, dataset.c.raw_key, dataset.c.created_at))
    return [PagesRecord(*row) for row in rows]


def prefixes_known(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Those of these prefixes of the raw layer below which the pages of datasets are."""
    return set(connection.scalars(select(dataset.c.raw_key).where(dataset.c.raw_key == func.any(list(keys)))))


def known(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Those of these ids that datasets have."""
    return set(connection.scalars(select(dataset.c.id).where(dataset.c.id == func.any(list(ids)))))


def _record(row: Any) -> DatasetRecord:
    fields = dict(row._mapping)  # noqa: SLF001 - the documented name of a row's mapping
    job = {name: fields.pop(f"job_{name}") for name in JobState.__dataclass_fields__}
    return DatasetRecord(**fields | {"status": DatasetStatus(fields["status"]), "job": _job(job)})


def _job(fields: dict[str, Any]) -> JobState | None:
    if fields["id"] is None:
        return None
    return JobState(
        **fields
        | {
            "status": JobStatus(fields["status"]),
            "action": Action(fields["action"] or Action.LOAD),  # the job of a source has none
            "artifacts": tuple(StoredArtifact(**artifact) for artifact in fields["artifacts"] or ()),
        }
    )
