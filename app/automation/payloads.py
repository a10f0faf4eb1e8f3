"""What is told of the end of a job: found out of its records, soon after it, by the customer that the job is of."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, select

from app.catalogue import records as datasets
from app.catalogue.job_kinds import JOB_KINDS
from app.catalogue.options import SampleOptions, kept_options
from app.catalogue.records import Action, DatasetRecord, DatasetStatus
from app.catalogue.tables import DATASET_OF_JOB
from app.deliveries.announcing import Facts
from app.deliveries.notify import NOBODY, Notify, read_notify
from app.jobs import records as jobs
from app.jobs.records import JobRecord, JobStatus
from app.jobs.tables import job
from app.schedules.tables import schedule
from app.sources import queueing, register
from app.wording.values import iso

#: Files, and warnings, that a payload names: it is to stay small.
MOST_NAMED: Final = 50

#: Longest message of an error in a payload, characters.
_LONGEST: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What is told of an event.

    Attributes:
        type: of TYPES.
        subject: id of what it happened to.
        wanted: whom somebody wanted to have told.
        begun_by: what began the report.
    """

    type: str
    subject: str
    title: str
    facts: Facts
    page: str
    data: Mapping[str, Any]
    wanted: Notify = NOBODY
    begun_by: str | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """A job that has ended, as its event has it.

    Attributes:
        id: of the job.
        kind: of the job.
        status: its last.
    """

    id: str
    kind: str
    status: JobStatus
    report_kinds: Iterable[str] = field(default=())


def telling_of(connection: Connection, ended: Ended) -> Telling | None:
    """What is told of the end of a job; None: nothing, it is of a kind of which nobody is told."""
    if ended.kind in ended.report_kinds:
        return _of_report(connection, ended)
    found = _OF_OTHERS.get(ended.kind)
    return None if found is None else found(connection, ended)


def _of_report(connection: Connection, ended: Ended) -> Telling:
    record = jobs.find(connection, ended.id)
    word = {JobStatus.COMPLETE: "is complete", JobStatus.FAILED: "has failed", JobStatus.CANCELLED: "was cancelled"}
    data: dict[str, Any] = {"report_id": ended.id, "report": ended.kind}
    facts = [("Report", ended.kind)]
    begun_by = None if record is None else record.begun_by
    name = _schedule_name(connection, begun_by)
    if record is not None:
        data |= _report_data(record)
        facts += _range_facts(jobs.parameters(connection, ended.id) or {})
        if record.as_of is not None:
            facts.append(("As of", iso(record.as_of)))
        if record.error_message is not None:
            facts.append(("Why", record.error_message[:_LONGEST]))
        if record.warnings:
            facts.append(("Warnings", f"{len(record.warnings):,}: {record.warnings[0].get('message', '')}"[:_LONGEST]))
    if name is not None:
        data |= {"schedule": name, "schedule_id": str(begun_by).partition(" ")[2]}
        facts.append(("Schedule", name))
    who = f"{name}: the report" if name is not None else "The report"
    return Telling(
        type=f"report.{ended.status}",
        subject=ended.id,
        title=f"{who} {ended.kind} {word[ended.status]}.",
        facts=facts,
        page=f"/console/reports/{ended.id}",
        data=data,
        begun_by=begun_by,
    )


