"""Add, list, view, change, pause, sync and remove sources: APIs that are read again and again."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Query
from pydantic import Field, SecretStr

from app.access.scopes import Scope
from app.reports.instants import Instant
from app.routers.answers import CONFLICT, NOT_FOUND, TOO_LARGE, UNAVAILABLE, UNPROCESSABLE
from app.routers.bodies import checked, described_as
from app.routers.dependencies import Sources
from app.routers.malformed import require_known_query
from app.routers.needs import needs
from app.routers.source_answers import (
    CheckedSourceAnswer,
    GapAnswer,
    GapList,
    RepositoryAnswer,
    RepositoryList,
    ReprocessQueued,
    SourceAnswer,
    SourceList,
    SourceStatusAnswer,
    SyncQueued,
    checked_answer,
    source_answer,
    status_answer,
)
from app.sources.options import SourceOptions
from app.sources.service import GivenToken

router = APIRouter(tags=["sources"], responses=UNAVAILABLE | UNPROCESSABLE, dependencies=[Depends(require_known_query)])

_Name = Annotated[str, Path(description="Name of a source.", examples=["github"])]

_Check = Annotated[bool, Query(description="Check first whether the source can be read; refuse it if not.")]

_Streams = Annotated[
    list[str] | None, Query(description="Repeat the parameter for several streams. Default: all streams.")
]
_Since = Annotated[Instant | None, Query(description="With Z or an offset. Default: from the beginning.")]


class SourceChange(SourceOptions):
    """What a source is to read, and with which token."""

    token: SecretStr | None = Field(None, description="Stored encrypted and never shown.")
    token_from: str | None = Field(
        None,
        description="Instead of a token, where it is read from each time it is used: `env:OPENHOURS_TOKEN_…`, or "
        "`file:NAME` in "
        "`OPENHOURS_SECRETS_FOLDER`.",
    )


class NewSource(SourceChange):
    """A source to be added."""

    name: str | None = Field(
        None, description="Name of the source in commands and addresses. Null: that of the kind.", examples=["github"]
    )
    kind: str = Field("github", description="What it reads: `github` or `pypistats`.", examples=["github"])


@router.get("/sources")
@needs(Scope.DATA_READ)
def list_sources(sources: Sources) -> SourceList:
    """All sources, by name."""
    return SourceList(sources=[source_answer(one) for one in sources.listed()])


@router.post("/sources", status_code=201, responses=CONFLICT | TOO_LARGE)
@needs(Scope.SOURCES_WRITE)
def add_source(
    sources: Sources, body: Annotated[Any, Body(), described_as(NewSource)], *, check: _Check = True
) -> CheckedSourceAnswer:
    """Add a source; its first sync starts as soon as a worker is free."""
    new = checked(NewSource, body)
    return checked_answer(*sources.add(new.name or new.kind, new.kind, _options(new), _token(new), checked=check))


@router.get("/sources/{name}", responses=NOT_FOUND)
@needs(Scope.DATA_READ)
def get_source(sources: Sources, name: _Name) -> SourceStatusAnswer:
    """A source with its status."""
    return status_answer(*sources.status(name))


@router.put("/sources/{name}", responses=NOT_FOUND | TOO_LARGE)
@needs(Scope.SOURCES_WRITE)
def put_source(
    sources: Sources, name: _Name, body: Annotated[Any, Body(), described_as(SourceChange)], *, check: _Check = True
) -> CheckedSourceAnswer:
    """Replace the settings of a source, and its token if given; a new address needs the token again."""
    new = checked(SourceChange, body)
    return checked_answer(*sources.change(name, _options(new), _token(new), checked=check))


@router.delete("/sources/{name}", status_code=204, responses=NOT_FOUND)
@needs(Scope.SOURCES_WRITE)
def remove_source(sources: Sources, name: _Name) -> None:
    """Remove a source with its ledger; the rows and pages that it has read stay."""
    sources.remove(name)


@router.post("/sources/{name}/sync", status_code=202, responses=NOT_FOUND | CONFLICT)
@needs(Scope.SOURCES_WRITE)
def sync_source(sources: Sources, name: _Name) -> SyncQueued:
    """Sync new data, unless a sync is already waiting."""
    return SyncQueued(source=name, sync_id=sources.sync(name))


@router.post("/sources/{name}/reset", status_code=202, responses=NOT_FOUND | CONFLICT)
@needs(Scope.SOURCES_WRITE)
def reset_source(sources: Sources, name: _Name, *, stream: _Streams = None, since: _Since = None) -> SyncQueued:
    """Read again everything that changed since an instant, or everything."""
    return SyncQueued(source=name, sync_id=sources.reset(name, streams=stream or None, since=since))


@router.post("/sources/{name}/reprocess", status_code=202, responses=NOT_FOUND)
@needs(Scope.SOURCES_WRITE)
def reprocess_source(
    sources: Sources,
    name: _Name,
    *,
    stream: Annotated[str | None, Query(description="Default: all streams.")] = None,
    since: _Since = None,
) -> ReprocessQueued:
    """Rebuild rows from the stored pages, without requests to the API."""
    return ReprocessQueued(source=name, job_id=sources.reprocess(name, stream=stream, since=since))


@router.post("/sources/{name}/pause", responses=NOT_FOUND)
@needs(Scope.SOURCES_WRITE)
def pause_source(sources: Sources, name: _Name) -> SourceAnswer:
    """Pause syncs until the source is resumed."""
    return source_answer(sources.pause(name))


@router.post("/sources/{name}/resume", responses=NOT_FOUND)
@needs(Scope.SOURCES_WRITE)
def resume_source(sources: Sources, name: _Name) -> SourceAnswer:
    """Resume a source, and sync it now."""
    return source_answer(sources.resume(name))


@router.get("/sources/{name}/gaps", responses=NOT_FOUND)
@needs(Scope.DATA_READ)
def list_gaps(
    sources: Sources,
    name: _Name,
    *,
    closed: Annotated[bool, Query(description="Also closed gaps, whose data has been read since.")] = False,
    limit: Annotated[int, Query(ge=1, le=1000, description="Gaps to list.")] = 200,
) -> GapList:
    """The ledger of open gaps, newest first."""
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
