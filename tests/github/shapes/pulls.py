"""Pull requests, their reviews, comments and timelines; issues."""

import hashlib
from typing import Any

from tests.github.answers import API, instant
from tests.github.model import Event, Issue, Pull, Repository, Review, ReviewComment, Team
from tests.github.people import User
from tests.github.shapes import accounts
from tests.github.shapes.accounts import account, account_or_null, node
from tests.github.shapes.code import timeline_commit


def _urls(repository: Repository, number: int) -> tuple[str, str, str]:
    api = f"{API}/repos/{repository.full_name}"
    html = f"https://github.com/{repository.full_name}/pull/{number}"
    return f"{api}/pulls/{number}", f"{api}/issues/{number}", html


def _label(repository: Repository, name: str) -> dict[str, Any]:
    return {
        "id": sum(name.encode()),
        "node_id": f"LA_{name}",
        "url": f"{API}/repos/{repository.full_name}/labels/{name}",
        "name": name,
        "description": "",
        "color": "ededed",
        "default": False,
    }


def _shared(repository: Repository, one: Issue) -> dict[str, Any]:
    """What issue and pull request have alike."""
    return {
        "id": one.id,
        "number": one.number,
        "state": one.state,
        "locked": False,
        "active_lock_reason": None,
        "title": one.title,
        "body": one.body if isinstance(one, Pull) else None,
        "user": account(one.user),
        "author_association": "MEMBER",
        "labels": [_label(repository, name) for name in one.labels],
        "assignee": account_or_null(one.assignees[0]) if one.assignees else None,
        "assignees": [account(each) for each in one.assignees],
        "milestone": None,
        "created_at": instant(one.created_at),
        "updated_at": instant(one.updated_at),
        "closed_at": instant(one.closed_at),
    }


def pull(repository: Repository, one: Pull) -> dict[str, Any]:
    """A pull request as the list has it: without its size."""
    url, issue_url, html = _urls(repository, one.number)
    whole = accounts.repository(repository)
    statuses = f"{API}/repos/{repository.full_name}/statuses/{one.head_sha}"
    links = {
        "self": url,
        "html": html,
        "issue": issue_url,
        "comments": f"{issue_url}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{API}/repos/{repository.full_name}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": statuses,
    }
    owner = repository.owner.login
    return {
        **_shared(repository, one),
        "node_id": node("PR", one.id),
        "url": url,
        "html_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "issue_url": issue_url,
        **{f"{name}_url": links[name] for name in ("comments", "review_comments", "review_comment", "commits")},
        "statuses_url": statuses,
        "merged_at": instant(one.merged_at),
        "merge_commit_sha": one.merge_sha or _test_merge(one),
        "draft": one.draft,
        "requested_reviewers": [account(each) for each in one.requested if isinstance(each, User)],
        "requested_teams": [accounts.team(each, owner) for each in one.requested if isinstance(each, Team)],
        "head": {
            "label": f"{owner}:{one.head_ref}",
            "ref": one.head_ref,
            "sha": one.head_sha,
            "user": account_or_null(one.user if one.fork_deleted else repository.owner),
            "repo": None if one.fork_deleted else whole,
        },
        "base": {
            "label": f"{owner}:{one.base_ref}",
            "ref": one.base_ref,
            "sha": one.base_sha,
            "user": account(repository.owner),
            "repo": whole,
        },
        "auto_merge": None,
        "_links": {name: {"href": href} for name, href in links.items()},
    }


def _test_merge(one: Pull) -> str:
    """What GitHub says of one that is not merged: the commit by which it has tried whether it could be."""
    return hashlib.sha1(f"try {one.head_sha} on {one.base_sha}".encode(), usedforsecurity=False).hexdigest()


def one_pull(repository: Repository, one: Pull) -> dict[str, Any]:
    """A pull request by itself: with its size."""
    return {
        **pull(repository, one),
        "merged": one.merged_at is not None,
        "mergeable": None,
        "rebaseable": None,
        "mergeable_state": "unknown",
        "merged_by": account(one.merged_by) if one.merged_by else None,
        "comments": one.comments,
        "review_comments": len(one.review_comments),
        "maintainer_can_modify": False,
        "commits": len(one.shas),
        "additions": one.additions,
        "deletions": one.deletions,
        "changed_files": one.changed_files,
    }


