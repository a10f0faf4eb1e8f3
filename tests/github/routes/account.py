"""Whose token it is, and what belongs to accounts: repositories, teams, installations of an App."""

from datetime import timedelta
from typing import Any

from tests.github.answers import Answer, Request, instant, page_of, refusal
from tests.github.limits import rate_limit
from tests.github.model import Repository, Team
from tests.github.shapes import accounts
from tests.github.world import World


def _user(world: World, request: Request) -> Answer:
    if request.login is None:
        return refusal(401, "Requires authentication")
    if request.token in world.tokens and world.tokens[request.token].installation:
        return refusal(403, "Resource not accessible by integration")
    return _one_user(world, request, request.login)


def _one_user(world: World, request: Request, login: str) -> Answer:
    found = world.users.get(login)
    if found is None:
        return refusal(404, "Not Found")
    return Answer(accounts.myself(found, repositories=len(world.owned(login))))


def _organisation(world: World, request: Request, login: str) -> Answer:
    found = world.users.get(login)
    if found is None or found.type != "Organization":
        return refusal(404, "Not Found")
    return _one_user(world, request, login)


def _repositories(world: World, request: Request, login: str) -> Answer:
    if login not in world.users:
        return refusal(404, "Not Found")
    return _sorted(request, world.owned(login))


def _organisation_repositories(world: World, request: Request, login: str) -> Answer:
    missing = _organisation(world, request, login)
    return missing if missing.status != 200 else _repositories(world, request, login)


def _sorted(request: Request, found: list[Repository], *, under: str | None = None) -> Answer:
    sort = request.params.get("sort", "created")
    keys: dict[str, Any] = {
        "created": lambda one: (one.created_at, one.id),
        "updated": lambda one: (one.updated_at, one.id),
        "pushed": lambda one: (one.pushed_at, one.id),
        "full_name": lambda one: one.full_name.lower(),
    }
    descending = request.params.get("direction", "asc" if sort == "full_name" else "desc") == "desc"
    return page_of(request, sorted(found, key=keys[sort], reverse=descending), accounts.repository, under=under)


def _of_installation(world: World, request: Request) -> Answer:
    return _sorted(request, [one for one in world.repositories.values() if one.state == "ok"], under="repositories")


def _installation(world: World, request: Request, *_: object) -> Answer:
    return Answer({"id": 1, "app_id": 1, "app_slug": "openhours", "permissions": {"pull_requests": "read"}})


def _access_token(world: World, request: Request, number: str) -> Answer:
    """A token for an hour, for a JWT (three parts between dots; whether it is signed, the caller's tests know)."""
    if request.token is None or request.token.count(".") != 2:
        return refusal(401, "A JSON web token could not be decoded")
    made = world.token(f"ghs_{world.next_id()}", login="openhours[bot]")
    made.installation = True
    made.expires_at = world.now + timedelta(hours=1)
    return Answer({"token": made.value, "expires_at": instant(made.expires_at), "permissions": {}}, 201)


def _teams(world: World, request: Request, organisation: str) -> Answer:
    if "read:org" not in world.tokens[request.token or ""].scopes:
        return refusal(403, "You must have read:org scope to list teams.")
    return page_of(request, world.teams.get(organisation, []), lambda one: accounts.team(one, organisation))


def _team(world: World, organisation: str, slug: str) -> Team | None:
    return next((one for one in world.teams.get(organisation, []) if one.slug == slug), None)


def _members(world: World, request: Request, organisation: str, slug: str) -> Answer:
    found = _team(world, organisation, slug)
    if found is None:
        return refusal(404, "Not Found")
    present = [one for one in found.members if not one.deleted]
    return page_of(request, present, accounts.account)


def _team_repositories(world: World, request: Request, organisation: str, slug: str) -> Answer:
    found = _team(world, organisation, slug)
    if found is None:
        return refusal(404, "Not Found")
    present = [one for one in found.repositories if one.state == "ok"]
    return page_of(request, present, accounts.repository)


def _limits(world: World, request: Request) -> Answer:
    return Answer(rate_limit(world, world.tokens[request.token or ""]))


ROUTES = [
    (r"/user", _user),
    (r"/rate_limit", _limits),
    (r"/users/([^/]+)", _one_user),
    (r"/users/([^/]+)/repos", _repositories),
    (r"/orgs/([^/]+)", _organisation),
    (r"/orgs/([^/]+)/repos", _organisation_repositories),
    (r"/orgs/([^/]+)/teams", _teams),
    (r"/orgs/([^/]+)/teams/([^/]+)/members", _members),
    (r"/orgs/([^/]+)/teams/([^/]+)/repos", _team_repositories),
    (r"/(?:orgs|users)/([^/]+)/installation", _installation),
    (r"/installation/repositories", _of_installation),
    (r"/app/installations/(\d+)/access_tokens", _access_token),
]

OF_REPOSITORY = [(r"/installation", _installation)]
