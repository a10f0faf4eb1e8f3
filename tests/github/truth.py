"""What the rows of every dataset kind must be, read from the world itself and from the definitions of the columns.

Rows are dicts by column name; instants are aware, in whole seconds; None is what nobody has said. Nothing here looks at
what the API answers, nor at how the program makes rows of that.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from tests.github.git import Commit
from tests.github.model import Deployment, Pull, Repository, Review, Team
from tests.github.people import GHOST, User
from tests.github.world import World

Row = dict[str, Any]


def readable(world: World) -> list[Repository]:
    """The repositories that somebody with a token may read."""
    return [one for one in world.repositories.values() if one.state == "ok"]


def _person(column: str, user: User | None) -> Row:
    """Login, number, and whether it is a bot; nothing of an account that was deleted."""
    known = None if user is None or user.deleted else user
    return {
        column: known and known.login,
        f"{column}_id": known and known.id,
        f"{column}_is_bot": known and known.is_bot,
    }


def _is_other(pull: Pull, user: User) -> bool:
    """Whether an act is by a person other than the author, as far as the API shows who they are.

    Of a deleted account it shows no more than that there was one: it is another than an author who still has one.
    """
    if user.deleted:
        return not pull.user.deleted
    return user is not pull.user and not user.is_bot


def _others(pull: Pull) -> list[Review]:
    """What people other than the author have submitted."""
    return [one for one in pull.reviews if one.submitted_at is not None and _is_other(pull, one.user)]


def _submitted(reviews: Iterable[Review], state: str) -> list[datetime]:
    return [one.submitted_at for one in reviews if one.state == state and one.submitted_at is not None]


def _first_review(pull: Pull) -> datetime | None:
    comments = [one for one in pull.review_comments if _is_other(pull, one.user)]
    acts = [one.submitted_at for one in _others(pull) if one.submitted_at] + [one.created_at for one in comments]
    return min(acts, default=None)


def _approved(pull: Pull) -> datetime | None:
    """The approval that counts: the last one that stands; before the merge, where there is one."""
    stand = _submitted(_others(pull), "APPROVED")
    return max((at for at in stand if pull.merged_at is None or at < pull.merged_at), default=None)


def _draft_stretches(pull: Pull) -> list[tuple[datetime, datetime | None]]:
    """From when to when it was a draft; the last end is None while it still is one."""
    began = pull.created_at if pull.began_as_draft else None
    stretches: list[tuple[datetime, datetime | None]] = []
    for event in sorted(pull.events, key=lambda one: (one.at, one.id)):
        if event.name == "convert_to_draft":
            began = event.at
        elif event.name == "ready_for_review" and began is not None:
            stretches.append((began, event.at))
            began = None
    return stretches if began is None else [*stretches, (began, None)]


def _draft(pull: Pull) -> Row:
    stretches = _draft_stretches(pull)
    whole = [(begin, end) for begin, end in stretches if end is not None]
    return {
        "is_draft": pull.draft,
        "ready_at": None if pull.draft or not whole else whole[-1][1],
        "draft_seconds": sum((end - begin).total_seconds() for begin, end in whole) if whole else None,
    }


def pull_request(repository: Repository, pull: Pull) -> Row:
    author = GHOST if pull.user.deleted else pull.user
    return {
        "repo": repository.full_name,
        "number": pull.number,
        **_person("author", author),
        "created_at": pull.created_at,
        "first_commit_at": min(repository.git.commits[sha].authored_at for sha in pull.shas),
        "first_review_at": _first_review(pull),
        "approved_at": _approved(pull),
        "changes_requested_at": max(_submitted(_others(pull), "CHANGES_REQUESTED"), default=None),
        "merged_at": pull.merged_at,
        "closed_at": pull.closed_at,
        **_draft(pull),
        "labels": sorted(pull.labels),
        "additions": pull.additions,
        "deletions": pull.deletions,
        "changed_files": pull.changed_files,
        "head_sha": pull.head_sha,
        "reverts": pull.reverts,
        "merge_sha": pull.merge_sha,
    }


def _pulls(repository: Repository) -> list[Pull]:
    return [] if "pulls" in repository.off else list(repository.pulls.values())


def pull_requests(world: World) -> list[Row]:
    return [pull_request(repository, pull) for repository in readable(world) for pull in _pulls(repository)]


def reviews(world: World) -> list[Row]:
    """Submitted ones: a review that is still being written is nobody's business."""
    return [
        {
            "repo": repository.full_name,
            "number": pull.number,
            "review_id": one.id,
            **_person("reviewer", one.user),
            "state": one.state,
            "submitted_at": one.submitted_at,
            "commit_sha": one.sha,
        }
        for repository in readable(world)
        for pull in _pulls(repository)
        for one in pull.reviews
        if one.submitted_at is not None
    ]


