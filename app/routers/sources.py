"""Add, list, view, change, pause, sync and remove sources: APIs that are read again and again."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from app.access.scopes import Scope
from app.jobs.records import JobRecord, JobStatus
from app.routers.answers import CONFLICT, NOT_FOUND, TOO_LARGE, UNAVAILABLE, UNPROCESSABLE
from app.routers.bodies import checked, described_as
from app.routers.dependencies import Sources
from app.routers.malformed import require_known_query
from app.routers.needs import needs
from app.sources.options import SourceOptions
from app.sources.register import Source
from app.sources.service import GivenToken
from app.sources.status import SourceStatus

router = APIRouter(tags=["sources"], responses=UNAVAILABLE | UNPROCESSABLE, dependencies=[Depends(require_known_query)])

_Name = Annotated[str, Path(description="Name of a source.", examples=["github"])]


class SourceChange(SourceOptions):
    """What a source is to read, and with which token."""

    token: SecretStr | None = Field(None, description="Stored encrypted, and never shown.")
    token_from: str | None = Field(
        None,
        description="Instead of a token, where it is read from at each use: `env:OPENHOURS_TOKEN_…`, or `file:NAME` in "
        "`OPENHOURS_SECRETS_FOLDER`.",
    )


class NewSource(SourceChange):
    """A source to be added."""

    name: str = Field("github", description="By which commands and addresses know it.", examples=["github"])
    kind: str = Field("github", description="What it reads; `github` is the only kind.", examples=["github"])


class SourceError(BaseModel):
    """Why the last sync failed."""

    code: str
    message: str


class SourceAnswer(BaseModel):
    """A source."""

    name: str
    kind: str
    address: str = Field(description="Base address of the API.")
    repositories: list[str] = Field(description="Patterns of the repositories that are read.")
    streams: list[str] = Field(description="Streams that are read.")
    token: str | None = Field(description="`stored`, or where it is read from; null: there is none.")
    enabled: bool = Field(description="Whether syncs begin by themselves.")
    paused_reason: str | None = Field(description="Why they do not.")
    created_by: str | None = Field(description="Name of who added it.")
    created_at: datetime
    updated_at: datetime
    synced_at: datetime | None = Field(description="When a sync that read everything last began.")
    error: SourceError | None = Field(description="Why the last sync failed; null: it did not.")


class SourceList(BaseModel):
    """All sources, by name."""

    sources: list[SourceAnswer]


class SyncAnswer(BaseModel):
    """A sync of a source."""

    sync_id: str
    status: JobStatus
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: SourceError | None


class CursorAnswer(BaseModel):
    """How far a stream is."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    scopes: int = Field(description="Repositories that it was read of; 1 for a stream of the whole source.")
    unfinished: int = Field(description="Those of them of which more is to be read.")
    watermark: datetime | None = Field(description="Up to when all of them are read; null: one is not yet.")


class BudgetAnswer(BaseModel):
    """What is left of a limit of the token, as the API last told."""

    model_config = ConfigDict(from_attributes=True)

    resource: str
    allowed: int | None = Field(description="Requests an hour; null: the API does not say.")
    remaining: int | None
    reset_at: datetime | None = Field(description="When all of them are allowed again.")
    blocked_until: datetime | None = Field(description="Until when the API has asked for a pause.")
    updated_at: datetime


class SourceStatusAnswer(SourceAnswer):
    """A source, and how it is doing."""

    watermark: datetime | None = Field(description="Up to when everything is read; null: something is not yet.")
    lag_seconds: float | None = Field(description="How long ago that was.")
    last_sync: SyncAnswer | None = Field(description="The sync that runs or waits, else the one that ended last.")
    cursors: list[CursorAnswer] = Field(description="By stream.")
    budget: list[BudgetAnswer] = Field(description="By resource; empty before the first request.")
    repository_states: dict[str, int] = Field(description="How many repositories are `ok`, `gone`, `forbidden` …")
    open_gaps: int = Field(description="How much is known not to have been read: see the ledger.")


class GapAnswer(BaseModel):
    """Something that is known not to have been read."""

    model_config = ConfigDict(from_attributes=True)

    stream: str
    repository: str | None = Field(description="`owner/name`; null: of the whole source.")
    code: str
    message: str = Field(description="For people.")
    since: datetime | None = Field(description="What is missing begins then; null: nobody knows.")
    until: datetime | None = Field(description="And ends then; null: nobody knows, or it goes on.")
    opened_at: datetime
    closed_at: datetime | None = Field(description="When it was read after all; null: it is still missing.")


class GapList(BaseModel):
    """The ledger, newest first."""

    gaps: list[GapAnswer]


class RepositoryAnswer(BaseModel):
    """A repository of a source."""

    model_config = ConfigDict(from_attributes=True)

    repo_id: int = Field(description="The number that the API knows it by, whatever its name.")
    full_name: str = Field(description="`owner/name`, as last seen.")
    default_branch: str | None
    state: str = Field(description="`ok`, or why it is not read.")
    state_since: datetime
    seen_at: datetime


class RepositoryList(BaseModel):
    """Repositories of a source, by name."""

    repositories: list[RepositoryAnswer]


class SyncQueued(BaseModel):
    """A sync that will begin as soon as a worker is free."""

    source: str = Field(description="Its name.")
    sync_id: str


