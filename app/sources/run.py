"""One sync, from the repositories that are to be read to the job that goes on with the rest."""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Final

from sqlalchemy import Connection

from app.access import audit
from app.errors import OpenhoursError, SourceIncomplete, SourceUnavailable, TokenRefused
from app.ids import new_id
from app.jobs.kind import JobContext
from app.series import commits
from app.sources import cursor_rows, ledger, queueing, register, repositories
from app.sources.contract import Absence, Client, Missing, MustWait, Repository
from app.sources.cursor_rows import Kept
from app.sources.cursors.place import Place
from app.sources.ledger import LASTING, PASSING, Gap, Reason
from app.sources.options import Repositories
from app.sources.raw import RawPages, prefix_of
from app.sources.reading import Reader, Scope
from app.sources.register import Source
from app.sources.scope_pass import Bounds, ScopePass
from app.sources.stream import Stream
from app.sources.stream_load import StreamLoad
from app.sources.turns import Chosen, Key, ListOf, Turns, sign_of, with_sign
from app.storage.object_store import ObjectStore
from app.storage.postgres import database_errors
from app.wording.warnings import EXAMPLES, warning

#: Scopes that fail one after the other, after which it is the API that fails, and not one of its lists.
_FAILURES: Final = 3

#: The stream that makes the commits of a repository known.
_COMMITS: Final = "commits"

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Outcome:
    """What became of a stream in one scope: written in the transaction of its rows."""

    stream: str
    scope: Scope
    place: Place
    is_complete: bool = False
    gaps: list[Gap] = field(default_factory=list)
    state: str | None = None
    anew: str | None = None


