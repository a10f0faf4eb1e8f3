"""The service of sources: add, view, change, pause, sync, remove."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from sqlalchemy import Connection, delete, func, insert
from sqlalchemy.exc import IntegrityError

from app.access import audit
from app.access.principal import actor
from app.errors import InvalidParameters, NameTaken, OpenhoursError, SourcePaused
from app.ids import new_id
from app.jobs.dispatch import Dispatch
from app.jobs.records import JobStatus
from app.sources import backfill, queueing, register, status
from app.sources.checks import Finding, check
from app.sources.contract import SourceKind
from app.sources.options import SourceOptions, address_of, source_options
from app.sources.register import Source
from app.sources.registry import SOURCE_KINDS
from app.sources.secrets import SourceSecrets, StoredToken, source_secrets
from app.sources.status import Gap, Repository, SourceStatus
from app.sources.tables import source
from app.storage.postgres import database_errors, database_now
from app.storage.resources import Resources
from app.wording.suggestions import did_you_mean, suggestions
from app.wording.values import shown
from app.wording.wrong_values import WrongValue, invalid_parameters


@dataclass(frozen=True, slots=True)
class GivenToken:
    """A token as somebody gives it: itself, or where it is read from; never both.

    Attributes:
        token: itself.
        token_from: ``env:NAME`` or ``file:NAME``.
    """

    token: str | None = field(default=None, repr=False)
    token_from: str | None = None

    def __post_init__(self) -> None:
        if self.token is not None and self.token_from is not None:
            raise InvalidParameters("Give either token or token_from, not both.")

    @property
    def is_given(self) -> bool:
        """Whether there is one."""
        return self.token is not None or self.token_from is not None


class Followers(Protocol):
    """What has to know, in the same transaction, that a source was added or removed."""

    def added(self, connection: Connection, name: str) -> None: ...

    def removed(self, connection: Connection, name: str) -> None: ...


class SourceService:
    """Operations on sources; stateless, so any replica can serve them.

    ``followers`` are told what happens to sources; they may be set later, because schedules ask this service.
    """

    followers: Followers | None = None

    def __init__(self, resources: Resources) -> None:
        self._engine = resources.engine
        self._settings = resources.settings
        self._redis = Dispatch(resources.request_redis)

    def listed(self) -> list[Source]:
        """All sources by name."""
        with database_errors(), self._engine.connect() as connection:
            return register.listed(connection)

    def get(self, name: str) -> Source:
        """A source. Raises UnknownSource."""
        with database_errors(), self._engine.connect() as connection:
            return register.named(connection, name)

    def status(self, name: str) -> tuple[Source, SourceStatus]:
        """A source with its status. Raises UnknownSource."""
        secrets = self._secrets()
        with database_errors(), self._engine.connect() as connection:
            found = register.named(connection, name)
            known = status.status_of(connection, found, token_hash=_token_hash(secrets, found))
        if known.sync is None or known.sync.status is not JobStatus.RUNNING:
            return found, known
        return found, replace(known, live=self._redis.live(known.sync.id, {queueing.JOB_KIND}))

    def gaps(self, name: str, *, closed: bool, limit: int) -> list[Gap]:
        """What is known not to have been read, newest first. Raises UnknownSource."""
        with database_errors(), self._engine.connect() as connection:
            return status.gaps(connection, register.named(connection, name).id, closed=closed, limit=limit)

    def repositories(self, name: str, *, limit: int) -> list[Repository]:
        """The repositories of a source by their names. Raises UnknownSource."""
        with database_errors(), self._engine.connect() as connection:
            return status.repositories(connection, register.named(connection, name).id, limit=limit)

    def add(
        self, name: str, kind: str, options: Mapping[str, Any], token: GivenToken, *, checked: bool = True
    ) -> tuple[Source, Sequence[Finding]]:
        """Add a source, if ``checked`` after a look at what it can read; its first sync begins as soon as it can.

        Raises:
            InvalidParameters: of the name, the kind, the options or the token.
            NameTaken: there is one of this name.
            TokenUnavailable: the token is not where it is said to be.
            SetupError: a token is to be stored, and there is no secret key.
            SourceRefused, TokenRefused, SourceUnavailable: the look has found that nothing can be read.
        """
        register.acceptable_name(name)
        accepted = source_options(_kind(kind), options)
        source_id = new_id(datetime.now(UTC))
        stored = self._stored(source_id, token)
        findings = self._looked(_kind(kind), accepted, source_id, stored) if checked else []
        with database_errors(), self._engine.begin() as connection:
            now = database_now(connection)
            columns = {"options": accepted.model_dump(mode="json"), **register.columns_of(stored)}
            made = {"created_by": actor().name, "created_at": now, "updated_at": now}
            statement = insert(source).values(id=source_id, kind=kind, name=name, **columns, **made)
            try:
                connection.execute(statement)
            except IntegrityError as error:
                raise NameTaken(f"There is a source {name} already; choose another name.", received=name) from error
            audit.record(connection, "source.add", "source", source_id, **_told(name, accepted, token))
            job_id = queueing.queue_sync(connection, source_id)
            if self.followers is not None:
                self.followers.added(connection, name)
            added = register.named(connection, name)
        self._redis.dispatch(job_id)
        return added, findings

    def change(
        self, name: str, options: Mapping[str, Any], token: GivenToken, *, checked: bool = True
    ) -> tuple[Source, Sequence[Finding]]:
        """Replace the options of a source, and its token if one is given; another address needs the token again.

        Raises:
            UnknownSource.
            Others, but for NameTaken: as add().
        """
        before = self.get(name)
        accepted = source_options(before.source_kind, options)
        stored = self._stored(before.id, token) if token.is_given else self._renewed(before)
        _require_same_address(before, accepted, token)
        findings = self._looked(before.source_kind, accepted, before.id, stored) if checked else []
        with database_errors(), self._engine.begin() as connection:
            locked = register.named(connection, name, for_update=True)
            _require_same_address(locked, accepted, token)  # somebody may have been quicker
            columns: dict[str, Any] = {"options": accepted.model_dump(mode="json"), "updated_at": func.now()}
            if token.is_given or locked.stored == before.stored:
                columns |= register.columns_of(stored)
            register.change(connection, locked.id, **columns)
            audit.record(connection, "source.set", "source", locked.id, **_told(name, accepted, token))
            return register.named(connection, name), findings

    def remove(self, name: str) -> None:
        """Remove a source with its cursors and its ledger; the rows and pages that it brought stay.

        Raises:
            UnknownSource.
        """
        with database_errors(), self._engine.begin() as connection:
            if self.followers is not None:
                # First, as whatever fires holds the schedule before the source: else each could wait for the other.
                self.followers.removed(connection, name)
            before = register.named(connection, name, for_update=True)
            queueing.cancel_syncs(connection, before.id)
            connection.execute(delete(source).where(source.c.id == before.id))
            audit.record(connection, "source.remove", "source", before.id, name=name)

    def pause(self, name: str) -> Source:
        """Have no sync begin until the source is resumed; what is paused stays so. Raises UnknownSource."""
        with database_errors(), self._engine.begin() as connection:
            before = register.named(connection, name, for_update=True)
            if before.enabled:
                reason = f"Paused by {actor().name}."
                register.change(connection, before.id, enabled=False, paused_reason=reason, updated_at=func.now())
                queueing.cancel_waiting(connection, before.id)
                audit.record(connection, "source.pause", "source", before.id, name=name)
            return register.named(connection, name)

    def resume(self, name: str) -> Source:
        """Resume a source, and sync it now. Raises UnknownSource."""
        with database_errors(), self._engine.begin() as connection:
            before = register.named(connection, name, for_update=True)
            if before.enabled:
                return before
            register.change(connection, before.id, enabled=True, paused_reason=None, updated_at=func.now())
            audit.record(connection, "source.resume", "source", before.id, name=name)
            job_id = queueing.queue_sync(connection, before.id)
            resumed = register.named(connection, name)
        self._redis.dispatch(job_id)
        return resumed

    def sync(self, name: str) -> str:
        """Queue a sync, unless one waits already; returns its id.

        Raises:
            UnknownSource.
            SourcePaused: it has to be resumed first.
        """
        with database_errors(), self._engine.begin() as connection:
            job_id = self.begin_sync(connection, name)
        self.dispatch(job_id)
        return job_id

    def begin_sync(self, connection: Connection, name: str) -> str:
        """As sync(), in the caller's transaction; whoever commits it calls dispatch() then."""
        found = register.named(connection, name, for_update=True)
        _require_enabled(found)
        job_id = queueing.queue_sync(connection, found.id)
        audit.record(connection, "source.sync", "source", found.id, name=name, job=job_id)
        return job_id

    def reset(self, name: str, *, streams: Sequence[str] | None = None, since: datetime | None = None) -> str:
        """Have streams, or all, read again: what was changed since an instant, or everything. Returns the sync's id.

        Raises:
            UnknownSource.
            SourcePaused: it has to be resumed first.
            InvalidParameters: it has no such stream.
        """
        with database_errors(), self._engine.begin() as connection:
            found = register.named(connection, name, for_update=True)
            _require_enabled(found)
            wanted = _streams(found, streams)
            job_id = backfill.reset(connection, found, streams=wanted, since=since)
            told: dict[str, Any] = {"streams": list(wanted), "since": None if since is None else since.isoformat()}
            audit.record(connection, "source.reset", "source", found.id, name=name, job=job_id, **told)
        self.dispatch(job_id)
        return job_id

    def reprocess(self, name: str, *, stream: str | None = None, since: datetime | None = None) -> str:
        """Have rows of a stream, or of all, made anew from the pages that are kept, read since an instant or ever.

        Returns the id of the job.

        Raises:
            UnknownSource.
            InvalidParameters: it has no such stream.
        """
        with database_errors(), self._engine.begin() as connection:
            found = register.named(connection, name, for_update=True)
            _streams(found, None if stream is None else [stream])
            job_id = backfill.reprocess(connection, found, stream=stream, since=since)
            told: dict[str, Any] = {"stream": stream, "since": None if since is None else since.isoformat()}
            audit.record(connection, "source.reprocess", "source", found.id, name=name, job=job_id, **told)
        self.dispatch(job_id)
        return job_id

    def dispatch(self, job_id: str) -> None:
        """Wake a worker for a sync that was queued."""
        self._redis.dispatch(job_id)

    def _secrets(self) -> SourceSecrets:
        return source_secrets(self._settings)

    def _stored(self, source_id: str, token: GivenToken) -> StoredToken:
        if token.token is not None:
            return self._secrets().seal(source_id, token.token)
        return StoredToken() if token.token_from is None else self._secrets().refer(token.token_from)

    def _renewed(self, before: Source) -> StoredToken:
        """The token of a source, encrypted under the newest key."""
        secrets = self._secrets()
        if before.stored.token is None or not secrets.is_of_older_key(before.stored):
            return before.stored
        return secrets.seal(before.id, secrets.open(before.id, before.stored) or "")

    def _looked(
        self, kind: SourceKind, options: SourceOptions, source_id: str, stored: StoredToken
    ) -> Sequence[Finding]:
        secrets = self._secrets()
        reached = register.access(kind, options, lambda: secrets.open(source_id, stored), self._engine)
        return check(kind, options, reached)


