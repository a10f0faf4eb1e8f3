"""The service behind routes and commands for datasets: register, view, reload, remove, list."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection

from app.access import audit
from app.catalogue import changes, mappings, raw, records, under_way
from app.catalogue.job_kinds import JOB_KINDS, job_kind_of
from app.catalogue.options import FollowUp, LoadOptions, load_options
from app.catalogue.records import DatasetRecord, DatasetStatus, Outcome
from app.catalogue.tables import DATASET_OF_JOB
from app.catalogue.under_way import Sender
from app.deliveries.notify import Notify, require_known
from app.errors import (
    DatasetBusy,
    InvalidParameters,
    ObjectStoreUnavailable,
    TooManyUploads,
    UnknownDataset,
    UnknownDatasetKind,
)
from app.files.artifact import StoredArtifact
from app.ids import is_id
from app.ingest.covering import COVERING, require_covering
from app.ingest.csv.given import given_values
from app.ingest.csv.header import named_columns
from app.ingest.csv.mapped.columns import require_fit
from app.ingest.csv.valid_from import require_holds_from
from app.ingest.kind import DatasetKind
from app.ingest.registry import DATASET_KINDS
from app.ingest.table.header import require_table_columns
from app.jobs import lifecycle
from app.jobs import records as job_records
from app.jobs.artifacts import blocks_of, file_named
from app.jobs.dispatch import Dispatch
from app.jobs.kind import artifact_prefix
from app.jobs.links import LinkedArtifact, Links
from app.jobs.records import OUTSTANDING, JobStatus
from app.jobs.status import QUEUED
from app.paging import Page, newest_first, place_of
from app.storage.postgres import database_errors
from app.storage.resources import Resources
from app.telemetry.logs import bound
from app.uploads.keys import media_type

_log = logging.getLogger(__name__)

#: Statuses in which a job is working on the dataset.
WORKING = (DatasetStatus.CHECKING, DatasetStatus.LOADING, DatasetStatus.REMOVING)


@dataclass(frozen=True, slots=True)
class DatasetState:
    """The current state of a dataset.

    Attributes:
        status: that of the record, but with checking and loading told apart.
        progress: share of the work done, 0 … 1.
        rejects: the file of rejected rows, if there is one.
    """

    record: DatasetRecord
    status: DatasetStatus
    progress: float
    rejects: LinkedArtifact | None


class Removal(StrEnum):
    """The outcome of a removal."""

    REMOVED = "removed"
    REMOVING = "removing"


class DatasetService:
    """Operations on datasets; stateless, so any replica can serve them."""

    def __init__(
        self, resources: Resources, kinds: Mapping[str, DatasetKind] = DATASET_KINDS, *, links: Links | None = None
    ) -> None:
        self._resources = resources
        self._links = links or Links(resources)
        self._redis = Dispatch(resources.request_redis)
        self._kinds = kinds

    def kinds(self) -> list[DatasetKind]:
        """The dataset kinds."""
        return list(self._kinds.values())

    def kind(self, name: str) -> DatasetKind:
        """A dataset kind by its name. Raises UnknownDatasetKind."""
        if name not in self._kinds:
            raise UnknownDatasetKind.of(name, self._kinds)
        return self._kinds[name]

    def require_room(self, connection: Connection) -> None:
        """Raise TooManyUploads while more loads are outstanding than this installation is meant to hold."""
        limit = self._resources.settings.max_outstanding_uploads
        backlog = job_records.backlog(connection, JOB_KINDS)
        if backlog.queued + backlog.running < limit:
            return
        with self._telling_when(connection):
            raise TooManyUploads(
                f"{backlog.queued:,} dataset loads are queued and {backlog.running:,} running; the limit is {limit:,} "
                "(OPENHOURS_MAX_OUTSTANDING_UPLOADS). Nothing was started; try again later."
            )

    def register(
        self,
        connection: Connection,
        *,
        dataset_id: str,
        kind: str,
        filename: str | None,
        options: LoadOptions,
        sha256: str | None,
        sender: Sender | None = None,
    ) -> None:
        """Register a file that is about to be sent, with its SHA-256 if that is known; a local file has no sender.

        Raises:
            UnknownDatasetKind, InvalidParameters, DuplicateDataset: the file is not wanted.
            TooManyUploads: too many bytes of its sender are under way.
        """
        options = self._recipients_known(connection, mappings.resolved(connection, options))
        self._require_columns(kind, options)
        if sender is not None:
            with self._telling_when(connection):
                under_way.require_share(connection, sender, most_bytes=self._resources.settings.client_upload_bytes)
        kept = options.model_dump(mode="json")
        if sha256 is not None:
            records.refuse_merged(connection, kind=kind, sha256=sha256, options=kept)
        changes.register(
            connection,
            dataset_id=dataset_id,
            kind=kind,
            filename=_shown_name(filename),
            options=kept,
            announced_sha256=sha256,
            client=None if sender is None else sender.client,
            reserved_bytes=None if sender is None else sender.reserved_bytes,
        )

    def grow(self, connection: Connection, dataset_id: str, size_bytes: int) -> None:
        """Expect so many bytes of a file whose length nobody knows. Raises TooManyUploads."""
        with self._telling_when(connection):
            most_bytes = self._resources.settings.client_upload_bytes
            under_way.grow(connection, dataset_id, size_bytes, most_bytes=most_bytes)

    @contextmanager
    def _telling_when(self, connection: Connection) -> Iterator[None]:
        """Say with a refusal when there may be room again."""
        try:
            yield
        except TooManyUploads as error:
            backlog = job_records.backlog(connection, JOB_KINDS)
            error.retry_after_seconds = job_records.retry_after_seconds(connection, backlog, JOB_KINDS)
            raise

    def accept(
        self, connection: Connection, *, dataset_id: str, raw_key: str, size_bytes: int, sha256: str | None
    ) -> str:
        """Accept a file whose bytes are all in the raw layer, in the caller's transaction.

        Returns the id of the job that checks and loads it; call ``dispatch`` after the commit, so that it is soon
        begun.

        Raises:
            UnknownDataset: it was removed in the meantime.
            DuplicateDataset: a ready dataset has the same bytes.
        """
        record = records.lock(connection, dataset_id)
        if record is None:
            raise _missing(dataset_id)
        if sha256 is not None:
            records.refuse_merged(connection, kind=record.kind, sha256=sha256, options=record.options)
        return changes.arrived(
            connection,
            dataset_id,
            raw_key=raw_key,
            size_bytes=size_bytes,
            sha256=sha256,
            job_kind=job_kind_of(raw_key, size_bytes, self._resources.settings),
        )

    def forget(self, connection: Connection, dataset_id: str) -> None:
        """Delete the record of a file that never arrived completely."""
        changes.remove(connection, dataset_id)

    def has(self, connection: Connection, dataset_id: str) -> bool:
        """Whether there is a record of this dataset."""
        return bool(records.known(connection, [dataset_id]))

    def get(self, dataset_id: str, *, has_ended: bool = False) -> DatasetState:
        """The state of a dataset; pass ``has_ended`` if its job is known to have ended.

        Raises:
            UnknownDataset: there is none with this id.
        """
        if not is_id(dataset_id):
            raise _missing(dataset_id)
        with database_errors(), self._resources.engine.connect() as connection:
            record = records.find(connection, dataset_id)
            if record is None:
                raise _missing(dataset_id)
            self._links.record(connection, "dataset", dataset_id, _files(record))
        return self._state(record, believe_redis=not has_ended)

    def file(self, dataset_id: str, name: str) -> StoredArtifact:
        """A file of a dataset, which is about to be read. Raises UnknownDataset, UnknownFile."""
        with database_errors(), self._resources.engine.connect() as connection:
            record = records.find(connection, dataset_id) if is_id(dataset_id) else None
            if record is None:
                raise _missing(dataset_id)
            raw = None if record.raw_key is None else _raw(record, record.raw_key)
            if raw is None or raw.name != name:
                found = file_named(_files(record), name, of=f"Dataset {dataset_id}")
            else:
                found = raw
            self._links.record_reading(connection, "dataset", dataset_id, found)
        return found

    def read(self, artifact: StoredArtifact, span: tuple[int, int] | None = None) -> Iterator[bytes]:
        """The bytes of a file: see blocks_of."""
        return blocks_of(self._resources, artifact, span)

    def page(
        self, *, kind: str | None, status: DatasetStatus | None, cursor: str | None, limit: int
    ) -> Page[DatasetState]:
        """Datasets, newest first. Raises UnknownDatasetKind, InvalidParameters."""
        if kind is not None:
            self.kind(kind)
        before = None if cursor is None else place_of(cursor)
        with database_errors(), self._resources.engine.connect() as connection:
            kinds = self._kinds if kind is None else [kind]
            found = records.newest(connection, kinds=list(kinds), status=status, before=before, limit=limit + 1)
            for record in found[:limit]:
                self._links.record(connection, "dataset", record.id, _files(record))
        return newest_first(found, limit=limit).of(self._state)

    def reload(self, dataset_id: str, *, options: Mapping[str, object]) -> None:
        """Check and load a dataset again from the raw layer, with those options replaced that are given.

        An empty text for ``columns``, ``mapping`` or ``set`` drops what was given before.

        Raises:
            UnknownDataset, DatasetBusy, InvalidParameters, TooManyUploads: nothing was started.
        """
        with database_errors(), self._resources.engine.begin() as connection:
            self.require_room(connection)
            job_id = self.reload_in(connection, dataset_id, options=options)
        self.dispatch(dataset_id, job_id)

    def reload_in(self, connection: Connection, dataset_id: str, *, options: Mapping[str, object]) -> str:
        """The same in the caller's transaction; returns the id of the job, which nobody has been called for yet."""
        record = self._idle(connection, dataset_id, "loaded again")
        dropped = {name: None for name in ("columns", "mapping", "set") if options.get(name) == ""}
        merged = mappings.resolved(connection, load_options(**dict(record.options) | dict(options) | dropped))
        merged = self._recipients_known(connection, merged)
        self._require_columns(record.kind, merged)
        new_options = merged.model_dump(mode="json")
        return changes.load_again(connection, dataset_id, new_options, job_kind=self._job_kind(record))

    def _recipients_known(self, connection: Connection, options: LoadOptions) -> LoadOptions:
        """The options with addresses as mail servers know them. Raises InvalidParameters."""
        if options.notify is None:
            return options
        known = require_known(connection, Notify(to=options.notify), self._resources.settings)
        return options.model_copy(update={"notify": known.to})

    def follow(self, dataset_id: str, follow_up: FollowUp) -> str | None:
        """Have a loaded dataset followed by a report, unless one does; returns the id of the new report.

        One that has failed, was cancelled or removed, or is too old to be kept, follows no more. Raises UnknownDataset.
        """
        with database_errors(), self._resources.engine.begin() as connection:
            record = records.lock(connection, dataset_id) if is_id(dataset_id) else None
            if record is None:
                raise _missing(dataset_id)
            report = None if record.followed_by is None else job_records.find(connection, record.followed_by)
            is_followed = report is not None and report.status in (*OUTSTANDING, JobStatus.COMPLETE)
            if is_followed or record.status is not DatasetStatus.READY:
                return None
            report_id = changes.follow(connection, dataset_id, follow_up)
        self.dispatch(dataset_id, report_id)
        return report_id

    def drop_second(self, dataset_id: str) -> str | None:
        """Remove a dataset that is followed by a report, if such a one of the same bytes is still being checked.

        Returns the id of the first.
        """
        with database_errors(), self._resources.engine.connect() as connection:
            first = records.same_before(connection, dataset_id)
        if first is not None:
            self.delete(dataset_id, rows=False)
        return first

    def raw_file(self, dataset_id: str) -> LinkedArtifact:
        """The file as it came, with a link. Raises UnknownDataset."""
        with database_errors(), self._resources.engine.connect() as connection:
            record = records.find(connection, dataset_id) if is_id(dataset_id) else None
            if record is None or record.raw_key is None:
                raise _missing(dataset_id)
            raw = _raw(record, record.raw_key)
            self._links.record(connection, "dataset", dataset_id, [raw])
        return self._links.of(raw, below=f"/datasets/{dataset_id}")

    def delete(self, dataset_id: str, *, rows: bool) -> Removal:
        """Remove a dataset and its raw object; its rows stay, unless a job is to remove them first.

        Of a kind whose raw objects are the data they never stay.

        The job that works on it is cancelled.

        Raises:
            UnknownDataset: there is none with this id.
            DatasetBusy: its bytes are still arriving.
        """
        with database_errors(), self._resources.engine.begin() as connection:
            record = self._arrived(connection, dataset_id, "removed")
            rows = rows or (record.kind in self._kinds and self._kinds[record.kind].stays_raw)
            if rows and record.status is DatasetStatus.REMOVING:
                return Removal.REMOVING
            if record.job is not None and record.status in WORKING:
                lifecycle.cancel(connection, record.job.id)
            of_dataset = dataset_id == DATASET_OF_JOB
            removed_jobs = lifecycle.remove_ended(connection, kinds=JOB_KINDS, which=of_dataset)
            if rows and record.merged_by is not None:
                job_id = changes.unload(connection, dataset_id, job_kind=self._job_kind(record))
            else:
                job_id = None
                changes.remove(connection, dataset_id)
                audit.record(connection, "dataset.remove", "dataset", dataset_id, rows=False)
        self._remove_objects(record, removed_jobs, with_raw=job_id is None)
        if job_id is None:
            return Removal.REMOVED
        self.dispatch(dataset_id, job_id)
        return Removal.REMOVING

    def _job_kind(self, record: DatasetRecord) -> str:
        return job_kind_of(record.raw_key or "", record.bytes or 0, self._resources.settings)

    def _require_columns(self, kind: str, options: LoadOptions) -> None:
        """Raise InvalidParameters unless the given column names are those of the kind, and it may begin on a date."""
        known = self.kind(kind)
        if known.stays_raw:
            _require_no_mapping(kind, options)
            require_covering(known, options.model_dump(include=set(COVERING), exclude_defaults=True))
            require_table_columns(options.columns or ())
            return
        require_covering(known, options.model_dump(include=set(COVERING), exclude_defaults=True))
        if options.valid_from is not None:
            require_holds_from(known)
        if options.columns is not None:
            named_columns(known, options.columns, given=options.set or ())
        if options.set is not None:
            given_values(known, options.set)
        if options.file_mapping is not None:
            if options.columns is not None:
                raise InvalidParameters("columns and mapping: a mapping names the columns already; leave columns out.")
            require_fit(known, options.file_mapping)

    def _arrived(self, connection: Connection, dataset_id: str, verb: str) -> DatasetRecord:
        """The dataset, locked; raises DatasetBusy while its bytes are still arriving."""
        record = records.lock(connection, dataset_id) if is_id(dataset_id) else None
        if record is None:
            raise _missing(dataset_id)
        if record.status is DatasetStatus.UPLOADING:
            raise DatasetBusy(
                f"Dataset {dataset_id} is still being uploaded; it can be {verb} once the upload is complete. "
                f"To stop the upload, send DELETE /uploads/{dataset_id}.",
                status_received=record.status,
            )
        return record

    def _idle(self, connection: Connection, dataset_id: str, verb: str) -> DatasetRecord:
        record = self._arrived(connection, dataset_id, verb)
        if record.status in WORKING:
            raise DatasetBusy(f"Dataset {dataset_id} is {record.status}; it can be {verb} once that job has ended.")
        return record

    def _state(self, record: DatasetRecord, *, believe_redis: bool = True) -> DatasetState:
        status, progress = record.status, 1.0
        if status is DatasetStatus.UPLOADING:
            progress = 0.0
        if status in WORKING and record.job is not None:
            live = self._redis.live(record.job.id, JOB_KINDS) if believe_redis else None
            live = live or QUEUED
            progress = live.progress
            if status is DatasetStatus.CHECKING and _is_loading(record, live.stage):
                status = DatasetStatus.LOADING
        below = f"/datasets/{record.id}"
        rejects = [self._links.of(artifact, below=below) for artifact in _files(record)[:1]]
        return DatasetState(record, status, progress, rejects[0] if rejects else None)

    def dispatch(self, dataset_id: str, job_id: str) -> None:
        """Have a worker begin a job of a dataset that was just queued."""
        with bound(dataset_id=dataset_id):
            _log.info("dataset %s: queued job %s", dataset_id, job_id)
            self._redis.dispatch(job_id)

    def _remove_objects(self, record: DatasetRecord, jobs: Sequence[str], *, with_raw: bool) -> None:
        """Remove what ended jobs of a dataset have left, and its raw object unless that is still needed."""
        try:
            if with_raw and record.raw_key is not None:
                with database_errors(), self._resources.engine.connect() as connection:
                    raw.remove(connection, self._resources.object_store, record.raw_key)
            for job_id in jobs:
                self._resources.object_store.remove_below(artifact_prefix(job_id))
        except ObjectStoreUnavailable as error:
            _log.warning("dataset %s: could not remove its objects, the clean-up will retry: %s", record.id, error)


