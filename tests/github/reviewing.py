"""What people do to pull requests. Each act is at the world's present, and marks the pull request as updated."""

from collections.abc import Iterable
from datetime import timedelta

from tests.github.git import Commit
from tests.github.model import Event, Pull, Push, Repository, Review, ReviewComment, Team
from tests.github.people import User
from tests.github.world import World


def _touch(world: World, pull: Pull) -> None:
    """Let no two acts on one pull request fall into the same second: which came first would be anybody's guess."""
    if pull.updated_at >= world.now:
        world.pass_seconds((pull.updated_at - world.now).total_seconds() + 1)
    pull.updated_at = world.now


def _note(world: World, pull: Pull, name: str, actor: User, **more: object) -> None:
    pull.events.append(Event(world.next_id(), name, world.now, actor, more))


def commit(
    world: World,
    repository: Repository,
    parent: str,
    author: User,
    *,
    age_hours: float = 1.0,
    message: str = "Change something",
) -> Commit:
    """Write a commit that its author made `age_hours` ago (negative: a clock that is ahead)."""
    at = world.now - timedelta(hours=age_hours)
    size = (world.random.randint(0, 400), world.random.randint(0, 200))
    return repository.git.commit(
        [parent],
        author=author,
        authored_at=at.replace(microsecond=0),
        committed_at=world.now,
        message=message,
        email="" if world.random.random() < 0.8 else f"{author.login}@laptop.example.org",
        size=size,
    )


def move_branch(world: World, repository: Repository, ref: str, sha: str, actor: User, *, kind: str = "push") -> None:
    """Point a branch at a commit, and tell it in the activity."""
    before = repository.git.branches.get(ref, "0" * 40)
    repository.git.branches[ref] = sha
    repository.pushed_at = world.now
    repository.pushes.append(Push(world.next_id(), f"refs/heads/{ref}", before, sha, world.now, actor, kind))


def push_to_default(world: World, repository: Repository, author: User, *, age_hours: float = 1.0) -> Commit:
    made = commit(world, repository, repository.head or "", author, age_hours=age_hours)
    move_branch(world, repository, repository.default_branch, made.sha, author)
    return made


def open_pull(
    world: World,
    repository: Repository,
    author: User,
    *,
    draft: bool = False,
    commits: int = 2,
    body: str | None = None,
    reverts: Pull | None = None,
) -> Pull:
    """Open a pull request of some commits that begin before it, or of one that takes back another pull request."""
    base = repository.head or ""
    number = repository.next_number()
    title, ref, message = f"Change {number}", f"change-{number}", "Change something"
    if reverts is not None:
        title, ref = f'Revert "{reverts.title}"', f"revert-{reverts.number}-{reverts.head_ref}"
        message = f"{title}\n\nThis reverts commit {reverts.merge_sha}."
    pull = Pull(
        id=world.next_id(),
        number=number,
        user=author,
        title=title,
        created_at=world.now,
        updated_at=world.now,
        head_ref=ref,
        base_ref=repository.default_branch,
        body=body,
        reverts=None if reverts is None else reverts.number,
        base_sha=base,
        draft=draft,
        began_as_draft=draft,
    )
    for age in range(commits, 0, -1):
        parent = pull.shas[-1] if pull.shas else base
        made = commit(world, repository, parent, author, age_hours=age * 1.5, message=message)
        pull.shas.append(made.sha)
        _measure(pull, made)
    move_branch(world, repository, pull.head_ref, pull.head_sha, author, kind="branch_creation")
    repository.pulls[number] = pull
    return pull


def revert(world: World, repository: Repository, merged: Pull, author: User, *, by_hand: bool = False) -> Pull:
    """Take back a merged pull request as GitHub's button does it, or with the words of somebody's own hand."""
    what = f"#{merged.number}"
    words = f"Reverts {what}\r\n\r\nToo slow." if by_hand else f"Reverts {repository.full_name}{what}"
    return open_pull(world, repository, author, commits=1, body=words, reverts=merged)


def _measure(pull: Pull, made: Commit) -> None:
    pull.additions += made.additions
    pull.deletions += made.deletions
    pull.changed_files += 1


def push(world: World, repository: Repository, pull: Pull) -> None:
    """Add a commit."""
    _touch(world, pull)
    made = commit(world, repository, pull.head_sha, pull.user, age_hours=0.5)
    pull.shas.append(made.sha)
    _measure(pull, made)
    move_branch(world, repository, pull.head_ref, made.sha, pull.user)


def force_push(world: World, repository: Repository, pull: Pull) -> None:
    """Write the commits of a pull request anew, as one: its first commit is then later than its creation."""
    _touch(world, pull)
    pull.additions = pull.deletions = pull.changed_files = 0
    made = commit(world, repository, repository.head or "", pull.user, age_hours=0)
    pull.shas = [made.sha]
    pull.base_sha = repository.head or ""
    _measure(pull, made)
    _note(world, pull, "head_ref_force_pushed", pull.user, commit_id=made.sha)
    move_branch(world, repository, pull.head_ref, made.sha, pull.user, kind="force_push")


