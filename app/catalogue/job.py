"""The job of a dataset: its bytes are checked and its rows loaded, or taken out again.

A run may end at any moment and be done again by another replica. The rows and what is recorded of them are committed
together, and only by the attempt that counts; whoever comes after that finds it and leaves the rows alone, so that an
older file never overwrites what a later one has said meanwhile.
"""

import logging
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, exists

from app.catalogue import changes, raw, records
from app.catalogue.job_kinds import JOB_KIND, SMALL_JOB_KIND
from app.catalogue.options import FollowedOptions, PagesOptions, kept_options
from app.catalogue.raw import RawSource
from app.catalogue.records import Action, DatasetRecord, Outcome
from app.catalogue.tables import dataset
from app.errors import BadInput, ChecksumDiffers, RejectedFile, SeriesBusy
from app.files.artifact import Artifact
from app.ingest.inspection.inspect import inspect
from app.ingest.inspection.layout import looked_at
from app.ingest.kind import DatasetKind, Raw
from app.ingest.load import Loaded, load, unload
from app.ingest.pages.source import PagesSource
from app.ingest.policy import Limits
from app.ingest.refusal import NOT_OF_COLUMNS
from app.ingest.registry import DATASET_KINDS
from app.jobs import lifecycle
from app.jobs.kind import JobClass, JobContext, JobKind, Params
from app.jobs.tables import job
from app.series.collected import repositories_of
from app.storage.object_store import ObjectStore

#: Name of the file that lists the rejected rows.
REJECTS: Final = "rejects.csv"

#: Last line of a refusal that has a proposal.
HINT: Final = "A mapping would read it: openhours inspect FILE shows it, and so does proposal."

#: How long a small file waits for its turn in a slot that reports may need, seconds.
TURN_SECONDS: Final = 5

#: Checking ends at this share of the work; merging is the rest.
CHECKED: Final = 0.8


_log = logging.getLogger(__name__)


class DatasetParams(Params):
    """What a job is to do with which dataset."""

    dataset_id: str
    action: Action


class _AlreadyMerged(Exception):
    """The rows are in the series: what was staged once more is dropped."""


def produce_small(context: JobContext, params: DatasetParams) -> Sequence[Artifact]:
    """Load or unload a small file, but join the queue of large ones rather than wait long while one of them merges."""
    try:
        return produce(context, params, turn_seconds=TURN_SECONDS)
    except SeriesBusy:
        with context.engine.begin() as connection:
            context.fence(connection)
            lifecycle.change_kind(connection, context.job_id, JOB_KIND)
        raise


def produce(
    context: JobContext, params: DatasetParams, *, local: RawSource | None = None, turn_seconds: float | None = None
) -> Sequence[Artifact]:
    """Load or unload; what a file is refused for is a finding, not a failure.

    ``local`` is the same file on this machine, which is read in place of the one in the raw layer. Raises SeriesBusy
    when the turn to merge has not come after ``turn_seconds``.
    """
    with context.engine.connect() as connection:
        record = records.find(connection, params.dataset_id)
    if record is None or record.raw_key is None:
        return []  # an earlier attempt has removed it and died before it could say so
    with closing(ObjectStore(context.store)) as store:
        source = local or _source(context.engine, store, record)
        run = _Run(
            context,
            record,
            DATASET_KINDS[record.kind],
            source,
            store,
            is_reload=params.action is Action.RELOAD,
            turn_seconds=turn_seconds,
        )
        if params.action is Action.UNLOAD:
            run.unload()
            with context.engine.connect() as connection:
                raw.remove(connection, store, record.raw_key)
            return []
        return run.load()


