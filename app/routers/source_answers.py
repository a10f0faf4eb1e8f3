"""What is answered of sources."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.jobs.records import JobRecord, JobStatus
from app.sources.checks import Finding
from app.sources.options import SourceApp
from app.sources.register import Source
from app.sources.status import SourceStatus


class SourceError(BaseModel):
    """Why the last sync failed."""

    code: str
    message: str


class SourceAnswer(BaseModel):
    """A source."""

    name: str
    kind: str
    address: str = Field(description="Base address of the API.")
    repositories: list[str] = Field(description="Patterns of the repositories to read.")
    projects: list[str] = Field(description="Projects to read, for kinds without repositories.")
    streams: list[str] = Field(description="Streams that are read.")
    app: SourceApp | None = Field(description="The app whose private key serves as the token; null: none.")
    token: str | None = Field(description="`stored`, or where the token is read from; null: there is no token.")
    enabled: bool = Field(description="Whether syncs start automatically.")
    paused_reason: str | None = Field(description="Why they do not.")
    created_by: str | None = Field(description="Name of the user who added it.")
    created_at: datetime
    updated_at: datetime
    synced_at: datetime | None = Field(description="Start of the last sync that read everything.")
    requests: int | None = Field(description="Number of requests of the last sync.")
    records: int | None = Field(description="That it has read.")
    error: SourceError | None = Field(description="Why the last sync failed; null: it did not fail.")


class FindingAnswer(BaseModel):
    """What a look at the API has found."""

    model_config = ConfigDict(from_attributes=True)

    level: Literal["ok", "warning", "error"]
    message: str = Field(description="A sentence for people.")


class CheckedSourceAnswer(SourceAnswer):
    """A source as it is stored, and what a look at its API has found."""

    findings: list[FindingAnswer]


class SourceList(BaseModel):
    """All sources, by name."""

    sources: list[SourceAnswer]


class SyncAnswer(BaseModel):
    """A sync of a source."""

    sync_id: str
    status: JobStatus
    begins_at: datetime | None = Field(
        description="It does not start before this instant, because the API has asked for a pause."
    )
    stage: str | None = Field(description="Its current stage while it runs.")
    progress: float | None = Field(description="Share of that stage that is done, 0 to 1.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: SourceError | None


class CursorAnswer(BaseModel):
    """How far a stream is."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    scopes: int = Field(description="Number of repositories, owners or projects from which it is read.")
    unfinished: int = Field(description="Those of them with more to read.")
    missing: int = Field(description="Further ones from which it cannot be read: see the ledger.")
    watermark: datetime | None = Field(
        description="Instant up to which all of them are read; null: one of them is not read yet."
    )
    in_turn: bool = Field(
        description="Without a sign of a change, a sync reads only some of them: those that were last read longest ago."
    )


class BudgetAnswer(BaseModel):
    """What is left of a limit of the token, as the API last told."""

    model_config = ConfigDict(from_attributes=True)

    resource: str
    allowed: int | None = Field(description="Requests per hour; null: the API does not say.")
    remaining: int | None
    reset_at: datetime | None = Field(description="When the full number is available again.")
    blocked_until: datetime | None = Field(description="End of the pause that the API has asked for.")
    updated_at: datetime


class SourceStatusAnswer(SourceAnswer):
    """A source with its status."""

    watermark: datetime | None = Field(
        description="Instant up to which everything is read, except for gaps; null: something is not read yet."
    )
    lag_seconds: float | None = Field(description="Time since that instant.")
    last_sync: SyncAnswer | None = Field(
        description="The sync that is running or waiting, otherwise the one that ended last."
    )
    is_reprocessed: bool = Field(description="Whether its rows are being rebuilt.")
    cursors: list[CursorAnswer] = Field(description="By stream.")
    budget: list[BudgetAnswer] = Field(description="By resource; empty before the first request.")
    repository_states: dict[str, int] = Field(
        description="Number of repositories in each state: `ok`, `gone`, `forbidden` …"
    )
    open_gaps: int = Field(description="Number of open gaps: see the ledger.")


class GapAnswer(BaseModel):
    """Something that is known not to have been read."""

    model_config = ConfigDict(from_attributes=True)

    stream: str
    repository: str | None = Field(description="`owner/name`; null: the whole source.")
    code: str
    message: str = Field(description="For people.")
    since: datetime | None = Field(description="Start of the missing data; null: unknown.")
    until: datetime | None = Field(description="End of the missing data; null: unknown, or still open.")
    opened_at: datetime
    closed_at: datetime | None = Field(description="When the missing data was read; null: it is still missing.")


class GapList(BaseModel):
    """The ledger, newest first."""

    gaps: list[GapAnswer]


class RepositoryAnswer(BaseModel):
    """A repository of a source."""

    model_config = ConfigDict(from_attributes=True)

    repo_id: int = Field(description="Its number at the API, which stays when its name changes.")
    full_name: str = Field(description="`owner/name`, as last seen.")
    default_branch: str | None
    state: str = Field(description="`ok`, or why it is not read.")
    state_since: datetime
    seen_at: datetime


class RepositoryList(BaseModel):
    """Repositories of a source, by name."""

    repositories: list[RepositoryAnswer]


class ReprocessQueued(BaseModel):
    """A job that will make rows anew as soon as a worker is free."""

    source: str = Field(description="Its name.")
    job_id: str


class SyncQueued(BaseModel):
    """A sync that will begin as soon as a worker is free."""

    source: str = Field(description="Its name.")
    sync_id: str


def source_answer(one: Source) -> SourceAnswer:
    """A source."""
    return SourceAnswer(**_members(one))


def _members(one: Source) -> dict[str, Any]:
    stored = one.stored
    names = (
        "name",
        "kind",
        "enabled",
        "paused_reason",
        "created_by",
        "created_at",
        "updated_at",
        "synced_at",
        "requests",
        "records",
    )
    return {name: getattr(one, name) for name in names} | {
        "address": one.address,
        "repositories": list(one.options.repositories),
        "projects": list(one.options.projects),
        "streams": list(one.streams),
        "app": one.options.app,
        "token": "stored" if stored.token is not None else stored.token_from,
        "error": _error(one.error_code, one.error_message),
    }


def checked_answer(one: Source, findings: Sequence[Finding]) -> CheckedSourceAnswer:
    """A source as it is stored, and what a look has found."""
    return CheckedSourceAnswer(
        **_members(one), findings=[FindingAnswer.model_validate(finding) for finding in findings]
    )


def status_answer(one: Source, status: SourceStatus) -> SourceStatusAnswer:
    """A source with its status."""
    return SourceStatusAnswer(
        **_members(one),
        watermark=status.watermark,
        lag_seconds=status.lag_seconds,
        last_sync=None if status.sync is None else _sync(status.sync, status),
        is_reprocessed=status.is_reprocessed,
        cursors=[CursorAnswer.model_validate(stream) for stream in status.streams],
        budget=[BudgetAnswer.model_validate(budget) for budget in status.budget],
        repository_states=dict(status.repositories),
        open_gaps=status.open_gaps,
    )


def _sync(record: JobRecord, status: SourceStatus) -> SyncAnswer:
    return SyncAnswer(
        sync_id=record.id,
        status=record.status,
        begins_at=status.begins_at,
        stage=None if status.live is None else status.live.stage,
        progress=None if status.live is None else status.live.progress,
        created_at=record.created_at,
        started_at=record.started_at,
        finished_at=record.finished_at,
        error=_error(record.error_code, record.error_message),
    )


def _error(code: str | None, message: str | None) -> SourceError | None:
    return None if code is None else SourceError(code=code, message=message or "")
