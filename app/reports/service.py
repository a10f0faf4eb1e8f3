"""What the outside may ask of reports: trigger one, look at one, cancel one, list them."""

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection

from app.access import audit
from app.deliveries.notify import NOBODY, Notify, require_known, want
from app.errors import (
    IdempotencyConflict,
    NoExplanation,
    NoSummary,
    NotFound,
    ObjectStoreUnavailable,
    ReplicaUnavailable,
    ReportExpired,
    ReportNotComplete,
    TooManyReports,
    UnknownReport,
    UnknownReportKind,
)
from app.files.artifact import StoredArtifact
from app.ids import is_id, made_at
from app.jobs import lifecycle, records
from app.jobs.artifacts import blocks_of, file_named
from app.jobs.dispatch import Dispatch
from app.jobs.kind import artifact_prefix, most_items
from app.jobs.lifecycle import KeyedJob
from app.jobs.links import LinkedArtifact, Links
from app.jobs.records import OUTSTANDING, JobRecord, JobStatus, ListedJob
from app.jobs.status import CLAIMED, QUEUED, Live
from app.paging import Page, newest_first, place_of
from app.reports.kind import SUMMARY, Drilldown, Measured, Outline, ReportKind
from app.reports.registry import REPORT_KINDS
from app.series.poll_reading import PollSource
from app.storage.postgres import database_errors, each_by_itself
from app.storage.resources import Resources
from app.telemetry.logs import bound
from app.wording.validation import invalid
from app.wording.wrong_values import WrongValue, invalid_parameters

if TYPE_CHECKING:
    from app.charts.style import Chart

#: What a poll may say of a report; a kind that tells of another stage is computing.
STAGES: Final = ("queued", "loading", "computing", "uploading")

#: Largest parameters of a report, bytes of JSON without repeats: its record and its process carry them. The number of
#: items is what people know, so that bound comes first: 10,000 keys, each as long as a UUID, take 381 KiB.
MAX_PARAMS_BYTES: Final = 384 << 10

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Running:
    """Not ended yet."""

    live: Live


