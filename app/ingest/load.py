"""Loads a file: check, stage, merge, all or nothing. And unloads one.

Any number of files are checked and staged at the same time. Merges and removals run one after another.
"""

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from app.errors import RejectedFile
from app.ingest.csv.checker import Checker
from app.ingest.doubts import Doubts
from app.ingest.kind import (
    Closeable,
    Combining,
    Contradictable,
    Covering,
    DatasetKind,
    Holding,
    Keeping,
    Loading,
    Raw,
    Rows,
    Snapshotting,
    Telling,
    Unsealing,
)
from app.ingest.policy import Limits, OnError, Policy
from app.ingest.refusal import refusal
from app.ingest.rejects import RejectedRow, Rejects
from app.ingest.repeats import without_repeats
from app.ingest.source import Source
from app.ingest.table.reading import TableCheck
from app.series.turns import wait_for_turn
from app.storage.object_store import ObjectStore
from app.storage.postgres import database_errors
from app.wording.warnings import DataWarning

#: How often Postgres looks, in the middle of a statement or of a wait, whether the process that loads is still there:
#: one that was killed must not hold the lock until a long merge has ended for nobody.
_CLIENT_CHECK = "1s"


@dataclass(frozen=True, slots=True)
class Loaded:
    """The result of a load. Always: accepted + rejected + duplicate rows = rows read.

    Attributes:
        rows_read: rows, without header and blank lines; of a refused file, those up to where reading stopped.
        rows_accepted: rows that passed every check and are loaded; in a rejected file, that passed.
        rows_rejected: rows that did not pass.
        rows_duplicate: rows that passed, but repeat another row, or a later row replaces them.
        first_at, last_at: first and last instant of the rows that passed; None if the kind has no instants.
        rejections: the first rejected rows.
        rows_contradicting: of rows_duplicate, those that say something else than the row that counts; None for kinds
            whose rows have nothing to say against each other. Lines that repeat each other count once.
        warnings: what is probably not meant; of a rejected file nothing.
    """

    rows_read: int
    rows_accepted: int
    rows_rejected: int
    rows_duplicate: int
    first_at: datetime | None
    last_at: datetime | None
    rejections: tuple[RejectedRow, ...]
    rows_contradicting: int | None = None
    warnings: tuple[DataWarning, ...] = ()


def load(
    engine: Engine,
    kind: DatasetKind,
    source: Source,
    *,
    now: datetime,
    dataset_id: str = "",
    raw: Callable[[], Raw] = Raw,
    policy: Policy = Policy(),  # noqa: B008 - frozen
    limits: Limits = Limits(),  # noqa: B008 - frozen
    turn_seconds: float | None = None,
    store: ObjectStore | None = None,
    rejects: Path | None = None,
    progress: Callable[[int], None] = lambda _: None,
    stage: Callable[[str], None] = lambda _: None,
    before_commit: Callable[[Connection, Loaded], None] = lambda *_: None,
) -> Loaded:
    """Load a CSV file, plain or gzip, in one transaction.

    Args:
        engine: the database.
        kind: what the file holds.
        source: the file.
        now: when the file arrived; observations more than a day later are in the future.
        dataset_id: the dataset; only kinds whose rows belong to their dataset store it.
        raw: tells, once the file was read, where it lies; only kinds whose files stay as they are store it.
        policy: what to do with invalid rows.
        limits: limits of the file.
        turn_seconds: how long to wait while another load merges; None is without end.
        store: the bucket, for weeks that are sealed; without it no week of the file may be.
        rejects: CSV file for the rejected rows; made only if there are any, even if the whole file is rejected.
        progress: called with the number of rows read so far.
        stage: called with "checking", then with "loading", when no other load merges until this one has ended.
        before_commit: called in the transaction once everything is merged.

    Raises:
        RejectedFile: nothing was loaded; ``loaded`` has the counts, ``details`` the same for programs.
        InvalidParameters: the policy's columns are not those of the kind.
        SeriesBusy, DatabaseUnavailable, ObjectStoreUnavailable: nothing was loaded.
    """
    with closing(Rejects(rejects)) as rejected:
        if kind.stays_raw:
            check = TableCheck(source, columns=policy.columns, limits=limits, rejects=rejected)
            return _load_in_place(engine, kind, check, dataset_id, raw, policy, progress, stage, before_commit)
        checker = Checker(kind, source, policy=policy, limits=limits, now=now, rejects=rejected)
        stage("checking")
        try:
            with _staging(engine, kind, dataset_id, policy, store) as (connection, loading):
                doubts = Doubts(kind)
                _collect(checker, loading, policy, source.name, progress, doubts)
                wait_for_turn(connection, at_most_seconds=turn_seconds)
                stage("loading")
                loaded = _with_warnings(_outcome(checker, stand=loading.merge()), loading, doubts)
                before_commit(connection, loaded)
        except RejectedFile as error:
            raise _with_counts(error, _outcome(checker, stand=checker.passed)) from error
        return loaded


