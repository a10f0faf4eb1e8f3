"""Commits of one repository and its forks, and what is reachable from where."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from tests.github.people import User


@dataclass(slots=True, eq=False)
class Commit:
    """A commit; `author` is the account that GitHub has found for the e-mail, if any."""

    sha: str
    parents: tuple[str, ...]
    author: User | None
    name: str
    email: str
    authored_at: datetime
    committed_at: datetime
    message: str
    additions: int = 0
    deletions: int = 0
    order: int = 0


@dataclass(slots=True, eq=False)
class Git:
    """The objects of a repository: branches, and commits by sha, also those that no branch reaches any more."""

    name: str
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    protected: set[str] = field(default_factory=set)
    written: int = 0

    def commit(
        self,
        parents: Iterable[str],
        *,
        author: User | None,
        authored_at: datetime,
        committed_at: datetime,
        message: str,
        email: str = "",
        size: tuple[int, int] = (0, 0),
    ) -> Commit:
        """Write a commit; no branch moves."""
        self.written += 1
        order = self.written
        sha = hashlib.sha1(f"{self.name} {order}".encode(), usedforsecurity=False).hexdigest()
        name = author.login if author else "Somebody"
        made = Commit(
            sha=sha,
            parents=tuple(parents),
            author=author,
            name=name,
            email=email or f"{name}@example.org",
            authored_at=authored_at,
            committed_at=committed_at,
            message=message,
            additions=size[0],
            deletions=size[1],
            order=order,
        )
        self.commits[sha] = made
        return made

    def reachable(self, sha: str) -> set[str]:
        """The shas of `sha` and of everything before it."""
        seen: set[str] = set()
        waiting = [sha]
        while waiting:
            one = waiting.pop()
            if one not in seen:
                seen.add(one)
                waiting.extend(self.commits[one].parents)
        return seen

    def log(self, sha: str) -> list[Commit]:
        """What is reachable from `sha`, newest first, a child always before its parents."""
        return sorted((self.commits[one] for one in self.reachable(sha)), key=lambda one: -one.order)

    def between(self, base: str, head: str) -> list[Commit]:
        """What is reachable from `head` and not from `base`, oldest first."""
        missing = self.reachable(head) - self.reachable(base)
        return sorted((self.commits[one] for one in missing), key=lambda one: one.order)

    def forget(self, keep: Iterable[str] = ()) -> None:
        """Collect garbage: what neither a branch nor `keep` reaches is unknown from now on."""
        known: set[str] = set()
        for sha in [*self.branches.values(), *keep]:
            known |= self.reachable(sha)
        self.commits = {sha: one for sha, one in self.commits.items() if sha in known}
