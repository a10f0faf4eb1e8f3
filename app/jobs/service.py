"""What the outside may ask of reports: trigger one, look at one, list them."""

import base64
import json
import logging
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from app.database import database_errors
from app.errors import InvalidParameters, RedisUnavailable, UnknownReport, UnknownReportKind
from app.jobs import lifecycle
from app.jobs.lifecycle import ReportRecord, ReportStatus, StoredArtifact
from app.jobs.queue import Queue
from app.jobs.status import Live, LiveStatus
from app.logs import bound
from app.reports.kind import ReportKind
from app.reports.registry import REPORT_KINDS
from app.resources import Resources

_log = logging.getLogger(__name__)

#: What an id looks like; no server needs to be asked about anything else, least of all with what it cannot hold.
_ID: Final = re.compile("[0-9a-f]{32}")

#: What a queued report shows.
QUEUED: Final = Live("queued", 0.0)


@dataclass(frozen=True, slots=True)
class Running:
    """Not ended yet."""

    live: Live


@dataclass(frozen=True, slots=True)
class LinkedArtifact:
    """A file of a complete report with a link that was made just now."""

    artifact: StoredArtifact
    url: str


@dataclass(frozen=True, slots=True)
class Ended:
    """Complete with its files, or failed, or cancelled."""

    record: ReportRecord
    files: tuple[LinkedArtifact, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Some reports, newest first, and the cursor of the next page if there is one."""

    records: list[ReportRecord]
    next_cursor: str | None


class ReportService:
    """Triggers and answers for reports; stateless, so any replica may be asked."""

    def __init__(self, resources: Resources, kinds: Mapping[str, ReportKind] = REPORT_KINDS) -> None:
        self._resources = resources
        self._queue = Queue(resources.redis)
        self._status = LiveStatus(resources.redis)
        self._kinds = kinds

    def trigger(self, kind_name: str, raw_params: Mapping[str, Any]) -> str:
        """Record a report and dispatch it; returns its id.

        Once it is recorded it is accepted: when Redis does not take it, a sweep dispatches it later.

        Raises:
            UnknownReportKind, InvalidParameters, NoPolls: nothing was recorded.
        """
        kind = self.kind(kind_name)
        params = _validated(kind, raw_params)
        with database_errors(), self._resources.engine.begin() as connection:
            resolved, as_of = kind.resolve(connection, params)
            report_id = lifecycle.create(
                connection, kind=kind.name, params=resolved.model_dump(mode="json"), as_of=as_of
            )
        with bound(report_id=report_id):
            try:
                self._queue.add(report_id)
            except RedisUnavailable as error:
                _log.warning("report %s waits for a sweep, Redis did not take it: %s", report_id, error)
        return report_id

    def poll(self, report_id: str) -> Running | Ended:
        """How a report stands: from Redis while that is fresh, else from Postgres.

        Raises:
            UnknownReport: no such id.
        """
        if not _ID.fullmatch(report_id):
            raise _unknown(report_id)
        live = self._live(report_id)
        if live is not None:
            return Running(live)
        with database_errors(), self._resources.engine.connect() as connection:
            record = lifecycle.find(connection, report_id)
        if record is None:
            raise _unknown(report_id)
        match record.status:
            case ReportStatus.QUEUED:
                return Running(QUEUED)
            case ReportStatus.RUNNING:
                return Running(Live("loading", 0.0))
            case _:
                return Ended(record, tuple(self._linked(artifact) for artifact in record.artifacts))

    def page(self, *, kind: str | None, status: ReportStatus | None, cursor: str | None, limit: int) -> Page:
        """Reports, newest first.

        Raises:
            UnknownReportKind, InvalidParameters: of the filter or the cursor.
        """
        if kind is not None:
            self.kind(kind)
        before = None if cursor is None else _place(cursor)
        with database_errors(), self._resources.engine.connect() as connection:
            records = lifecycle.newest(connection, kind=kind, status=status, before=before, limit=limit + 1)
        more = len(records) > limit
        records = records[:limit]
        return Page(records, _cursor(records[-1]) if more else None)

    def kinds(self) -> list[ReportKind]:
        """The report kinds."""
        return list(self._kinds.values())

    def kind(self, name: str) -> ReportKind:
        """A report kind by its name."""
        if name not in self._kinds:
            raise UnknownReportKind(
                f"There is no report kind {name!r}; there is {', '.join(self._kinds)}.",
                received=name,
                allowed=list(self._kinds),
            )
        return self._kinds[name]

    def _live(self, report_id: str) -> Live | None:
        try:
            return self._status.get(report_id)
        except RedisUnavailable as error:
            _log.warning("Postgres answers polls, Redis does not: %s", error)
            return None

    def _linked(self, artifact: StoredArtifact) -> LinkedArtifact:
        seconds = self._resources.settings.link_ttl_seconds
        link = self._resources.object_store.link(artifact.key, media_type=artifact.media_type, seconds=seconds)
        return LinkedArtifact(artifact, link)


def _unknown(report_id: str) -> UnknownReport:
    return UnknownReport(f"There is no report {report_id!r}.", received=report_id)


def _validated(kind: ReportKind, raw: Mapping[str, Any]) -> BaseModel:
    try:
        return kind.params.model_validate_json(json.dumps(raw))
    except ValidationError as error:
        properties = kind.params.model_json_schema()["properties"]
        problems = []
        for problem in error.errors(include_url=False, include_context=False):
            name = str(problem["loc"][0]) if problem["loc"] else "params"
            problems.append(
                {
                    "parameter": name,
                    "received": raw.get(name),
                    "reason": problem["msg"],
                    "allowed": allowed(properties[name]) if name in properties else sorted(properties),
                }
            )
        lines = [f"{p['parameter']}: {p['reason']}; allowed: {_words(p['allowed'])}" for p in problems]
        raise InvalidParameters(f"{kind.name}: " + ". ".join(lines), errors=problems) from error


def allowed(schema: Mapping[str, Any]) -> str:
    """What a parameter may be, in words, from its JSON Schema."""
    variants = [schema, *schema.get("anyOf", ())]
    kind = next((v for v in variants if v.get("type") not in (None, "null")), schema)
    words = {"integer": "a whole number", "boolean": "true or false", "array": "a list of texts"}.get(
        kind.get("type", ""), "a text"
    )
    if kind.get("format") == "date-time":
        words = "an instant in ISO 8601 with Z or an offset"
    if "enum" in kind:
        words = "one of " + ", ".join(map(str, kind["enum"]))
    if "minimum" in kind and "maximum" in kind:
        words += f" from {kind['minimum']} to {kind['maximum']}"
    if "minItems" in kind:
        words += f", at least {kind['minItems']}"
    return words


def _words(value: Any) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def _cursor(record: ReportRecord) -> str:
    return base64.urlsafe_b64encode(f"{record.created_at.isoformat()} {record.id}".encode()).decode()


def _place(cursor: str) -> tuple[datetime, str]:
    place: tuple[datetime, str] | None = None
    with suppress(ValueError, OverflowError):
        created_at, report_id = base64.urlsafe_b64decode(cursor.encode()).decode().split(" ")
        place = datetime.fromisoformat(created_at).astimezone(UTC), report_id
    if place is None or not _ID.fullmatch(place[1]):
        raise InvalidParameters(
            f"cursor: {cursor!r} is not the next_cursor of an earlier page.",
            errors=[{"parameter": "cursor", "received": cursor, "allowed": "the next_cursor of an earlier page"}],
        )
    return place