def issue(repository: Repository, one: Issue) -> dict[str, Any]:
    """An issue; a pull request is one too, and says so by its key `pull_request`."""
    _, url, html = _urls(repository, one.number)
    made = {
        **_shared(repository, one),
        "node_id": node("I", one.id),
        "url": url,
        "repository_url": f"{API}/repos/{repository.full_name}",
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": html if isinstance(one, Pull) else html.replace("/pull/", "/issues/"),
        "comments": one.comments,
        "state_reason": "completed" if one.closed_at and not isinstance(one, Pull) else None,
    }
    if isinstance(one, Pull):
        made |= {
            "draft": one.draft,
            "pull_request": {
                "url": _urls(repository, one.number)[0],
                "html_url": html,
                "diff_url": f"{html}.diff",
                "patch_url": f"{html}.patch",
                "merged_at": instant(one.merged_at),
            },
        }
    return made


def review(repository: Repository, of: Pull, one: Review) -> dict[str, Any]:
    """A review; one that is PENDING has no `submitted_at` at all."""
    url, _, html = _urls(repository, of.number)
    anchor = f"{html}#pullrequestreview-{one.id}"
    made = {
        "id": one.id,
        "node_id": node("PRR", one.id),
        "user": account_or_null(one.user),
        "body": "",
        "state": one.state,
        "html_url": anchor,
        "pull_request_url": url,
        "author_association": "MEMBER",
        "_links": {"html": {"href": anchor}, "pull_request": {"href": url}},
        "commit_id": one.sha,
    }
    if one.submitted_at is not None:
        made["submitted_at"] = instant(one.submitted_at)
    return made


def review_comment(repository: Repository, of: Pull, one: ReviewComment) -> dict[str, Any]:
    url, _, html = _urls(repository, of.number)
    own = f"{API}/repos/{repository.full_name}/pulls/comments/{one.id}"
    anchor = f"{html}#discussion_r{one.id}"
    links = {"self": own, "html": anchor, "pull_request": url}
    made = {
        "url": own,
        "pull_request_review_id": one.review_id,
        "id": one.id,
        "node_id": node("PRRC", one.id),
        "diff_hunk": "@@ -1 +1 @@",
        "path": "shop.py",
        "commit_id": one.sha,
        "original_commit_id": one.sha,
        "user": account_or_null(one.user),
        "body": "Why?",
        "created_at": instant(one.created_at),
        "updated_at": instant(one.updated_at),
        "html_url": anchor,
        "pull_request_url": url,
        "author_association": "MEMBER",
        "_links": {name: {"href": href} for name, href in links.items()},
    }
    if one.reply_to is not None:
        made["in_reply_to_id"] = one.reply_to
    return made


def timeline(repository: Repository, of: Issue) -> list[dict[str, Any]]:
    """Everything that has happened, oldest first: commits as they are now, submitted reviews, events."""
    entries = [(each.at, each.id, _event(repository, of, each)) for each in of.events]
    if isinstance(of, Pull):
        submitted = [(each.submitted_at, each) for each in of.reviews if each.submitted_at is not None]
        entries += [(at, each.id, _reviewed(repository, of, each)) for at, each in submitted]
        commits = [repository.git.commits[sha] for sha in of.shas]
        entries += [(each.committed_at, each.order, timeline_commit(repository, each)) for each in commits]
    return [entry for _, _, entry in sorted(entries, key=lambda entry: entry[:2])]


def _reviewed(repository: Repository, of: Pull, one: Review) -> dict[str, Any]:
    """A review in a timeline: its state in lower case."""
    return {**review(repository, of, one), "event": "reviewed", "state": one.state.lower()}


def _event(repository: Repository, of: Issue, one: Event) -> dict[str, Any]:
    _, issue_url, html = _urls(repository, of.number)
    more = {name: _embedded(repository, each) for name, each in one.more.items() if not _is_deleted(each)}
    made = {
        "id": one.id,
        "node_id": node("E", one.id),
        "url": f"{API}/repos/{repository.full_name}/issues/events/{one.id}",
        "actor": account_or_null(one.actor),
        "event": one.name,
        "commit_id": None,
        "commit_url": None,
        "created_at": instant(one.at),
        "performed_via_github_app": None,
        **more,
    }
    if one.name == "commented":
        made |= {
            "user": made["actor"],
            "body": "Well",
            "issue_url": issue_url,
            "html_url": f"{html}#issuecomment-{one.id}",
            "author_association": "MEMBER",
            "updated_at": instant(one.at),
        }
    if one.name in {"review_requested", "review_request_removed"}:
        made["review_requester"] = made["actor"]
    return made


def _is_deleted(one: Any) -> bool:
    """Whether it is an account of which an event does not speak any more."""
    return isinstance(one, User) and one.deleted


def _embedded(repository: Repository, one: Any) -> Any:
    if isinstance(one, User):
        return account(one)
    return accounts.team(one, repository.owner.login) if isinstance(one, Team) else one