def review_comments(world: World) -> list[Row]:
    return [
        {
            "repo": repository.full_name,
            "number": pull.number,
            "comment_id": one.id,
            "review_id": one.review_id,
            "in_reply_to": one.reply_to,
            **_person("author", one.user),
            "created_at": one.created_at,
            "updated_at": one.updated_at,
        }
        for repository in readable(world)
        for pull in _pulls(repository)
        for one in pull.review_comments
    ]


def review_requests(world: World) -> list[Row]:
    """Who was asked, each time, and when that was taken back."""
    removed = {"review_requested": False, "review_request_removed": True}
    return [
        {
            "repo": repository.full_name,
            "number": pull.number,
            "event_id": one.id,
            **_person("reviewer", one.more.get("requested_reviewer")),
            "requested_team": _name(one.more.get("requested_team")),
            "requested_at": one.at,
            "is_removed": removed[one.name],
        }
        for repository in readable(world)
        for pull in _pulls(repository)
        for one in pull.events
        if one.name in removed
    ]


def _name(team: Team | None) -> str | None:
    return team and team.name


def _commit(repository: Repository, one: Commit) -> Row:
    # Of a laptop's address GitHub knows no account.
    known = None if "laptop" in one.email else one.author
    reverted = re.search(r"This reverts commit ([0-9a-f]{40})", one.message)
    return {
        "repo": repository.full_name,
        "sha": one.sha,
        **_person("author", known),
        "author_email_hash": hashlib.sha256(one.email.lower().encode()).hexdigest(),
        "authored_at": one.authored_at,
        "committed_at": one.committed_at,
        "parents": len(one.parents),
        "reverts": reverted and reverted[1],
        "parent_shas": list(one.parents),
    }


def commits(world: World) -> list[Row]:
    """What the default branch reaches now."""
    return [_commit(each, one) for each in readable(world) if each.head for one in each.git.log(each.head)]


def issues(world: World) -> list[Row]:
    """Issues without pull requests."""
    return [
        {
            "repo": repository.full_name,
            "number": one.number,
            **_person("author", GHOST if one.user.deleted else one.user),
            "state": one.state,
            "labels": sorted(one.labels),
            "comments": one.comments,
            "created_at": one.created_at,
            "updated_at": one.updated_at,
            "closed_at": one.closed_at,
        }
        for repository in readable(world)
        if "issues" not in repository.off
        for one in repository.issues.values()
    ]


def workflow_runs(world: World) -> list[Row]:
    """One row for each attempt."""
    return [
        {
            "repo": repository.full_name,
            "run_id": run.id,
            "attempt": one.number,
            "workflow": run.workflow,
            "workflow_id": run.workflow_id,
            "event": run.event,
            "branch": run.branch,
            "head_sha": run.sha,
            **_person("actor", run.actor),
            "status": one.status,
            "conclusion": one.conclusion,
            "created_at": run.created_at,
            "started_at": one.started_at,
            "updated_at": one.updated_at,
        }
        for repository in readable(world)
        if "actions" not in repository.off
        for run in repository.runs
        for one in run.attempts
    ]


def workflow_jobs(world: World) -> list[Row]:
    return [
        {
            "repo": repository.full_name,
            "job_id": one.id,
            "run_id": run.id,
            "attempt": one.attempt,
            "name": one.name,
            "status": "in_progress" if one.completed_at is None else "completed",
            "conclusion": one.conclusion,
            "created_at": one.created_at,
            "started_at": one.started_at,
            "completed_at": one.completed_at,
        }
        for repository in readable(world)
        if "actions" not in repository.off
        for run in repository.runs
        for attempt in run.attempts
        for one in attempt.jobs
    ]


