"""How a source is doing: what it has read, its last sync, its token's budget, what is known to be missing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Select, Text, case, cast, exists, func, select

from app.jobs import records
from app.jobs.records import JobRecord
from app.jobs.status import Live
from app.sources import queueing
from app.sources.ledger import LASTING
from app.sources.register import Source
from app.sources.repositories import READ
from app.sources.tables import source_budget, source_cursor, source_gap, source_repository
from app.storage.postgres import database_now


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """How far a stream is.

    Attributes:
        name: of the stream.
        scopes: repositories, or owners of them, that it is read of.
        unfinished: those of them of which a pass is not complete.
        missing: those beside them of which it cannot be read; the ledger says why.
        watermark: up to when all of ``scopes`` are read; None: one of them is not yet, or there are none.
        in_turn: where no sign of a change comes, some of them are read by each sync, and not all.
    """

    name: str
    scopes: int
    unfinished: int
    missing: int
    watermark: datetime | None
    in_turn: bool = False


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left of a limit of the token; see the table."""

    resource: str
    allowed: int | None
    remaining: int | None
    reset_at: datetime | None
    blocked_until: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is known not to have been read.

    Attributes:
        stream: of which.
        repository: of which, ``owner/name``; None: of the whole source.
        code, message: why; the message is for people.
        since, until: what is missing lies between them; None: nobody knows.
        opened_at: when it was found; ``closed_at`` when it was read after all.
    """

    id: int
    stream: str
    repository: str | None
    code: str
    message: str
    since: datetime | None
    until: datetime | None
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository of a source; ``state`` is ``ok``, or why it is not read since ``state_since``."""

    repo_id: int
    full_name: str
    default_branch: str | None
    state: str
    state_since: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """How a source is doing.

    Attributes:
        sync: the latest one; None: none is known, or not any more.
        begins_at: before which it does not, because the API has asked for a pause; None: at once.
        live: how far it is while it runs; None: it does not, or nobody knows.
        is_reprocessed: whether its rows are being made anew.
        streams: by name.
        budget: by resource.
        repositories: how many are in each state.
        open_gaps: how many are still missing.
        now: when all of this was so, by the clock of Postgres.
    """

    sync: JobRecord | None
    begins_at: datetime | None
    is_reprocessed: bool
    live: Live | None = None
    streams: tuple[StreamStatus, ...]
    budget: tuple[Budget, ...]
    repositories: Mapping[str, int]
    open_gaps: int
    now: datetime

    @property
    def watermark(self) -> datetime | None:
        """Up to when everything is read, but for what the ledger has; None: something is not yet."""
        marks = [stream.watermark for stream in self.streams if stream.scopes]
        known = [mark for mark in marks if mark is not None]
        return min(known) if known and len(known) == len(marks) else None

    @property
    def lag_seconds(self) -> float | None:
        """Time since that instant."""
        return None if self.watermark is None else max((self.now - self.watermark).total_seconds(), 0.0)


def status_of(connection: Connection, one: Source, *, token_hash: str | None) -> SourceStatus:
    """How a source is doing now; without the hash of its token its budget is not known."""
    sync_id = queueing.latest_sync(connection, one.id)
    states = _states(connection, one.id)
    return SourceStatus(
        sync=None if sync_id is None else records.find(connection, sync_id),
        begins_at=None if sync_id is None else queueing.begins_at(connection, sync_id),
        is_reprocessed=queueing.is_reprocessed(connection, one.id),
        streams=_streams(connection, one, repositories=sum(states.get(state, 0) for state in READ)),
        budget=() if token_hash is None else _budget(connection, token_hash),
        repositories=states,
        open_gaps=connection.scalar(_open_gaps(one.id)) or 0,
        now=database_now(connection),
    )


