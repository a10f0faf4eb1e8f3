"""Which address is answered by which function."""

import re
from collections.abc import Callable
from dataclasses import replace

from tests.github.answers import Answer, Request, refusal
from tests.github.model import Repository
from tests.github.routes import account, builds, code, pulls
from tests.github.shapes.accounts import full_repository
from tests.github.world import World

Handler = Callable[..., Answer]


def _itself(world: World, request: Request, repository: Repository) -> Answer:
    return Answer(full_repository(repository))


#: Below a repository's own address; groups of the pattern follow the repository.
OF_REPOSITORY: list[tuple[str, Handler]] = [
    (r"", _itself),
    *pulls.ROUTES,
    *code.ROUTES,
    *builds.ROUTES,
    *account.OF_REPOSITORY,
]


def answer(world: World, request: Request) -> Answer:
    """What the API says to a request that is allowed and within its limits."""
    by_name = re.fullmatch(r"/repos/([^/]+/[^/]+)(/.*)?", request.path)
    by_number = re.fullmatch(r"/repositories/(\d+)(/.*)?", request.path)
    if by_name:
        return _by_name(world, request, by_name[1], by_name[2] or "")
    if by_number:
        found = world.repositories.get(int(by_number[1]))
        return _of_repository(world, request, found, by_number[2] or "")
    return _first(account.ROUTES, request.path, world, request)


def _by_name(world: World, request: Request, name: str, rest: str) -> Answer:
    found = world.find(name)
    if found is None or found.full_name.lower() == name.lower():
        return _of_repository(world, request, found, rest)
    query = "&".join(f"{key}={value}" for key, value in request.params.items())
    url = f"{request.address}/repositories/{found.id}{rest}" + (f"?{query}" if query else "")
    moved = refusal(301, "Moved Permanently", location=url)
    moved.body["url"] = url
    return moved


def _of_repository(world: World, request: Request, found: Repository | None, rest: str) -> Answer:
    if found is None or found.state == "deleted":
        return refusal(404, "Not Found")
    if found.state == "blocked":
        blocked = refusal(451, "Repository access blocked")
        blocked.body["block"] = {
            "reason": "dmca",
            "created_at": "2026-01-01T00:00:00Z",
            "html_url": "https://github.com/dmca",
        }
        return blocked
    if found.state == "forbidden":
        return refusal(403, "Resource not accessible by personal access token")
    numbered = replace(request, path=f"/repositories/{found.id}{rest}")
    return _first(OF_REPOSITORY, rest, world, numbered, found)


def _first(routes: list[tuple[str, Handler]], path: str, world: World, request: Request, *more: Repository) -> Answer:
    for pattern, handler in routes:
        if matched := re.fullmatch(pattern, path):
            return handler(world, request, *more, *matched.groups())
    return refusal(404, "Not Found")