def review(world: World, pull: Pull, user: User, state: str = "COMMENTED") -> Review:
    """Submit a review, or begin one that stays PENDING: nobody is told of that, so nothing is updated.

    Whoever submits one is asked for none any more; no event tells of that.
    """
    if state == "PENDING":
        made = Review(world.next_id(), user, state, None, pull.head_sha)
    else:
        _touch(world, pull)
        made = Review(world.next_id(), user, state, world.now, pull.head_sha)
        if user in pull.requested:
            pull.requested.remove(user)
    pull.reviews.append(made)
    return made


def comment_on_line(world: World, pull: Pull, user: User, *, reply_to: int | None = None) -> ReviewComment:
    """Comment on a line, outside a review: GitHub makes a review of it."""
    within = review(world, pull, user)
    made = ReviewComment(world.next_id(), within.id, user, world.now, world.now, pull.head_sha, reply_to)
    pull.review_comments.append(made)
    return made


def edit_comment(world: World, pull: Pull, comment: ReviewComment) -> None:
    _touch(world, pull)
    comment.updated_at = world.now


def dismiss(world: World, pull: Pull, reviewed: Review, actor: User) -> None:
    """Dismiss a review: its state changes in place, the timeline tells when."""
    _touch(world, pull)
    before = reviewed.state
    reviewed.state = "DISMISSED"
    more = {"state": before.lower(), "review_id": reviewed.id, "dismissal_message": "Overtaken"}
    _note(world, pull, "review_dismissed", actor, dismissed_review=more)


def request_review(world: World, pull: Pull, asked: User | Team) -> None:
    """Ask somebody or a team for a review, perhaps not for the first time."""
    _touch(world, pull)
    if asked not in pull.requested:
        pull.requested.append(asked)
    _note(world, pull, "review_requested", pull.user, **_asked(asked))


def unrequest_review(world: World, pull: Pull, asked: User | Team, actor: User) -> None:
    """Take back what somebody or a team was asked for."""
    _touch(world, pull)
    pull.requested.remove(asked)
    _note(world, pull, "review_request_removed", actor, **_asked(asked))


def _asked(asked: User | Team) -> dict[str, object]:
    return {"requested_team" if isinstance(asked, Team) else "requested_reviewer": asked}


def mark_ready(world: World, pull: Pull) -> None:
    _touch(world, pull)
    pull.draft = False
    _note(world, pull, "ready_for_review", pull.user)


def convert_to_draft(world: World, pull: Pull) -> None:
    _touch(world, pull)
    pull.draft = True
    _note(world, pull, "convert_to_draft", pull.user)


def comment(world: World, pull: Pull, user: User) -> None:
    """Say something in the conversation: no review."""
    _touch(world, pull)
    pull.comments += 1
    _note(world, pull, "commented", user)


def set_labels(world: World, pull: Pull, actor: User, labels: Iterable[str]) -> None:
    _touch(world, pull)
    for label in labels:
        if label not in pull.labels:
            pull.labels.append(label)
            _note(world, pull, "labeled", actor, label={"name": label, "color": "ededed"})


def retitle(world: World, pull: Pull, actor: User) -> None:
    _touch(world, pull)
    before, pull.title = pull.title, f"{pull.title}, again"
    _note(world, pull, "renamed", actor, rename={"from": before, "to": pull.title})


def merge(world: World, repository: Repository, pull: Pull, actor: User) -> None:
    """Merge by a squash or by a merge commit, and delete the branch."""
    _touch(world, pull)
    head = repository.head or ""
    squashed = world.random.random() < 0.5
    made = repository.git.commit(
        [head] if squashed else [head, pull.head_sha],
        author=pull.user if squashed else actor,
        authored_at=world.now,
        committed_at=world.now,
        message=f"{pull.title} (#{pull.number})" if squashed else f"Merge pull request #{pull.number}",
        size=(pull.additions, pull.deletions),
    )
    move_branch(world, repository, repository.default_branch, made.sha, actor, kind="pr_merge")
    repository.git.branches.pop(pull.head_ref, None)
    pull.merged_at = pull.closed_at = world.now
    pull.merged_by, pull.merge_sha, pull.state = actor, made.sha, "closed"
    _note(world, pull, "merged", actor, commit_id=made.sha)
    _note(world, pull, "closed", actor)


def close(world: World, repository: Repository, pull: Pull, actor: User) -> None:
    _touch(world, pull)
    pull.closed_at, pull.state = world.now, "closed"
    _note(world, pull, "closed", actor)


def reopen(world: World, repository: Repository, pull: Pull, actor: User) -> None:
    _touch(world, pull)
    pull.closed_at, pull.state = None, "open"
    _note(world, pull, "reopened", actor)