def gaps(connection: Connection, source_id: str, *, closed: bool, limit: int) -> list[Gap]:
    """The ledger, newest first: what is still missing, or with ``closed`` also what was read after all."""
    repository = select(source_repository).where(source_repository.c.source_id == source_id).subquery()
    own = [source_gap.c[name] for name in Gap.__dataclass_fields__ if name != "repository"]
    query = (
        select(repository.c.full_name.label("repository"), *own)
        .select_from(source_gap.outerjoin(repository, cast(repository.c.repo_id, Text) == source_gap.c.scope))
        .where(source_gap.c.source_id == source_id)
        .order_by(source_gap.c.opened_at.desc(), source_gap.c.id.desc())
        .limit(limit)
    )
    rows = connection.execute(query if closed else query.where(source_gap.c.closed_at.is_(None)))
    return [Gap(**row._mapping) for row in rows]  # noqa: SLF001 - the documented name of a row's mapping


def repositories(connection: Connection, source_id: str, *, limit: int) -> list[Repository]:
    """The repositories of a source by their names."""
    query = (
        select(*(source_repository.c[name] for name in Repository.__dataclass_fields__))
        .where(source_repository.c.source_id == source_id)
        .order_by(source_repository.c.full_name, source_repository.c.repo_id)
        .limit(limit)
    )
    return [Repository(*row) for row in connection.execute(query)]


def _streams(connection: Connection, of: Source, *, repositories: int) -> tuple[StreamStatus, ...]:
    """Of all streams, also of those of which nothing was read yet; ``repositories`` are those that are read."""
    one, repository = source_cursor.c, source_repository.c
    lasts = exists().where(
        source_gap.c.source_id == one.source_id,
        source_gap.c.stream == one.stream,
        source_gap.c.scope == one.scope,
        source_gap.c.closed_at.is_(None),
        source_gap.c.code.in_(LASTING),
    )
    is_not_read = exists().where(
        repository.source_id == one.source_id,
        cast(repository.repo_id, Text) == one.scope,
        repository.state.not_in(READ),
    )
    wanted = [one.source_id == of.id, ~is_not_read]
    if projects := of.options.projects:
        wanted.append(one.scope.in_(projects))
    scope = select(one.stream, one.watermark, one["pass"], lasts.label("is_missing")).where(*wanted).subquery().c
    reads = ~scope.is_missing
    query = select(
        scope.stream,
        func.count().filter(reads),
        func.count(scope["pass"]).filter(reads),
        func.count().filter(scope.is_missing),
        case((func.count().filter(reads, scope.watermark.is_(None)) == 0, func.min(scope.watermark).filter(reads))),
    ).group_by(scope.stream)
    found = {row.stream: StreamStatus(*row) for row in connection.execute(query)}
    known, named = of.source_kind.streams(), {"repository": repositories, "source": 1, "project": len(projects)}
    return tuple(
        replace(_with_unread(found.get(name), name, named[known[name].scope]), in_turn=known[name].in_turn)
        for name in sorted(of.streams)
    )


def _with_unread(found: StreamStatus | None, name: str, scopes: int) -> StreamStatus:
    """A stream with those scopes of which it was not read yet, of so many."""
    one = found or StreamStatus(name, 0, 0, 0, None)
    unread = scopes - one.scopes - one.missing
    return one if unread <= 0 else replace(one, scopes=one.scopes + unread, watermark=None)


def _budget(connection: Connection, token_hash: str) -> tuple[Budget, ...]:
    columns = [source_budget.c[name] for name in Budget.__dataclass_fields__]
    query = select(*columns).where(source_budget.c.token == token_hash).order_by(source_budget.c.resource)
    return tuple(Budget(*row) for row in connection.execute(query))


def _states(connection: Connection, source_id: str) -> Mapping[str, int]:
    one = source_repository.c
    query = select(one.state, func.count().label("repositories")).where(one.source_id == source_id).group_by(one.state)
    return {row.state: row.repositories for row in connection.execute(query)}


def _open_gaps(source_id: str) -> Select[int]:
    return select(func.count()).where(source_gap.c.source_id == source_id, source_gap.c.closed_at.is_(None))