def _files(record: DatasetRecord) -> tuple[StoredArtifact, ...]:
    return () if record.job is None else record.job.artifacts


def _raw(record: DatasetRecord, key: str) -> StoredArtifact:
    """The file as it came, as a file of the dataset."""
    name = key.rpartition("/")[2]
    return StoredArtifact(name, key, media_type(key), record.bytes or 0, record.rows_read or 0, record.sha256 or "")


def _is_loading(record: DatasetRecord, stage: str) -> bool:
    """Whether the job is past checking; at its end it uploads the list of rejected rows, whatever the outcome."""
    return stage == "loading" or (stage == "uploading" and record.outcome == Outcome.READY)


def _shown_name(filename: str | None) -> str | None:
    """The last part of the sender's file name, whatever separator its system uses."""
    return filename and (filename.replace("\\", "/").rpartition("/")[2] or None)


def _require_no_mapping(kind: str, options: LoadOptions) -> None:
    """Raise InvalidParameters if an option is given that fills the columns of a kind, where there are none."""
    given = [name for name in ("mapping", "set", "valid_from") if getattr(options, name) is not None]
    if given:
        raise InvalidParameters(
            f"{given[0]}: a {kind} keeps the columns of its file, whatever they are; allowed: on_error, max_errors, "
            f"columns, force. Leave {given[0]} out."
        )


def _missing(dataset_id: str) -> UnknownDataset:
    return UnknownDataset(f"There is no dataset {dataset_id!r}.", received=dataset_id)