def _range_facts(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What time a report is about, if it was asked about a range."""
    words = {"period": "Period", "from": "From", "to": "To"}
    return [(word, str(params[name])) for name, word in words.items() if params.get(name) is not None]


def _report_data(record: JobRecord) -> dict[str, Any]:
    files = [
        {"name": one.name, "bytes": one.bytes, "rows": one.rows, "sha256": one.sha256}
        for one in record.artifacts[:MOST_NAMED]
    ]
    warnings = [{"code": one.get("code"), "count": one.get("count")} for one in record.warnings[:MOST_NAMED]]
    data: dict[str, Any] = {
        "as_of": None if record.as_of is None else iso(record.as_of),
        "files": files,
        "warnings": warnings,
        "api": f"/get_report?report_id={record.id}",
    }
    if record.error_code is not None:
        data["error"] = {"code": record.error_code, "message": (record.error_message or "")[:_LONGEST]}
    return data


def _schedule_name(connection: Connection, begun_by: str | None) -> str | None:
    what, _, schedule_id = (begun_by or "").partition(" ")
    if what != "schedule":
        return None
    found: str | None = connection.scalar(select(schedule.c.name).where(schedule.c.id == schedule_id))
    return found


def _of_dataset(connection: Connection, ended: Ended) -> Telling | None:
    """A file that was loaded or rejected: by its latest job, which another may have overtaken."""
    dataset_id = connection.scalar(select(DATASET_OF_JOB).where(job.c.id == ended.id))
    record = None if dataset_id is None else datasets.find(connection, dataset_id)
    if record is None or record.job is None or record.job.id != ended.id or record.job.action is Action.UNLOAD:
        return None
    is_ready = record.status is DatasetStatus.READY
    if not is_ready and (record.status is not DatasetStatus.REJECTED or ended.status is JobStatus.CANCELLED):
        return None
    return _of_file(record, is_ready=is_ready)


def _of_file(record: DatasetRecord, *, is_ready: bool) -> Telling:
    name = record.filename or record.id
    facts = [("File", name), ("Kind", record.kind)]
    options = kept_options(record.options)
    data: dict[str, Any] = {
        "dataset_id": record.id,
        "dataset_kind": record.kind,
        "filename": record.filename,
        "rows_accepted": record.rows_accepted,
        "rows_rejected": record.rows_rejected,
        "upload_id": str(options.upload_id) if isinstance(options, SampleOptions) else None,
        "api": f"/datasets/{record.id}",
    }
    code, message = record.error_code, record.error_message
    if code is None and record.job is not None:  # its job could not even find out what is wrong
        code, message = record.job.error_code, record.job.error_message
    if is_ready:
        facts.append(("Rows", f"{record.rows_accepted or 0:,}"))
    elif code is not None:
        data["error"] = {"code": code, "message": (message or "")[:_LONGEST]}
        facts.append(("Why", (message or code)[:_LONGEST]))
    return Telling(
        type="dataset.ready" if is_ready else "dataset.rejected",
        subject=record.id,
        title=f"The file {name} of kind {record.kind} {'is loaded' if is_ready else 'was rejected'}.",
        facts=facts,
        page=f"/console/files/{record.id}",
        data=data,
        wanted=read_notify(list(options.notify)) if options.notify else NOBODY,
    )


def _of_sync(connection: Connection, ended: Ended) -> Telling | None:
    record = jobs.find(connection, ended.id)
    source_id = (jobs.parameters(connection, ended.id) or {}).get("source_id")
    one = None if source_id is None else register.find(connection, source_id)
    if record is None or one is None or ended.status is JobStatus.CANCELLED:
        return None
    message = record.error_message or one.error_message
    is_right = ended.status is JobStatus.COMPLETE and one.error_code is None
    data: dict[str, Any] = {"source": one.name, "source_id": one.id, "job_id": ended.id, "records": one.records}
    facts = [("Source", one.name), ("Records", f"{one.records or 0:,}")]
    if not is_right:
        data["error"] = {"code": record.error_code or one.error_code, "message": (message or "")[:_LONGEST]}
        facts.append(("Why", (message or "")[:_LONGEST]))
    return Telling(
        type="sync.complete" if is_right else "sync.failed",
        subject=one.id,
        title=f"The sync of {one.name} {'is complete' if is_right else 'has failed'}.",
        facts=facts,
        page=f"/console/sources/{one.name}",
        data=data,
    )


#: By the kind of the job, for kinds that are not reports.
_OF_OTHERS: Final[Mapping[str, Callable[[Connection, Ended], Telling | None]]] = {
    **dict.fromkeys(JOB_KINDS, _of_dataset),
    queueing.JOB_KIND: _of_sync,
}
