"""Users, repositories, teams."""

from typing import Any

from tests.github.answers import API, instant
from tests.github.model import Repository, Team
from tests.github.people import GHOST, User

_USER_URLS = (
    "events_url", "followers_url", "following_url", "gists_url", "organizations_url", "received_events_url",
    "repos_url", "starred_url", "subscriptions_url",
)  # fmt: skip
_REPOSITORY_URLS = (
    "archive", "assignees", "blobs", "branches", "collaborators", "comments", "commits", "compare", "contents",
    "contributors", "deployments", "downloads", "events", "forks", "git_commits", "git_refs", "git_tags", "hooks",
    "issue_comment", "issue_events", "issues", "keys", "labels", "languages", "merges", "milestones", "notifications",
    "pulls", "releases", "stargazers", "statuses", "subscribers", "subscription", "tags", "teams", "trees",
)  # fmt: skip


def node(kind: str, number: int) -> str:
    return f"{kind}_{number}"


def account(user: User) -> dict[str, Any]:
    """A user, organisation or bot as it is embedded everywhere; a deleted one is the ghost."""
    if user.deleted:
        user = GHOST
    url = f"{API}/users/{user.login}"
    return {
        "login": user.login,
        "id": user.id,
        "node_id": node("U", user.id),
        "avatar_url": f"https://avatars.githubusercontent.com/u/{user.id}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"https://github.com/{user.login}",
        **{name: f"{url}/{name.removesuffix('_url')}" for name in _USER_URLS},
        "type": user.type,
        "user_view_type": "public",
        "site_admin": False,
    }


def account_or_null(user: User | None) -> dict[str, Any] | None:
    """As `account`, but a deleted one is null: so reviews, comments and commits have it."""
    return None if user is None or user.deleted else account(user)


def myself(user: User, *, repositories: int) -> dict[str, Any]:
    """The answer of /user and /users/{login}."""
    return {
        **account(user),
        "name": user.login.title(), "company": None, "blog": "", "location": None, "email": None, "hireable": None,
        "bio": None, "public_repos": repositories, "public_gists": 0, "followers": 0, "following": 0,
        "created_at": "2020-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
    }  # fmt: skip


#: A repository is embedded twice in each pull request and run of a page: by what it depends on.
_made: dict[tuple[object, ...], dict[str, Any]] = {}


def repository(one: Repository) -> dict[str, Any]:
    """A repository, whole. Who asks twice may get the same object."""
    key = (one.id, one.full_name, one.updated_at, one.pushed_at, tuple(one.off), one.archived, one.private, _open(one))
    if key not in _made:
        _made.clear()
        _made[key] = _repository(one)
    return _made[key]


def _open(one: Repository) -> int:
    """Issues and pull requests that are open: GitHub counts both as issues."""
    return sum(each.state == "open" for each in (*one.issues.values(), *one.pulls.values()))


def _repository(one: Repository) -> dict[str, Any]:
    url = f"{API}/repos/{one.full_name}"
    html = f"https://github.com/{one.full_name}"
    return {
        "id": one.id,
        "node_id": node("R", one.id),
        "name": one.name,
        "full_name": one.full_name,
        "private": one.private,
        "owner": account(one.owner),
        "html_url": html,
        "description": None,
        "fork": one.fork,
        "url": url,
        **{f"{name}_url": f"{url}/{name}" for name in _REPOSITORY_URLS},
        "git_url": f"git://github.com/{one.full_name}.git",
        "ssh_url": f"git@github.com:{one.full_name}.git",
        "clone_url": f"{html}.git",
        "svn_url": html,
        "homepage": None, "language": None, "mirror_url": None, "license": None, "topics": [],
        "created_at": instant(one.created_at),
        "updated_at": instant(one.updated_at),
        "pushed_at": instant(one.pushed_at),
        "size": 1, "stargazers_count": 0, "watchers_count": 0, "watchers": 0, "forks_count": 0, "forks": 0,
        "has_issues": "issues" not in one.off,
        "has_projects": True, "has_downloads": True, "has_wiki": True, "has_pages": False, "has_discussions": False,
        "has_pull_requests": "pulls" not in one.off,
        "archived": one.archived,
        "disabled": False,
        "open_issues_count": _open(one),
        "open_issues": _open(one),
        "allow_forking": True, "is_template": False, "web_commit_signoff_required": False,
        "visibility": "private" if one.private else "public",
        "default_branch": one.default_branch,
        "permissions": {"admin": False, "maintain": False, "push": False, "triage": False, "pull": True},
    }  # fmt: skip


def full_repository(one: Repository) -> dict[str, Any]:
    return {**repository(one), "network_count": 0, "subscribers_count": 0}


def team(one: Team, organisation: str) -> dict[str, Any]:
    url = f"{API}/orgs/{organisation}/teams/{one.slug}"
    return {
        "id": one.id,
        "node_id": node("T", one.id),
        "name": one.name,
        "slug": one.slug,
        "description": None,
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "permission": "pull",
        "type": "organization",
        "url": url,
        "html_url": f"https://github.com/orgs/{organisation}/teams/{one.slug}",
        "members_url": f"{url}/members{{/member}}",
        "repositories_url": f"{url}/repos",
        "parent": None,
    }