def unload(
    engine: Engine,
    kind: DatasetKind,
    source: Source,
    *,
    now: datetime,
    dataset_id: str = "",
    policy: Policy = Policy(),  # noqa: B008 - frozen
    limits: Limits = Limits(),  # noqa: B008 - frozen
    turn_seconds: float | None = None,
    store: ObjectStore | None = None,
    before_commit: Callable[[Connection], None] = lambda _: None,
) -> int:
    """Remove the rows that still are as a file set them, in one transaction.

    Polls are deleted if store, instant and status equal the file's, windows if they equal the file's, and zones are
    unset if they equal the file's. What the file had replaced is not restored. Rows that do not pass the
    checks are ignored.

    Args:
        engine, kind, source, now, dataset_id, policy, limits, turn_seconds, store: as for the load.
        before_commit: called in the transaction once the rows are removed.

    Returns:
        Number of removed rows.

    Raises:
        RejectedFile: the file cannot be read; nothing was removed.
        SeriesBusy, DatabaseUnavailable, ObjectStoreUnavailable: nothing was removed.
    """
    checker = Checker(kind, source, policy=policy, limits=limits, now=now, rejects=Rejects())
    with _staging(engine, kind, dataset_id, policy, store) as (connection, loading):
        if kind.stays_raw:
            removed = loading.remove()
            before_commit(connection)
            return removed
        with closing(_one_ahead(_blocks(checker, policy))) as blocks:
            for rows in blocks:
                loading.add(rows)
        wait_for_turn(connection, at_most_seconds=turn_seconds)
        removed = loading.remove()
        before_commit(connection)
    return removed


def _load_in_place(
    engine: Engine,
    kind: DatasetKind,
    check: TableCheck,
    dataset_id: str,
    raw: Callable[[], Raw],
    policy: Policy,
    progress: Callable[[int], None],
    stage: Callable[[str], None],
    before_commit: Callable[[Connection, Loaded], None],
) -> Loaded:
    """Check a file that stays as it is, for hours if need be, then write in a short transaction where its rows begin.

    No series changes, so that this waits for no turn.
    """
    stage("checking")
    try:
        with closing(check.blocks()) as blocks:
            for _ in blocks:
                progress(check.read)
        if check.rejects.count > policy.allowed:
            raise _too_many(check.name, check, policy)
        file = check.found(dataset_id, raw())
        with _staging(engine, kind, dataset_id, policy, None) as (connection, loading):
            if isinstance(loading, Keeping):
                loading.keep(file)
            stage("loading")
            loaded = _outcome(check, stand=loading.merge())
            before_commit(connection, loaded)
    except RejectedFile as error:
        raise _with_counts(error, _outcome(check, stand=check.passed)) from error
    return loaded


def _collect(
    checker: Checker, loading: Loading, policy: Policy, name: str, progress: Callable[[int], None], doubts: Doubts
) -> None:
    """Stage the accepted rows; once more rows are rejected than the policy allows, only check the rest, then refuse."""
    with closing(_one_ahead(_blocks(checker, policy))) as blocks:
        for rows in blocks:
            progress(rows.read)
            if checker.rejects.count <= policy.allowed:
                loading.add(rows)
                doubts.look_at(rows)
    if checker.rejects.count > policy.allowed:
        raise _too_many(name, checker, policy)


