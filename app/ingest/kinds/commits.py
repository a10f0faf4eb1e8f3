"""Dataset kind ``commits``: what the default branch of a repository reaches."""

from datetime import UTC, datetime, timedelta
from typing import Final

from app.ingest.collected import REPO, person
from app.ingest.column_types import COUNT, INSTANT, LONG_NUMBER, NAMES, SHORT_TEXT, TEXT, TRUTH
from app.ingest.keyed import DROPPED, KeyedLoading, keyed_table
from app.ingest.kind import Column, Coverage, DatasetKind, WrongRow
from app.series import commits, keyed_rows, new_entities

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_COLUMNS: Final = (
    REPO,
    Column("sha", SHORT_TEXT, example="6dcb09b5b57875f334f61aebed695e2e4193db5e"),
    *person("author"),
    Column(
        "author_email_hash",
        TEXT,
        example="0c7e6a405862e402eb76a70f8a26fc732d07c32931e9fae9ab1582911d2e8a3b",
        required=False,
    ),
    Column("committer_id", LONG_NUMBER, example="9007199254740993", required=False),
    Column("authored_at", INSTANT, example="2024-11-01T19:30:00Z", required=False),
    Column("committed_at", INSTANT, example="2024-11-01T20:00:00Z", required=False),
    Column("parents", COUNT, example="1", required=False),
    Column("additions", COUNT, example="120", required=False),
    Column("deletions", COUNT, example="15", required=False),
    Column("changed_files", COUNT, example="7", required=False),
    Column("reverts", TEXT, example="7fd1a60b01f91b314f59955a4e4d4e80d8edf11d", required=False),
    Column("is_verified", TRUTH, example="true", required=False),
    Column("parent_shas", NAMES, example="762941318ee16e59dabbacb1b4049eec22f0d303", required=False),
    DROPPED,
)


class CommitLoading(KeyedLoading):
    """Collects commits and merges them by repository and hash; a snapshot is all that there is of its repositories."""

    columns = _COLUMNS
    table = keyed_table(
        "commit",
        _COLUMNS,
        key=("repo", "sha"),
        indexes=(("repo", "committed_at"), ("repo", "authored_at")),
        has_snapshots=True,
    )
    _until: int | None = None
    _is_snapshot = False

    def cover(self, coverage: Coverage) -> None:
        self._until = coverage.days and coverage.days[1]

    def replace_all(self) -> None:
        self._is_snapshot = True

    def merge(self) -> int:
        new_entities.write_rows(self._connection, keyed_rows.staged(self.table), "repo_id")
        # Before anything is left out: up to when commits are known is the same in whatever order files come.
        commits.see(self._connection, None if self._until is None else _EPOCH + timedelta(days=self._until + 1))
        commits.leave_out_older(self._connection, self._dataset_id)
        stand = super().merge()
        if self._is_snapshot:
            commits.drop_others(self._connection, self.table, self._dataset_id)
        return stand

    def remove(self) -> int:
        gone = super().remove()
        commits.forget(self._connection)
        return gone


COMMITS = DatasetKind(
    name="commits",
    summary="one row per commit that the default branch reaches: who, when, how large",
    columns=_COLUMNS,
    loading=CommitLoading,
    instant="committed_at",
    is_guessed=False,
    has_snapshots=True,
    documentation="""
        One commit that is reachable from the default branch. If rows have the same `repo` and `sha`, the last one
        counts. A merge has two or more `parents`; `parent_shas` are their hashes, beginning with that of the branch
        that was merged into. `reverts` is the commit that it reverts, if its message says so.

        A rebase keeps `authored_at` and changes `committed_at`. Both come from the clock of a computer, and may be in
        the future. People whose address belongs to no account have neither `author` nor `author_id`; they are
        distinguished by `author_email_hash`, the SHA-256 of the address in lower case.

        A row with `dropped` `true` removes the commit: after a forced push, the branch no longer reaches it. A file
        that is loaded as a `snapshot` is complete for the repositories that it names: their other commits are removed,
        unless a later file contains them. If files differ in a commit, the one that arrived last counts, in whatever
        order they were loaded; fields that it leaves empty keep the values of an earlier file. What arrived before a
        snapshot, or before the commit was removed, no longer counts, even if it is loaded later. All commits of a
        repository are known up to the last one in its files, or to the end of `covers_to`.
    """,
    wrong=WrongRow("committed_at", "2024-11-01", "bad_timestamp"),
)