def _require_same_address(before: Source, options: SourceOptions, token: GivenToken) -> None:
    """A token goes to nobody else than those for whom it was given."""
    is_same = address_of(before.source_kind, options) == before.address
    if not is_same and before.stored != StoredToken() and not token.is_given:
        raise InvalidParameters(
            f"address: the token of {before.name} was given for {before.address}; give the token again to have it sent "
            "to another address."
        )


def _kind(name: str) -> SourceKind:
    if name not in SOURCE_KINDS:
        nearest = suggestions(name, SOURCE_KINDS)[:1]
        meant = did_you_mean(nearest)
        raise InvalidParameters(
            f"kind: {shown(name)} is not a kind of source{meant}; there are {', '.join(SOURCE_KINDS)}.", nearest=nearest
        )
    return SOURCE_KINDS[name]


def _streams(found: Source, wanted: Sequence[str] | None) -> Sequence[str]:
    """Those of a source that are meant; all, if none is named."""
    for name in wanted or ():
        if name not in found.streams:
            reason, known = f"is not a stream of the source {found.name}", list(found.streams)
            nearest = suggestions(name, known)[:1]
            raise invalid_parameters(
                [WrongValue(parameter="streams", received=name, reason=reason, allowed=known, nearest=nearest)]
            )
    return wanted or found.streams


def _require_enabled(found: Source) -> None:
    if not found.enabled:
        raise SourcePaused(f"The source {found.name} is paused: {found.paused_reason} Resume it first.")


def _token_hash(secrets: SourceSecrets, found: Source) -> str | None:
    """By which the budget of its token is known; None if the token cannot be read now."""
    try:
        token = secrets.open(found.id, found.stored)
    except OpenhoursError:
        return None
    return register.token_hash(found.address, found.options, token)


def _told(name: str, options: SourceOptions, token: GivenToken) -> dict[str, Any]:
    """What the audit tells: of a token only that there is one, or where."""
    given = "stored" if token.token is not None else token.token_from
    named = {"projects": list(options.projects)} if options.projects else {"repositories": list(options.repositories)}
    return {"name": name, **named, "address": options.address, "token": given}
