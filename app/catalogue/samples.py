"""Samples of review times that clients of the founding system send: each is a dataset, and the report that follows it.

Nobody asks for the report: the rule ``review-times-samples`` begins it when the rows are loaded, and another one when
they are loaded anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, select

from app.catalogue import records
from app.catalogue.options import load_options
from app.catalogue.records import DatasetRecord, DatasetStatus
from app.files.artifact import StoredArtifact
from app.jobs.links import LinkedArtifact, Links
from app.jobs.records import OUTSTANDING, JobStatus
from app.jobs.tables import job
from app.storage.postgres import database_errors
from app.storage.resources import Resources

#: Dataset kind of a sample.
KIND: Final = "review_times"

#: Why there are no statistics of a sample any more.
_GONE: Final = (
    "Its report was removed, or is older than the {days} days for which reports are kept. Send the file again."
)


class SampleStatus(StrEnum):
    """How far a sample is, in the words of the founding system."""

    UPLOADING = "uploading"
    PARSING = "parsing"
    PROCESSING = "processing"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample as it stands.

    Attributes:
        record: of its dataset.
        error: why it has failed.
        files: of its report, once that is complete; pictures have links.
    """

    record: DatasetRecord
    status: SampleStatus
    error: str | None = None
    files: tuple[StoredArtifact, ...] = ()
    pictures: tuple[LinkedArtifact, ...] = ()

    @property
    def upload_id(self) -> UUID:
        """The id that its sender gave it."""
        return UUID(self.record.options["upload_id"])

    @property
    def report_id(self) -> str:
        """Of its report; empty before that is queued."""
        return self.record.followed_by or ""


@dataclass(frozen=True, slots=True)
class _Report:
    """What a sample's report has come to."""

    status: JobStatus
    created_at: datetime
    artifacts: tuple[StoredArtifact, ...]
    error_message: str | None


def sample_options(options: Mapping[str, Any], *, upload_id: str) -> Mapping[str, Any]:
    """The options of a sample; ``force``, because the same file under another id is another sample.

    Raises:
        InvalidParameters: ``upload_id`` is no UUID.
    """
    given = {**options, "upload_id": upload_id, "force": True}
    return load_options(**given).model_dump(mode="json")


class SampleService:
    """The list of samples; stateless, so any replica can serve it."""

    def __init__(self, resources: Resources, *, links: Links) -> None:
        self._resources = resources
        self._links = links

    def page(self, *, upload_id: UUID | None, skip: int, limit: int) -> list[Sample]:
        """Samples, newest first; only those with this id of their sender's, if it is given."""
        wanted = None if upload_id is None else str(upload_id)
        with database_errors(), self._resources.engine.connect() as connection:
            found = records.samples(connection, kind=KIND, upload_id=wanted, skip=skip, limit=limit)
            reports = _reports(connection, [record.followed_by for record in found if record.followed_by])
            samples = [self._sample(record, reports.get(record.followed_by or "")) for record in found]
            for sample in samples:
                pictures = [one.artifact for one in sample.pictures]
                self._links.record(connection, "report", sample.report_id, pictures)
        return samples

    def _sample(self, record: DatasetRecord, report: _Report | None) -> Sample:
        match record.status:
            case DatasetStatus.UPLOADING:
                return Sample(record, SampleStatus.UPLOADING)
            case DatasetStatus.CHECKING:
                return Sample(record, SampleStatus.PARSING)
            case DatasetStatus.REJECTED:
                told = record.error_message or (None if record.job is None else record.job.error_message)
                return Sample(record, SampleStatus.FAILED, told or "The file could not be checked.")
        return self._loaded(record, report)

    def _loaded(self, record: DatasetRecord, report: _Report | None) -> Sample:
        """A sample whose rows are loaded."""
        if report is None and record.followed_by is not None:
            days = self._resources.settings.retention_days
            return Sample(record, SampleStatus.FAILED, _GONE.format(days=days))
        loaded_at = None if record.job is None else record.job.finished_at
        is_of_before = report is not None and loaded_at is not None and report.created_at < loaded_at
        if report is None or is_of_before or report.status in OUTSTANDING:
            return Sample(record, SampleStatus.PROCESSING)
        if report.status is not JobStatus.COMPLETE:
            told = report.error_message or f"Its report was {report.status}."
            return Sample(record, SampleStatus.FAILED, told)
        below = f"/reports/{record.followed_by}"
        pictures = (self._links.of(file, below=below) for file in report.artifacts if file.media_type == "image/png")
        return Sample(record, SampleStatus.DONE, None, report.artifacts, tuple(pictures))


def _reports(connection: Connection, ids: Sequence[str]) -> dict[str, _Report]:
    query = select(job.c.id, job.c.status, job.c.created_at, job.c.artifacts, job.c.error_message).where(
        job.c.id.in_(ids)
    )
    return {
        row.id: _Report(
            JobStatus(row.status),
            row.created_at,
            tuple(StoredArtifact(**one) for one in row.artifacts or ()),
            row.error_message,
        )
        for row in connection.execute(query)
    }
