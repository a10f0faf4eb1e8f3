"""Brings one file in: check, stage, merge; all of it or nothing. And takes one out again.

Any number of files are checked and staged at the same time. Only merges, and removals, come one after the other.
"""

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from app.errors import RejectedFile
from app.ingest.csv.checker import Checker
from app.ingest.kind import DatasetKind, Loading, Rows
from app.ingest.policy import Limits, OnError, Policy
from app.ingest.refusal import refusal
from app.ingest.rejects import Rejection, Rejects
from app.ingest.source import Source
from app.storage.postgres import database_errors

#: Key of the advisory lock that lets one load merge at a time: entities and partitions are then made without races.
_LOAD_LOCK = 0x6C6F6164

#: How often Postgres looks, in the middle of a statement or of a wait, whether the process that loads is still there:
#: one that was killed must not hold the lock until a long merge has ended for nobody.
_CLIENT_CHECK = "1s"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load came to. Of every file accepted + rejected + duplicate rows are the rows that were read.

    Attributes:
        rows_read: rows, without the header and blank lines; of a refused file those up to where it was read.
        rows_accepted: rows that passed every check and stand; of a rejected file, that passed.
        rows_rejected: rows that did not pass.
        rows_duplicate: rows that passed and repeat a later one, or gave way to it.
        first_at, last_at: first and last instant of the rows that passed; None where the kind has no instants.
        rejections: the first rejected rows.
    """

    rows_read: int
    rows_accepted: int
    rows_rejected: int
    rows_duplicate: int
    first_at: datetime | None
    last_at: datetime | None
    rejections: tuple[Rejection, ...]


def load(
    engine: Engine,
    kind: DatasetKind,
    source: Source,
    *,
    now: datetime,
    dataset_id: str = "",
    policy: Policy = Policy(),  # noqa: B008 - frozen
    limits: Limits = Limits(),  # noqa: B008 - frozen
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
        now: when the file came; observations more than a day later are in the future.
        dataset_id: the dataset that the file is; only kinds whose rows stay those of their dataset keep it.
        policy: what wrong rows do.
        limits: what the file may not exceed.
        rejects: file for the rejected rows, as CSV; made only if there are any, also if the whole file is rejected.
        progress: called with the number of rows read so far.
        stage: called with "checking", then with "loading", when nobody else merges until this load has ended.
        before_commit: called in the transaction when everything is merged.

    Raises:
        RejectedFile: nothing was loaded; ``loaded`` has the counts, ``details`` the same for programs.
        InvalidParameters: the policy's columns are not those of the kind.
        DatabaseUnavailable: nothing was loaded.
    """
    with closing(Rejects(rejects)) as rejected:
        checker = Checker(kind, source, policy=policy, limits=limits, now=now, rejects=rejected)
        stage("checking")
        try:
            with _staging(engine, kind, dataset_id) as (connection, loading):
                _collect(checker, loading, policy, source.name, progress)
                _wait_for_turn(connection)
                stage("loading")
                loaded = _outcome(checker, stand=loading.merge())
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
    before_commit: Callable[[Connection], None] = lambda _: None,
) -> int:
    """Take the rows of a file out again that still are as it set them, in one transaction.

    Polls are deleted where store, instant and status are the file's, windows where they are the file's, and zones go
    back to none where they are the file's. What the file had replaced does not come back. Rows that do not pass the
    checks are passed over.

    Args:
        engine, kind, source, now, dataset_id, policy, limits: as for the load.
        before_commit: called in the transaction when the rows are gone.

    Returns:
        How many rows went.

    Raises:
        RejectedFile: the file cannot be read; nothing went.
        DatabaseUnavailable: nothing went.
    """
    checker = Checker(kind, source, policy=policy, limits=limits, now=now, rejects=Rejects())
    with _staging(engine, kind, dataset_id) as (connection, loading):
        with closing(_one_ahead(checker.rows())) as blocks:
            for rows in blocks:
                loading.add(rows)
        _wait_for_turn(connection)
        removed = loading.remove()
        before_commit(connection)
    return removed


def _collect(checker: Checker, loading: Loading, policy: Policy, name: str, progress: Callable[[int], None]) -> None:
    """Stage the rows that pass; once more are wrong than the policy allows, the rest is only checked, and refused."""
    with closing(_one_ahead(checker.rows())) as blocks:
        for rows in blocks:
            progress(rows.read)
            if checker.rejects.count <= policy.allowed:
                loading.add(rows)
    if checker.rejects.count > policy.allowed:
        raise _too_many(name, checker, policy)


@contextmanager
def _staging(engine: Engine, kind: DatasetKind, dataset_id: str) -> Iterator[tuple[Connection, Loading]]:
    """A transaction that ends soon after its process."""
    with database_errors(), engine.begin() as connection:
        connection.execute(text(f"SET LOCAL client_connection_check_interval = '{_CLIENT_CHECK}'"))
        yield connection, kind.loading(connection, dataset_id)


def _wait_for_turn(connection: Connection) -> None:
    """Have nobody else merge or remove until the transaction ends.

    Each statement that follows sees what was committed before; a report goes on reading meanwhile.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOAD_LOCK})


def _outcome(checker: Checker, *, stand: int) -> Loaded:
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


def _too_many(name: str, checker: Checker, policy: Policy) -> RejectedFile:
    """The error of a file with more rejected rows than allowed; its message shows the first ones."""
    shown, rejected = checker.rejects.shown, checker.rejects.count
    more_than = f", more than the {policy.allowed:,} allowed" if policy.on_error is OnError.SKIP_ROWS else ""
    rest = rejected - len(shown)
    lines = [
        f"{name} was not loaded: {rejected:,} of {checker.read:,} rows cannot be accepted{more_than}.",
        *map(str, shown),
        *([f"… and {rest:,} more rejected rows"] if rest else []),
    ]
    return refusal("rejected_rows", "\n".join(lines))


def _with_counts(error: RejectedFile, loaded: Loaded) -> RejectedFile:
    counts = {name: getattr(loaded, name) for name in ("rows_read", "rows_accepted", "rows_rejected", "rows_duplicate")}
    rows = [asdict(rejection) for rejection in loaded.rejections]
    whole = RejectedFile(error.message, **error.details, **counts, rejections=rows)
    whole.loaded = loaded
    return whole


def _one_ahead(blocks: Generator[Rows, None, None]) -> Generator[Rows, None, None]:
    """The same blocks, the next one prepared by a thread while this one is used."""
    with closing(blocks), ThreadPoolExecutor(1, thread_name_prefix="check") as pool:
        upcoming = pool.submit(next, blocks, None)
        while (block := upcoming.result()) is not None:
            upcoming = pool.submit(next, blocks, None)
            yield block
