"""Which commits a repository has, from the files that told of them, in whatever order they came."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Commit:
    repo: str
    sha: str
    authored_at: datetime


@dataclass(frozen=True)
class File:
    """A file of commits; a snapshot is all that there is of the repositories that it names."""

    arrived: datetime
    is_snapshot: bool
    rows: tuple[Commit, ...]


@dataclass
class Commits:
    """The files that have come."""

    files: list[File] = field(default_factory=list)

    def standing(self, repo: str) -> dict[str, datetime]:
        """When each commit of a repository was authored: what the last snapshot and the files since then say."""
        found: dict[str, datetime] = {}
        for file in sorted(self.files, key=lambda file: file.arrived):
            rows = {row.sha: row.authored_at for row in file.rows if row.repo == repo}
            found = rows if file.is_snapshot and rows else found | rows
        return found