@contextmanager
def _staging(
    engine: Engine, kind: DatasetKind, dataset_id: str, policy: Policy, store: ObjectStore | None
) -> Iterator[tuple[Connection, Loading]]:
    """A transaction that ends within seconds if its process is killed."""
    with database_errors(), engine.begin() as connection, ExitStack() as held:
        connection.execute(text(f"SET LOCAL client_connection_check_interval = '{_CLIENT_CHECK}'"))
        loading = kind.loading(connection, dataset_id)
        if isinstance(loading, Closeable):
            held.callback(loading.close)
        if isinstance(loading, Holding) and policy.is_log_of_changes:
            loading.hold_until_changed()
        if isinstance(loading, Combining) and policy.mapping is not None:
            loading.combine(policy.mapping.combine)
        if isinstance(loading, Covering):
            loading.cover(policy.coverage)
        if isinstance(loading, Snapshotting) and policy.is_snapshot:
            loading.replace_all()
        if isinstance(loading, Unsealing) and store is not None:
            loading.unseal_from(store)
        yield connection, loading


def _outcome(checker: Checker | TableCheck, *, stand: int) -> Loaded:
    first_at, last_at = checker.span
    return Loaded(
        rows_read=checker.read,
        rows_accepted=stand,
        rows_rejected=checker.rejects.count,
        rows_duplicate=checker.passed - stand,
        first_at=first_at,
        last_at=last_at,
        rejections=tuple(checker.rejects.shown),
    )


def _with_warnings(loaded: Loaded, loading: Loading, doubts: Doubts) -> Loaded:
    contradicting = loading.rows_contradicting if isinstance(loading, Contradictable) else None
    told = loading.warnings() if isinstance(loading, Telling) else ()
    return replace(loaded, rows_contradicting=contradicting, warnings=(*doubts.found(), *told))


def _too_many(name: str, checker: Checker | TableCheck, policy: Policy) -> RejectedFile:
    """The error of a file with more rejected rows than allowed; its message shows the first ones."""
    shown, rejected = checker.rejects.shown, checker.rejects.count
    more_than = f", more than the {policy.allowed:,} allowed" if policy.on_error is OnError.SKIP_ROWS else ""
    rest = checker.rejects.mistakes - len(shown)
    lines = [
        f"{name} was not loaded: {rejected:,} of {checker.read:,} rows are invalid{more_than}.",
        *checker.rejects.repeated(),
        *map(str, shown),
        *([f"… and {rest:,} more errors"] if rest else []),
    ]
    return refusal("rejected_rows", "\n".join(lines))


def _with_counts(error: RejectedFile, loaded: Loaded) -> RejectedFile:
    counts = {name: getattr(loaded, name) for name in ("rows_read", "rows_accepted", "rows_rejected", "rows_duplicate")}
    rows = [asdict(rejection) for rejection in loaded.rejections]
    whole = RejectedFile(error.message, **error.details, **counts, rejections=rows)
    whole.loaded = loaded
    return whole


def _blocks(checker: Checker, policy: Policy) -> Generator[Rows, None, None]:
    """The accepted rows, without repeats where they do not count."""
    with closing(checker.rows()) as blocks:
        for rows in blocks:
            yield rows if checker.kind.by_dataset or policy.is_log_of_changes else without_repeats(rows)


def _one_ahead(blocks: Generator[Rows, None, None]) -> Generator[Rows, None, None]:
    """The same blocks; a thread prepares the next one while the current one is used."""
    with closing(blocks), ThreadPoolExecutor(1, thread_name_prefix="check") as pool:
        upcoming = pool.submit(next, blocks, None)
        while (block := upcoming.result()) is not None:
            upcoming = pool.submit(next, blocks, None)
            yield block
