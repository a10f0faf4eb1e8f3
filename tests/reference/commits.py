"""Which commits a repository has, from the files that told of them, in whatever order they came."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Commit:
    """A row of a file; None where it says nothing."""

    repo: str
    sha: str
    authored_at: datetime | None
    additions: int | None = None
    is_dropped: bool = False


@dataclass(frozen=True)
class File:
    """A file of commits; a snapshot is all that there is of the repositories that it names."""

    arrived: datetime
    is_snapshot: bool
    rows: tuple[Commit, ...]


Told = tuple[datetime | None, int | None]


@dataclass
class Commits:
    """The files that have come."""

    files: list[File] = field(default_factory=list)

    def until(self, repo: str) -> datetime | None:
        """The last commit that any file has told of: up to it, all are known."""
        times = [row.authored_at for file in self.files for row in file.rows if row.repo == repo]
        return max((at for at in times if at is not None), default=None)

    def standing(self, repo: str) -> dict[str, Told]:
        """What is known of each commit of a repository: what the last snapshot and the files since then say."""
        found: dict[str, Told] = {}
        for file in sorted(self.files, key=lambda file: file.arrived):
            rows = [row for row in file.rows if row.repo == repo]
            if file.is_snapshot and rows:
                found = {}
            for row in rows:
                before = found.pop(row.sha, (None, None))
                if not row.is_dropped:
                    authored_at = before[0] if row.authored_at is None else row.authored_at
                    found[row.sha] = (authored_at, before[1] if row.additions is None else row.additions)
        return found