@dataclass(frozen=True, slots=True)
class _Run:
    context: JobContext
    record: DatasetRecord
    kind: DatasetKind
    source: RawSource | PagesSource
    store: ObjectStore
    is_reload: bool
    turn_seconds: float | None

    def load(self) -> list[Artifact]:
        rejects = self.context.folder / REJECTS
        if self.record.merged_by == self.context.job_id:
            rejected = self._reject_again(rejects)
        else:
            try:
                rejected = self._load(rejects)
            except BadInput as error:
                rejected = self._reject(error)
        return [Artifact(rejects, "text/csv", rows=rejected)] if rejected else []

    def _load(self, rejects: Path) -> int:
        """Check, merge and record, or raise what the file is refused for; returns the number of rejected rows."""
        if self.record.sha256 is not None:
            self._refuse_duplicate(self.record.sha256)
        return load(
            self.context.engine,
            self.kind,
            self.source,
            rejects=rejects,
            progress=self._progress,
            stage=self._stage,
            raw=self._raw,
            before_commit=self._settle,
            **self._how(self.record.options),
        ).rows_rejected

    def _reject_again(self, rejects: Path) -> int:
        """Only list the rejected rows once more: an earlier attempt has committed the others, and died after that."""

        def stop(*_: object) -> None:
            raise _AlreadyMerged

        if self.record.rows_rejected:
            with suppress(_AlreadyMerged):
                how = self._how(self.record.options)
                load(self.context.engine, self.kind, self.source, rejects=rejects, before_commit=stop, **how)
        return self.record.rows_rejected or 0

    def unload(self) -> None:
        def settle(connection: Connection) -> None:
            changes.removed_by(connection, self.record.id, job_id=self.context.job_id)
            self.context.fence(connection)

        merged = self.record.merged_options or self.record.options
        unload(self.context.engine, self.kind, self.source, before_commit=settle, **self._how(merged))

    def _how(self, options: Mapping[str, Any]) -> dict[str, Any]:
        settings = self.context.settings
        return {
            "policy": kept_options(options).policy,
            "limits": Limits(
                max_row_bytes=settings.max_row_bytes,
                max_unpacked_bytes=settings.max_unpacked_bytes,
                max_unpack_ratio=settings.max_unpack_ratio,
                unpack_floor_bytes=settings.unpack_floor_bytes,
            ),
            "now": self.record.uploaded_at,
            "dataset_id": self.record.id,
            "turn_seconds": self.turn_seconds,
            "store": self.store,
        }

    def _raw(self) -> Raw:
        record = self.record
        return Raw(record.raw_key or "", _name(record), record.bytes or 0, self.source.sha256())

    def _progress(self, _: int) -> None:
        self.context.progress("checking", CHECKED * self.source.read_bytes / max(self.record.bytes or 0, 1))

    def _stage(self, name: str) -> None:
        if name == "loading":
            self._refuse_others()
            self._refuse_duplicate(self.source.sha256())
            self.context.progress(name, CHECKED)

    def _refuse_others(self) -> None:
        """Refuse bytes that are not those that were sent; in a reload, that are not those that were found last."""
        found = self.source.sha256()
        expected = self.record.sha256 if self.is_reload else self.record.expected_sha256 or self.record.sha256
        if expected not in {None, found}:
            before = "found when they were read before" if self.is_reload else "announced, or found when they arrived,"
            raise ChecksumDiffers(
                f"The bytes of {self.source.name} have the SHA-256 {found}; {before} was {expected}. To accept them "
                f"as they are, send POST /datasets/{self.record.id}/reload."
            )

    def _refuse_duplicate(self, sha256: str) -> None:
        """Refuse the bytes of another dataset whose rows are loaded, unless that is wanted."""
        if self.is_reload:
            return
        with self.context.engine.connect() as connection:
            records.refuse_merged(connection, kind=self.kind.name, sha256=sha256, options=self.record.options)

    def _settle(self, connection: Connection, loaded: Loaded) -> None:
        self._record(connection, Outcome.READY, findings_of(loaded))
        options = kept_options(self.record.options)
        if isinstance(options, FollowedOptions) and self.record.followed_by is None:
            changes.follow(connection, self.record.id, options.then)

    def _reject(self, error: BadInput) -> int:
        loaded = error.loaded if isinstance(error, RejectedFile) else None
        proposal = self._proposal(error)
        findings = findings_of(loaded) | {
            "error_code": error.details.get("reason", error.code),
            "error_message": error.message.replace(self.source.name, _name(self.record))
            + ("" if proposal is None else f"\n{HINT}"),
            "duplicate_of": error.details.get("dataset_id"),
            "proposal": proposal,
        }
        self.source.sha256()  # the rest of the bytes is read before the transaction, not in it
        with self.context.engine.begin() as connection:
            self._record(connection, Outcome.REJECTED, findings)
        code, message = findings["error_code"], findings["error_message"]
        _log.info("dataset %s rejected: %s: %s", self.record.id, code, message)
        self.context.reject(self.kind.name, code)
        return 0 if loaded is None else loaded.rows_rejected

    def _proposal(self, error: BadInput) -> Mapping[str, Any] | None:
        """A mapping that would read the file, if it may be one of other columns or words."""
        if not isinstance(error, RejectedFile) or self.record.options.get("mapping") is not None:
            return None
        if self.kind.stays_raw:  # it has no columns of its own that a mapping would fill
            return None
        if error.details.get("reason") in NOT_OF_COLUMNS:
            return None
        try:
            with closing(self.source.open()) as stream:
                head = looked_at(stream)
            now = self.record.uploaded_at or datetime.now(UTC)
            found = inspect(head, name=_name(self.record), kinds=[self.kind], now=now)
        except BadInput:
            return None
        return found.proposal.document if found.may_be_accepted and not found.rejections else None

    def _record(self, connection: Connection, outcome: Outcome, findings: Mapping[str, Any]) -> None:
        sha256 = self.source.sha256()
        changes.settle(
            connection, self.record.id, job_id=self.context.job_id, outcome=outcome, sha256=sha256, **findings
        )
        self.context.fence(connection)


def _source(engine: Engine, store: ObjectStore, record: DatasetRecord) -> RawSource | PagesSource:
    """The bytes of a dataset in the raw layer: a file, or the pages below a prefix."""
    options, key = kept_options(record.options), record.raw_key or ""
    if not isinstance(options, PagesOptions):
        return RawSource.in_store(store, key, name=_name(record))
    with engine.connect() as connection:
        repositories = repositories_of(connection, options.pages.source)
    return PagesSource(store, key, name=_name(record), plan=options.pages, repositories=repositories)


def findings_of(loaded: Loaded | None) -> dict[str, Any]:
    """What the record of a dataset says of a load, by its columns."""
    return {} if loaded is None else asdict(loaded)  # the record has a column for each


def _name(record: DatasetRecord) -> str:
    return record.filename or f"dataset {record.id}"


def _names(_: str, params: Mapping[str, Any]) -> dict[str, str]:
    return {"dataset_id": str(params["dataset_id"])}


def _latest_of_their_dataset() -> ColumnElement[bool]:
    """They tell what became of the dataset, and stay as long as it does."""
    return exists().where(dataset.c.job_id == job.c.id)


DATASET_JOB = JobKind(
    name=JOB_KIND,
    params=DatasetParams,
    produce=produce,
    first_stage="checking",
    job_class=JobClass.LOAD,
    concurrency_key=changes.concurrency_key,
    names=_names,
    kept=_latest_of_their_dataset,
)

SMALL_DATASET_JOB = replace(DATASET_JOB, name=SMALL_JOB_KIND, produce=produce_small, job_class=JobClass.SMALL_LOAD)

DATASET_JOBS: Final = (DATASET_JOB, SMALL_DATASET_JOB)