@dataclass(frozen=True, slots=True)
class Ended:
    """Complete with its files, or failed, or cancelled."""

    record: JobRecord
    files: tuple[LinkedArtifact, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A report that was asked for; its parameters are valid, but not resolved."""

    kind: ReportKind
    params: BaseModel
    fingerprint: str
    notify: Notify


class Deletion(StrEnum):
    """What became of a report that nobody wants any more."""

    CANCELLED = "Cancelled"
    REMOVED = "Removed"


class ReportService:
    """Triggers and answers for reports; stateless, so any replica may be asked."""

    def __init__(
        self, resources: Resources, kinds: Mapping[str, ReportKind] = REPORT_KINDS, *, links: Links | None = None
    ) -> None:
        self._resources = resources
        self._links = links or Links(resources)
        self._redis = Dispatch(resources.request_redis)
        self._kinds = kinds
        self._polls = PollSource(resources.engine, lambda: resources.object_store)

    def trigger(
        self,
        kind_name: str,
        raw_params: Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        notify: Notify = NOBODY,
    ) -> str:
        """Record a report and dispatch it; returns its id. ``notify`` is told of its end.

        Once it is recorded it is accepted: when Redis does not take it, a sweep dispatches it later. With an
        idempotency key that was used within a day the same request is answered with the same id.

        Raises:
            UnknownReportKind, InvalidParameters, NoPolls, TooManyReports, IdempotencyConflict: nothing was recorded.
        """
        asked = self._asked(kind_name, raw_params, notify)
        with database_errors(), self._resources.engine.begin() as connection:
            if earlier := self._keyed(connection, idempotency_key):
                return _same(earlier, asked.fingerprint, str(idempotency_key))
            report_id = self._record(connection, asked, idempotency_key)
        if report_id is None:  # a request with the same key was faster
            return self.trigger(kind_name, raw_params, idempotency_key=idempotency_key, notify=notify)
        self.dispatch(report_id, kind_name)
        return report_id

    def accept(
        self,
        connection: Connection,
        kind_name: str,
        raw_params: Mapping[str, Any],
        *,
        idempotency_key: str | None,
        begun_by: str | None = None,
        notify: Notify = NOBODY,
    ) -> str | None:
        """As trigger(), in the caller's transaction; whoever commits it calls dispatch() then.

        ``begun_by`` is what begins it unasked, such as ``schedule`` and its id.

        Returns:
            The id; None if another transaction uses the key at this moment.
        """
        asked = self._asked(kind_name, raw_params, notify)
        if earlier := self._keyed(connection, idempotency_key):
            return _same(earlier, asked.fingerprint, str(idempotency_key))
        return self._record(connection, asked, idempotency_key, begun_by)

    def dispatch(self, report_id: str, kind_name: str) -> None:
        """Wake a worker for a report that was accepted."""
        with bound(report_id=report_id):
            _log.info("report %s accepted: %s", report_id, kind_name)
            self._redis.dispatch(report_id)

    def check(
        self, connection: Connection, kind_name: str, raw_params: Mapping[str, Any], *, notify: Notify = NOBODY
    ) -> None:
        """Refuse what trigger() would refuse now, but for a full queue; nothing is recorded."""
        asked = self._asked(kind_name, raw_params)
        require_known(connection, notify, self._resources.settings)
        asked.kind.resolve(connection, asked.params)

    def require_valid(self, kind_name: str, raw_params: Mapping[str, Any]) -> None:
        """Refuse parameters that never are accepted, whatever is loaded.

        Raises:
            UnknownReportKind, InvalidParameters.
        """
        self._asked(kind_name, raw_params)

    def poll(self, report_id: str, *, has_ended: bool = False) -> Running | Ended:
        """How a report stands: from Redis while that is fresh, unless it ``has_ended`` as we know, else from Postgres.

        Raises:
            UnknownReport, ReportExpired: no such id, or no longer.
        """
        if not is_id(report_id):
            raise self._missing(report_id)
        live = None if has_ended else self._redis.live(report_id, self._kinds)
        if live is not None:
            return Running(_shown(live))
        with database_errors(), each_by_itself(self._resources.engine) as connection:
            record = self._find(connection, report_id)
            self._links.record(connection, "report", report_id, record.artifacts)
        match record.status:
            case JobStatus.QUEUED:
                return Running(QUEUED)
            case JobStatus.RUNNING:
                return Running(CLAIMED)
            case _:
                if has_ended or self._redis.is_resting:  # it was not asked, and may say otherwise to the next poll
                    self._redis.contradict(report_id)
                return self._ended(record)

    def details(self, report_id: str) -> tuple[JobRecord, Mapping[str, Any], Running | Ended]:
        """The record of a report, its parameters, and how it stands.

        Raises:
            UnknownReport, ReportExpired: no such id, or no longer.
        """
        if not is_id(report_id):
            raise self._missing(report_id)
        with database_errors(), self._resources.engine.connect() as connection:
            record = self._find(connection, report_id)
            params = records.parameters(connection, report_id) or {}
            self._links.record(connection, "report", report_id, record.artifacts)
        if record.status not in OUTSTANDING:
            return record, params, self._ended(record)
        live = self._redis.live(report_id, self._kinds) if record.status is JobStatus.RUNNING else QUEUED
        return record, params, Running(_shown(live or CLAIMED))

    def summary(self, report_id: str) -> StoredArtifact:
        """The summary of a complete report, a file of JSON.

        Raises:
            UnknownReport, ReportExpired, NoSummary: there is none.
            ReportNotComplete: there is none yet, or there never will be.
        """
        return self._summarized(report_id)[1]

    def outline(self, report_id: str) -> Outline:
        """The summary of a complete report as a table for people.

        Raises:
            UnknownReport, ReportExpired, NoSummary: there is none.
            ReportNotComplete: there is none yet, or there never will be.
            StorageUnavailable: it cannot be read now.
        """
        record, file = self._summarized(report_id)
        kind = self._kinds[record.kind]
        assert kind.findings is not None  # noqa: S101 - it has made the file
        assert kind.outline is not None  # noqa: S101 - the conformance tests of kinds ask for both
        return kind.outline(kind.findings.model_validate_json(b"".join(self.read(file))))

    def measured(self, report_id: str) -> Measured | None:
        """The figure of a complete report that a target is for; None: reports of its kind have none.

        Raises:
            As outline().
        """
        record, file = self._summarized(report_id)
        kind = self._kinds[record.kind]
        if kind.measured is None or kind.findings is None:
            return None
        return kind.measured(kind.findings.model_validate_json(b"".join(self.read(file))))

    def _summarized(self, report_id: str) -> tuple[JobRecord, StoredArtifact]:
        """A complete report and its summary; raises as summary() does."""
        with database_errors(), self._resources.engine.connect() as connection:
            record = self._complete(connection, report_id, "has a summary")
        found = [artifact for artifact in record.artifacts if artifact.name == SUMMARY]
        if not found:
            kinds = [kind.name for kind in self._kinds.values() if kind.findings is not None]
            message = f"A report of kind {record.kind} has no summary; those of kind {', '.join(kinds)} have."
            raise NoSummary(message, received=record.kind, allowed=kinds)
        return record, found[0]

    def file(self, report_id: str, name: str) -> StoredArtifact:
        """A file of a complete report, which is about to be read.

        Raises:
            UnknownReport, ReportExpired, UnknownFile: there is none.
            ReportNotComplete: there is none yet, or there never will be.
        """
        with database_errors(), self._resources.engine.connect() as connection:
            record = self._complete(connection, report_id, "has files")
            found = file_named(record.artifacts, name, of=f"Report {report_id}")
            self._links.record_reading(connection, "report", report_id, found)
        return found

    def _complete(self, connection: Connection, report_id: str, what: str) -> JobRecord:
        """The record of a complete report; ``what`` is what only such a one has."""
        if not is_id(report_id):
            raise self._missing(report_id)
        record = self._find(connection, report_id)
        if record.status is not JobStatus.COMPLETE:
            message = f"Report {report_id} is {record.status}; only a complete one {what}."
            raise ReportNotComplete(message, received=report_id, report_status=record.status.value)
        return record

    def explain(self, report_id: str, key: str) -> BaseModel:
        """Why the figures of one entity are what they are, by the parameters of a report and what is loaded now.

        Raises:
            UnknownReport, ReportExpired, NoExplanation: there is no such report, or it is of a kind without.
            UnknownEntity: it has no row of this entity.
        """
        drilldown, params = self._drilldown(report_id)
        return drilldown.explain(self._polls, self._resources.settings, params, key)

    def entity_chart(self, report_id: str, key: str, *, day: date | None) -> "Chart":
        """A picture of the days of one entity, or of one of them.

        Raises:
            UnknownReport, ReportExpired, NoExplanation, UnknownEntity: as explain().
            InvalidParameters: the report has nothing of that day.
        """
        drilldown, params = self._drilldown(report_id)
        return drilldown.chart(self._polls, self._resources.settings, params, key, day)

    def entity_picture(self, report_id: str, key: str, *, day: date | None) -> bytes:
        """The same as PNG, drawn by a process of its own.

        Raises:
            ReplicaUnavailable: it cannot be drawn here, or not now.
        """
        chart = self.entity_chart(report_id, key, day=day)
        from app.charts.drawing import draw_apart  # noqa: PLC0415 - altair takes half a second to import

        try:
            return draw_apart(chart)
        except (TimeoutError, MemoryError, OSError) as error:
            raise ReplicaUnavailable(
                f"The chart cannot be drawn now: {error}. Its specification is available."
            ) from error

    def _drilldown(self, report_id: str) -> tuple[Drilldown, BaseModel]:
        if not is_id(report_id):
            raise self._missing(report_id)
        with database_errors(), self._resources.engine.connect() as connection:
            kind = self._kinds[self._find(connection, report_id).kind]
            params = records.parameters(connection, report_id) or {}
        if kind.drilldown is None:
            kinds = [one.name for one in self._kinds.values() if one.drilldown is not None]
            message = f"A report of kind {kind.name} cannot be explained; those of kind {', '.join(kinds)} can."
            raise NoExplanation(message, received=kind.name, allowed=kinds)
        return kind.drilldown, kind.params.model_validate_json(json.dumps(params))

    def read(self, artifact: StoredArtifact, span: tuple[int, int] | None = None) -> Iterator[bytes]:
        """The bytes of a file: see blocks_of."""
        return blocks_of(self._resources, artifact, span)

    def delete(self, report_id: str) -> Deletion:
        """Cancel a report that has not ended; remove one that has, with its files.

        A cancelled report stays on record until it is old, so that repeating the request changes nothing.

        Raises:
            UnknownReport, ReportExpired: no such id, or no longer.
        """
        if not is_id(report_id):
            raise self._missing(report_id)
        with database_errors(), self._resources.engine.begin() as connection:
            kind = self._kinds[self._find(connection, report_id).kind]
            cancelled = lifecycle.cancel(connection, report_id)
            removed = not cancelled and lifecycle.remove(connection, report_id)
            if cancelled or removed:
                audit.record(connection, "report.cancel" if cancelled else "report.remove", "report", report_id)
            # Another request was faster, or it was cancelled before.
            is_cancelled = cancelled or (not removed and records.find(connection, report_id) is not None)
        self._redis.end(report_id)
        if is_cancelled:
            return Deletion.CANCELLED
        try:
            self._resources.object_store.remove_below(artifact_prefix(report_id, below=kind.artifacts))
        except ObjectStoreUnavailable as error:
            _log.warning("report %s: could not remove its files, the clean-up will retry: %s", report_id, error)
        return Deletion.REMOVED

    def page(self, *, kind: str | None, status: JobStatus | None, cursor: str | None, limit: int) -> Page[ListedJob]:
        """Reports, newest first.

        Raises:
            UnknownReportKind, InvalidParameters: of the filter or the cursor.
        """
        kinds = self._kinds if kind is None else [self.kind(kind).name]
        before = None if cursor is None else place_of(cursor)
        with database_errors(), self._resources.engine.connect() as connection:
            found = records.newest(connection, kinds=kinds, status=status, before=before, limit=limit + 1)
        return newest_first(found, limit=limit)

    def kinds(self) -> list[ReportKind]:
        """The report kinds."""
        return list(self._kinds.values())

    def kind(self, name: str) -> ReportKind:
        """A report kind by its name."""
        if name not in self._kinds:
            raise UnknownReportKind(
                f"There is no report kind {name!r}; known kinds: {', '.join(self._kinds)}.",
                received=name,
                allowed=list(self._kinds),
            )
        return self._kinds[name]

    def _ended(self, record: JobRecord) -> Ended:
        below = f"/reports/{record.id}"
        return Ended(record, tuple(self._links.of(artifact, below=below) for artifact in record.artifacts))

    def _find(self, connection: Connection, report_id: str) -> JobRecord:
        """The record of a report; that of any other job is none. Raises UnknownReport, ReportExpired."""
        record = records.find(connection, report_id)
        if record is None or record.kind not in self._kinds:
            raise self._missing(report_id)
        return record

    def _asked(self, kind_name: str, raw_params: Mapping[str, Any], notify: Notify = NOBODY) -> "_Asked":
        kind = self.kind(kind_name)
        params = _validated(kind, raw_params, most=self._resources.settings.max_list_items)
        return _Asked(kind, params, _fingerprint(kind, raw_params, notify), notify)

    def _record(
        self, connection: Connection, asked: "_Asked", idempotency_key: str | None, begun_by: str | None = None
    ) -> str | None:
        """The id of a new report; None if its key is used by now."""
        self._require_room(connection)
        notify = require_known(connection, asked.notify, self._resources.settings)
        params, as_of = asked.kind.resolve(connection, asked.params)
        report_id = lifecycle.create(
            connection,
            kind=asked.kind.name,
            params=params.model_dump(mode="json"),
            params_sha256=asked.fingerprint,
            as_of=as_of,
            idempotency_key=idempotency_key,
            concurrency_key=asked.kind.concurrency_key(params.model_dump(mode="json")),
            begun_by=begun_by,
        )
        if report_id is not None:
            want(connection, report_id, notify)
            audit.record(connection, "report.trigger", "report", report_id, kind=asked.kind.name)
        return report_id

    def _keyed(self, connection: Connection, idempotency_key: str | None) -> KeyedJob | None:
        return None if idempotency_key is None else lifecycle.keyed(connection, idempotency_key)

    def _require_room(self, connection: Connection) -> None:
        """Refuse what would wait too long: more is queued than this installation is meant to hold."""
        limit = self._resources.settings.max_outstanding
        backlog = records.backlog(connection, self._kinds)
        if backlog.queued + backlog.running < limit:
            return
        error = TooManyReports(
            f"{backlog.queued:,} reports are queued and {backlog.running:,} running; the limit is {limit:,} "
            "(OPENHOURS_MAX_OUTSTANDING). Nothing was started; try again later."
        )
        error.retry_after_seconds = records.retry_after_seconds(connection, backlog, self._kinds)
        raise error

    def _missing(self, report_id: str) -> NotFound:
        days = self._resources.settings.retention_days
        made = made_at(report_id)
        if made is not None and made < datetime.now(UTC) - timedelta(days=days):
            return ReportExpired(
                f"Report {report_id} was triggered at {made:%Y-%m-%d %H:%M} UTC; reports are kept for {days} days.",
                received=report_id,
            )
        return UnknownReport(f"There is no report {report_id!r}.", received=report_id)


def _shown(live: Live) -> Live:
    return live if live.stage in STAGES else Live("computing", live.progress)


def _fingerprint(kind: ReportKind, raw_params: Mapping[str, Any], notify: Notify) -> str:
    """SHA-256 of what was asked for, the same whatever the order of its members."""
    told = [] if notify.is_nobody else [notify.model_dump(mode="json")]
    asked = json.dumps([kind.name, raw_params, *told], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(asked.encode()).hexdigest()


def _same(earlier: KeyedJob, fingerprint: str, idempotency_key: str) -> str:
    if earlier.params_sha256 != fingerprint:
        raise IdempotencyConflict(
            f"Idempotency-Key {idempotency_key!r} was sent with another request less than a day ago; repeat that "
            "request as it was, or use another key.",
            received=idempotency_key,
        )
    return earlier.id


def _validated(kind: ReportKind, raw: Mapping[str, Any], *, most: int) -> BaseModel:
    try:
        params = kind.params.model_validate_json(json.dumps(raw), context=most_items(most))
    except ValidationError as error:
        raise invalid(error, kind.params.model_json_schema(), whole="params", subject=kind.name) from error
    size = len(params.model_dump_json().encode())
    if size > MAX_PARAMS_BYTES:
        reason = f"take {size:,} bytes as JSON; at most {MAX_PARAMS_BYTES:,} are allowed: shorten the lists"
        raise invalid_parameters(
            [WrongValue(parameter="params", received=None, reason=reason, is_shown=False)], subject=kind.name
        )
    return params
