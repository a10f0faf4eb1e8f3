"""What a repository consists of, beside its commits."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.github.git import Git
from tests.github.people import User


@dataclass(slots=True, eq=False)
class Event:
    """An entry of the timeline that is neither a commit nor a review."""

    id: int
    name: str
    at: datetime
    actor: User
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Review:
    """A review; one that nobody has submitted yet is PENDING, has no instant, and only its author sees it."""

    id: int
    user: User
    state: str
    submitted_at: datetime | None
    sha: str


@dataclass(slots=True, eq=False)
class ReviewComment:
    """A comment on a line; one that answers another has `reply_to`."""

    id: int
    review_id: int
    user: User
    created_at: datetime
    updated_at: datetime
    sha: str
    reply_to: int | None = None


@dataclass(slots=True, eq=False)
class Issue:
    """An issue, or what issue and pull request have in common: they share their numbers."""

    id: int
    number: int
    user: User
    title: str
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    state: str = "open"
    labels: list[str] = field(default_factory=list)
    assignees: list[User] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    comments: int = 0


@dataclass(slots=True, eq=False)
class Pull(Issue):
    """A pull request; `shas` are its commits as they are now, `reverts` is the number of the one that it takes back."""

    head_ref: str = ""
    base_ref: str = "main"
    body: str | None = None
    reverts: int | None = None
    shas: list[str] = field(default_factory=list)
    base_sha: str = ""
    merged_at: datetime | None = None
    merged_by: User | None = None
    merge_sha: str | None = None
    draft: bool = False
    began_as_draft: bool = False
    fork_deleted: bool = False
    reviews: list[Review] = field(default_factory=list)
    review_comments: list[ReviewComment] = field(default_factory=list)
    requested: list["User | Team"] = field(default_factory=list)
    additions: int = 0
    deletions: int = 0
    changed_files: int = 0

    @property
    def head_sha(self) -> str:
        return self.shas[-1]


@dataclass(slots=True, eq=False)
class Job:
    """A job of one attempt of a run."""

    id: int
    name: str
    attempt: int
    created_at: datetime
    started_at: datetime
    completed_at: datetime | None
    conclusion: str | None
    runner: str = "runner 1"


@dataclass(slots=True, eq=False)
class Attempt:
    """One attempt of a run: status and conclusion of their own."""

    number: int
    actor: User
    started_at: datetime
    updated_at: datetime
    status: str = "in_progress"
    conclusion: str | None = None
    jobs: list[Job] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Run:
    """A run of a workflow; the API shows its last attempt, the others have addresses of their own."""

    id: int
    number: int
    workflow: str
    workflow_id: int
    path: str
    event: str
    branch: str
    sha: str
    actor: User
    created_at: datetime
    attempts: list[Attempt] = field(default_factory=list)
    pull_numbers: list[int] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Release:
    """A release; a draft has no `published_at`."""

    id: int
    tag: str
    author: User
    created_at: datetime
    published_at: datetime | None
    prerelease: bool = False
    draft: bool = False


@dataclass(slots=True, eq=False)
class DeploymentStatus:
    """What became of a deployment at one instant."""

    id: int
    state: str
    creator: User
    at: datetime


@dataclass(slots=True, eq=False)
class Deployment:
    """A deployment; its outcome is in its statuses."""

    id: int
    sha: str
    ref: str
    environment: str
    creator: User
    created_at: datetime
    updated_at: datetime
    production: bool = True
    transient: bool = False
    statuses: list[DeploymentStatus] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Push:
    """An entry of the activity of a repository."""

    id: int
    ref: str
    before: str
    after: str
    at: datetime
    actor: User
    kind: str = "push"


@dataclass(slots=True, eq=False)
class Repository:
    """A repository; `has` tells which parts are switched on, `state` whether it answers at all."""

    id: int
    owner: User
    name: str
    created_at: datetime
    updated_at: datetime
    pushed_at: datetime
    git: Git
    default_branch: str = "main"
    state: str = "ok"
    private: bool = False
    archived: bool = False
    fork: bool = False
    off: set[str] = field(default_factory=set)
    pulls: dict[int, Pull] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    packages: list[tuple[str, str, str]] = field(default_factory=list)
    pushes: list[Push] = field(default_factory=list)

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    @property
    def head(self) -> str | None:
        """The sha of the default branch; None in an empty repository."""
        return self.git.branches.get(self.default_branch)

    def next_number(self) -> int:
        return max([0, *self.pulls, *self.issues]) + 1


@dataclass(slots=True, eq=False)
class Team:
    """A team of an organisation."""

    id: int
    slug: str
    name: str
    members: list[User] = field(default_factory=list)
    repositories: list[Repository] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Token:
    """What a request presents: whose it is, what it may, how often."""

    value: str
    user: User
    scopes: tuple[str, ...] = ("repo", "read:org")
    limit: int = 5_000
    used: int = 0
    window_until: datetime | None = None
    expires_at: datetime | None = None
    revoked: bool = False
    installation: bool = False