def releases(world: World) -> list[Row]:
    return [
        {
            "repo": repository.full_name,
            "release_id": one.id,
            "tag": one.tag,
            "name": one.tag,
            **_person("author", GHOST if one.author.deleted else one.author),
            "is_draft": one.draft,
            "is_prerelease": one.prerelease,
            "created_at": one.created_at,
            "published_at": one.published_at,
        }
        for repository in readable(world)
        for one in repository.releases
    ]


def _first(deployment: Deployment, *states: str) -> datetime | None:
    return min((one.at for one in deployment.statuses if one.state in states), default=None)


def deployments(world: World) -> list[Row]:
    """A deployment succeeded when it first did; what it is now is another column."""
    return [
        {
            "repo": repository.full_name,
            "deployment_id": one.id,
            "environment": one.environment,
            "sha": one.sha,
            "ref": one.ref,
            **_person("creator", one.creator),
            "is_production": one.production,
            "is_transient": one.transient,
            "state": one.statuses[-1].state if one.statuses else None,
            "created_at": one.created_at,
            "updated_at": one.updated_at,
            "succeeded_at": _first(one, "success"),
            "failed_at": _first(one, "failure", "error"),
        }
        for repository in readable(world)
        for one in repository.deployments
    ]


def branches(world: World) -> list[Row]:
    """The branches of today."""
    return [
        {
            "repo": repository.full_name,
            "branch": name,
            "sha": sha,
            "is_default": name == repository.default_branch,
            "is_protected": name in repository.git.protected,
        }
        for repository in readable(world)
        for name, sha in repository.git.branches.items()
    ]


def repositories(world: World) -> list[Row]:
    return [
        {
            "repo": one.full_name,
            "external_id": one.id,
            "default_branch": one.default_branch,
            "is_private": one.private,
            "is_archived": one.archived,
            "is_fork": one.fork,
            "created_at": one.created_at,
            "pushed_at": one.pushed_at,
        }
        for one in readable(world)
    ]


def dependencies(world: World) -> list[Row]:
    """What the SBOM names, without the repository itself."""
    return [
        {"repo": repository.full_name, "ecosystem": ecosystem, "name": name, "version": version or None}
        for repository in readable(world)
        if "sbom" not in repository.off
        for ecosystem, name, version in repository.packages
    ]


def repository_files(world: World) -> list[Row]:
    """The files of the default branch that say what a repository is built with; a world has no others."""
    return [
        {
            "repo": repository.full_name,
            "path": path,
            "sha": hashlib.sha1(content.encode(), usedforsecurity=False).hexdigest(),
            "bytes": len(content.encode()),
            "content": content,
        }
        for repository in readable(world)
        for path, content in repository.files.items()
    ]


def team_members(world: World) -> list[Row]:
    return [
        {"team": team.name, "login": one.login, "user_id": one.id}
        for teams in world.teams.values()
        for team in teams
        for one in team.members
        if not one.deleted
    ]


def team_repositories(world: World) -> list[Row]:
    return [
        {"team": team.name, "repo": one.full_name}
        for teams in world.teams.values()
        for team in teams
        for one in team.repositories
        if one.state == "ok"
    ]


#: By dataset kind; what a row is known by there.
KINDS: dict[str, tuple[Callable[[World], list[Row]], tuple[str, ...]]] = {
    "pull_requests": (pull_requests, ("repo", "number")),
    "reviews": (reviews, ("repo", "review_id")),
    "review_comments": (review_comments, ("repo", "comment_id")),
    "review_requests": (review_requests, ("repo", "event_id")),
    "commits": (commits, ("repo", "sha")),
    "issues": (issues, ("repo", "number")),
    "workflow_runs": (workflow_runs, ("repo", "run_id", "attempt")),
    "workflow_jobs": (workflow_jobs, ("repo", "job_id")),
    "releases": (releases, ("repo", "release_id")),
    "deployments": (deployments, ("repo", "deployment_id")),
    "branches": (branches, ("repo", "branch")),
    "repositories": (repositories, ("repo",)),
    "dependencies": (dependencies, ("repo", "ecosystem", "name", "version")),
    "repository_files": (repository_files, ("repo", "path", "sha")),
    "team_members": (team_members, ("team", "login")),
    "team_repositories": (team_repositories, ("team", "repo")),
}