@dataclass(slots=True)
class Run:
    """A sync that is under way.

    Attributes:
        context, store, source: of the job.
        began: when the first sync of those began that read everything together; by the clock of Postgres.
        now: when this one did.
    """

    context: JobContext
    store: ObjectStore
    source: Source
    began: datetime
    now: datetime
    _outcomes: list[_Outcome] = field(default_factory=list)
    _places: Mapping[Key, Kept] = field(default_factory=dict)
    _listed: Mapping[int, Repository] = field(default_factory=dict)
    _listed_at: datetime | None = None
    _unread: set[int] = field(default_factory=set)
    _failures: int = 0
    _wait: MustWait | None = None
    _error: OpenhoursError | None = None
    _is_cut: bool = False
    _taken: Mapping[str, int] = field(default_factory=dict)

    def read(self, client: Client) -> None:
        """Read all streams as far as the bounds allow, and say in the end how it went."""
        settings = self.context.settings
        bounds = Bounds(client, settings.sync_requests, settings.sync_records, monotonic() + settings.sync_seconds)
        try:
            self._find(client)
        except MustWait as wait:
            self._wait = wait
        except (TokenRefused, SourceUnavailable) as error:
            self._error = error
        if not self._is_stopped:
            self._read_streams(client, bounds)
        _log.info("source %s: %d requests, %d records", self.source.name, client.requests, bounds.taken)
        self._taken = {"requests": client.requests, "records": bounds.taken}
        self.end(self._error)

    def end(self, error: OpenhoursError | None) -> None:
        """Commit what is left, and have another sync go on where that is needed."""
        with database_errors(), self.context.engine.begin() as connection:
            row = register.held(connection, self.source.id)
            if row is None:
                return
            self._settle(connection, self._outcomes)
            values: dict[str, object] = {
                **self._taken,
                "error_code": None if error is None else error.code,
                "error_message": None if error is None else error.message,
            }
            if isinstance(error, TokenRefused):
                values |= {"enabled": False, "paused_reason": error.message}
                audit.record(connection, "source.pause", "source", self.source.id, name=self.source.name)
            elif self._wait is not None or self._is_cut:
                until = None if self._wait is None else self._wait.until
                queueing.queue_sync(connection, self.source.id, not_before=until, began=self.began)
            elif error is None:
                values |= {"synced_at": self.began}
                commits.know(connection, self._whole(connection), self.began)
            register.change(connection, self.source.id, **values)
            self.context.fence(connection)

    @property
    def _is_stopped(self) -> bool:
        return self._wait is not None or self._error is not None or self._is_cut

    def _find(self, client: Client) -> None:
        """Ask which repositories there are, and write it down: renames count for all rows from here on."""
        with self.context.engine.connect() as connection:
            known = repositories.known(connection, self.source.id)
            self._places = cursor_rows.places(connection, self.source.id)
        find = self.source.source_kind.find
        if find is None:
            return
        patterns = Repositories(self.source.options.repositories)
        found = find(client, patterns, known, self.now)
        self._listed, self._listed_at = {one.number: one for one in found.repositories}, found.at
        names = {one.repository.number: one.repository.name for one in known}
        with database_errors(), self.context.engine.begin() as connection:
            renamed = repositories.keep(connection, self.source.id, found)
            for number, (state, message) in found.absent.items():
                if state != "left":
                    gap = Gap(Reason(state), message, self.now)
                    for stream in self.source.streams:
                        ledger.open_gap(connection, self.source.id, stream, str(number), gap)
                _log.info("source %s: %s: %s", self.source.name, names[number], message)
            for name, message in found.unknown.items():
                ledger.open_gap(connection, self.source.id, "repositories", name, Gap(Reason.GONE, message))
            for name in {*patterns.owners} - {*found.unknown}:
                ledger.close_gaps(connection, self.source.id, "repositories", name)
            self.context.fence(connection)
        for one in renamed:
            _log.info("source %s: %s is called %s now", self.source.name, one.before, one.after)
        if taken := [one.after for one in renamed if one.is_taken]:
            self.context.warn(warning("name_taken", len(taken), taken[:EXAMPLES]).as_json())

    def _read_streams(self, client: Client, bounds: Bounds) -> None:
        with self.context.engine.connect() as connection:
            found = repositories.to_read(connection, self.source.id)
        streams = [self.source.source_kind.streams()[name] for name in self.source.streams]
        chosen = self._choose(client, streams, found)
        for number, stream in enumerate(streams):
            self.context.progress("reading", number / len(streams))
            self._read_stream(client, bounds, stream, found, chosen.read)
            if self._is_stopped:
                return

    def _choose(self, client: Client, streams: Sequence[Stream], found: list[Repository]) -> Chosen:
        """Which lists are read; of those that cannot have changed it is written down that they are known."""
        with self.context.engine.connect() as connection:
            skipped, missing, failed = (
                ledger.lasting(connection, self.source.id),
                ledger.having(connection, self.source.id, LASTING),
                ledger.having(connection, self.source.id, PASSING),
            )
        turns = Turns(self.began, self.now, self._listed, self._places, skipped, missing, failed)
        scopes = [
            (ListOf(stream, scope.key, None if one is None else one.number), scope)
            for stream in streams
            for scope, one in self._scopes(stream, found)
        ]
        chosen = turns.choose([one for one, _ in scopes], requests=client.requests, repositories=len(found))
        for one, scope in scopes:
            if one.key in chosen.unmoved and self._listed_at is not None:
                place = self._places[one.key].place
                self._outcomes.append(_Outcome(one.key[0], scope, Place(place.position, None, self._listed_at)))
        reads, waits = len(chosen.read), chosen.waiting
        _log.info("source %s: %d lists are read, %d wait for their turn", self.source.name, reads, waits)
        return chosen

    def _read_stream(
        self, client: Client, bounds: Bounds, stream: Stream, found: list[Repository], chosen: Collection[Key]
    ) -> None:
        dataset_id = new_id(self.now)
        prefix = prefix_of(self.source.kind, stream.stream, dataset_id, self.now)
        raw, outcomes = RawPages(self.store, prefix), list[_Outcome]()
        for scope, repository in self._scopes(stream, found):
            if (stream.stream, scope.key) not in chosen:
                continue
            before = self._places.get((stream.stream, scope.key))
            if bounds.are_reached:
                self._is_cut = True
                break
            outcomes.append(self._read_scope(client, bounds, stream, scope, raw, before, dataset_id))
            if outcomes[-1].is_complete and repository is not None:
                outcomes[-1].place = with_sign(outcomes[-1].place, stream, self._listed.get(repository.number))
            if self._is_stopped:
                break
        if not raw.records:
            self._outcomes += outcomes
            return
        one = StreamLoad(self.context, self.store, self.source.id, self.source.name, stream, prefix, self.now)

        def settle(connection: Connection, rejected: int) -> None:
            if rejected:
                message = f"{rejected:,} rows of {stream.stream} did not pass the checks; see their datasets."
                ledger.open_gap(connection, self.source.id, stream.stream, "", Gap(Reason.REJECTED_ROWS, message))
            self._settle(connection, outcomes)

        one.load(dataset_id, settle)

    def _scopes(self, stream: Stream, found: list[Repository]) -> Iterator[tuple[Scope, Repository | None]]:
        if stream.scope == "project":
            yield from ((Scope(owner=project), None) for project in self.source.options.projects)
            return
        if stream.scope == "source":
            owners = {one.name.partition("/")[0] for one in found}
            yield from ((Scope(owner=owner), None) for owner in sorted(owners))
            return
        for one in found:
            if one.number not in self._unread:
                yield Scope({"id": one.number, "name": one.name, "default_branch": one.default_branch}), one

    def _read_scope(
        self,
        client: Client,
        bounds: Bounds,
        stream: Stream,
        scope: Scope,
        raw: RawPages,
        before: Kept | None,
        dataset_id: str,
    ) -> _Outcome:
        """Read one scope of a stream; what keeps it from that is part of the outcome."""
        reader = Reader(client, stream, scope)
        one = ScopePass(stream, reader, raw, bounds, Place() if before is None else before.place, dataset_id)
        gaps: list[Gap] = []
        state, since = None, one.place.watermark
        try:
            one.run()
            self._failures = 0
            self._is_cut = self._is_cut or not one.is_complete
            if stream.cursor.kind == "commits" and one.place.position and scope.repo is not None:
                state = "ok"
        except MustWait as wait:
            self._wait = wait
        except TokenRefused as error:
            self._error = error
        except Missing as missing:
            if missing.absence is Absence.EMPTY and stream.pushed and "head" not in one.place.position:
                one.place, one.is_complete = Place(watermark=reader.at or self.now), True
                state = "empty" if stream.cursor.kind == "commits" else None
            else:
                state = self._missing(client, scope, missing, gaps, since)
                one.place = Place(one.place.position, None, since)
        except SourceIncomplete as error:
            one.place = Place(one.place.position, None, since)
            gaps.append(Gap(Reason.INCOMPLETE, error.message, since))
        except SourceUnavailable as error:
            gaps.append(Gap(Reason.UNAVAILABLE, error.message, since))
            self._failures += 1
            self._error = error if self._failures >= _FAILURES else None
        if one.anew is not None and not one.is_complete:
            message = (
                "The branch was rewritten, and GitHub does not know its old commits any more: some are left until all "
                "commits are read anew."
            )
            gaps.append(Gap(Reason.HISTORY_LOST, message, since))
        gaps += self._told(scope, one, since)
        return _Outcome(stream.stream, scope, one.place, one.is_complete, gaps, state, one.anew)

    def _told(self, scope: Scope, one: ScopePass, since: datetime | None) -> Iterator[Gap]:
        """What the pass itself says of what is missing or was changed: also in the log."""
        for reason, told in ((Reason.DAYS_MISSING, one.missing), (Reason.REVISED, one.revised)):
            if told is not None:
                _log.warning("source %s: %s: %s", self.source.name, scope.key, told)
                yield Gap(reason, f"{scope.key}: {told}", since)

    def _missing(
        self, client: Client, scope: Scope, missing: Missing, gaps: list[Gap], since: datetime | None
    ) -> str | None:
        """Find out whether it is the repository that is not there, or only the list; returns the repository's state."""
        reason = Reason.UNAVAILABLE if missing.absence is Absence.EMPTY else Reason(missing.absence)
        gaps.append(Gap(reason, missing.message, since))
        if scope.repo is None:
            return None
        try:
            client.get(f"/repositories/{scope.key}")
        except Missing as gone:
            self._unread.add(int(scope.key))
            return gone.state_of_repository
        except MustWait as wait:
            self._wait = wait
        except (TokenRefused, SourceUnavailable) as error:
            self._error = error
        return None

    def _whole(self, connection: Connection) -> list[str]:
        """The repositories of which all commits are read that were pushed before this sync."""
        stream = self.source.source_kind.streams().get(_COMMITS)
        if stream is None or _COMMITS not in self.source.streams:
            return []
        places = cursor_rows.places(connection, self.source.id)
        whole = []
        for one in repositories.to_read(connection, self.source.id):
            kept = places.get((_COMMITS, str(one.number)))
            if kept is None or kept.place.watermark is None or kept.place.under_way is not None:
                continue
            sign = sign_of(stream, one)
            if kept.updated_at >= self.began or (sign is not None and kept.place.position.get("sign") == sign):
                whole.append(one.name)
        return whole

    def _settle(self, connection: Connection, outcomes: list[_Outcome]) -> None:
        """Write places, states and the ledger."""
        for one in outcomes:
            of = (connection, self.source.id, one.stream, one.scope.key)
            cursor_rows.keep(*of, one.place, is_complete=one.is_complete)
            for gap in one.gaps:
                ledger.open_gap(*of, gap)
            if one.is_complete:  # what was revised is read again by now
                ledger.close_gaps(*of, still={gap.reason for gap in one.gaps} - {Reason.REVISED})
            if one.state is not None:
                repositories.set_state(connection, self.source.id, int(one.scope.key), one.state)
            if one.is_complete and one.anew is not None and one.scope.repo is not None:
                commits.read_anew(connection, str(one.scope.repo["name"]), one.anew)
        repositories.link(connection, self.source.id)