@router.get("/sources")
@needs(Scope.DATA_READ)
def list_sources(sources: Sources) -> SourceList:
    """All sources, by name."""
    return SourceList(sources=[SourceAnswer(**_members(one)) for one in sources.listed()])


@router.post("/sources", status_code=201, responses=CONFLICT | TOO_LARGE)
@needs(Scope.SOURCES_WRITE)
def add_source(sources: Sources, body: Annotated[Any, Body(), described_as(NewSource)]) -> SourceAnswer:
    """Add a source; its first sync begins as soon as a worker is free."""
    new = checked(NewSource, body)
    return SourceAnswer(**_members(sources.add(new.name, new.kind, _options(new), _token(new))))


@router.get("/sources/{name}", responses=NOT_FOUND)
@needs(Scope.DATA_READ)
def get_source(sources: Sources, name: _Name) -> SourceStatusAnswer:
    """A source, and how it is doing."""
    return _status_answer(*sources.status(name))


@router.put("/sources/{name}", responses=NOT_FOUND | TOO_LARGE)
@needs(Scope.SOURCES_WRITE)
def put_source(sources: Sources, name: _Name, body: Annotated[Any, Body(), described_as(SourceChange)]) -> SourceAnswer:
    """Replace what a source reads, and its token if one is given; another address needs it again."""
    new = checked(SourceChange, body)
    return SourceAnswer(**_members(sources.change(name, _options(new), _token(new))))


@router.delete("/sources/{name}", status_code=204, responses=NOT_FOUND)
@needs(Scope.SOURCES_WRITE)
def remove_source(sources: Sources, name: _Name) -> None:
    """Remove a source with its ledger; the rows and pages that it brought stay."""
    sources.remove(name)


@router.post("/sources/{name}/sync", status_code=202, responses=NOT_FOUND | CONFLICT)
@needs(Scope.SOURCES_WRITE)
def sync_source(sources: Sources, name: _Name) -> SyncQueued:
    """Read what is new, unless a sync waits already."""
    return SyncQueued(source=name, sync_id=sources.sync(name))


@router.post("/sources/{name}/pause", responses=NOT_FOUND)
@needs(Scope.SOURCES_WRITE)
def pause_source(sources: Sources, name: _Name) -> SourceAnswer:
    """Have no sync begin until the source is resumed."""
    return SourceAnswer(**_members(sources.pause(name)))


@router.post("/sources/{name}/resume", responses=NOT_FOUND)
@needs(Scope.SOURCES_WRITE)
def resume_source(sources: Sources, name: _Name) -> SourceAnswer:
    """Have a source go on, with a sync now."""
    return SourceAnswer(**_members(sources.resume(name)))


@router.get("/sources/{name}/gaps", responses=NOT_FOUND)
@needs(Scope.DATA_READ)
def list_gaps(
    sources: Sources,
    name: _Name,
    *,
    closed: Annotated[bool, Query(description="Also those that were read after all.")] = False,
    limit: Annotated[int, Query(ge=1, le=1000, description="Gaps to list.")] = 200,
) -> GapList:
    """The ledger of what is known not to have been read, newest first."""
    return GapList(gaps=[GapAnswer.model_validate(one) for one in sources.gaps(name, closed=closed, limit=limit)])


@router.get("/sources/{name}/repositories", responses=NOT_FOUND)
@needs(Scope.DATA_READ)
def list_source_repositories(
    sources: Sources,
    name: _Name,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Repositories to list.")] = 1000,
) -> RepositoryList:
    """The repositories that a source knows, by name."""
    found = sources.repositories(name, limit=limit)
    return RepositoryList(repositories=[RepositoryAnswer.model_validate(one) for one in found])


def _options(new: SourceChange) -> dict[str, Any]:
    return new.model_dump(include=set(SourceOptions.model_fields))


def _token(new: SourceChange) -> GivenToken:
    return GivenToken(None if new.token is None else new.token.get_secret_value(), new.token_from)


def _members(one: Source) -> dict[str, Any]:
    stored = one.stored
    names = ("name", "kind", "enabled", "paused_reason", "created_by", "created_at", "updated_at", "synced_at")
    return {name: getattr(one, name) for name in names} | {
        "address": one.address,
        "repositories": list(one.options.repositories),
        "streams": list(one.streams),
        "token": "stored" if stored.token is not None else stored.token_from,
        "error": _error(one.error_code, one.error_message),
    }


def _status_answer(one: Source, status: SourceStatus) -> SourceStatusAnswer:
    return SourceStatusAnswer(
        **_members(one),
        watermark=status.watermark,
        lag_seconds=status.lag_seconds,
        last_sync=None if status.sync is None else _sync(status.sync),
        cursors=[CursorAnswer.model_validate(stream) for stream in status.streams],
        budget=[BudgetAnswer.model_validate(budget) for budget in status.budget],
        repository_states=dict(status.repositories),
        open_gaps=status.open_gaps,
    )


def _sync(record: JobRecord) -> SyncAnswer:
    return SyncAnswer(
        sync_id=record.id,
        status=record.status,
        created_at=record.created_at,
        started_at=record.started_at,
        finished_at=record.finished_at,
        error=_error(record.error_code, record.error_message),
    )


def _error(code: str | None, message: str | None) -> SourceError | None:
    return None if code is None else SourceError(code=code, message=message or "")
