"""Pull requests with what belongs to them, and issues."""

from datetime import datetime
from typing import Any

from tests.github.answers import Answer, Request, page_after, page_of, parse_instant, refusal
from tests.github.model import Issue, Pull, Repository
from tests.github.shapes import pulls as shapes
from tests.github.shapes.code import commit
from tests.github.world import World

#: More commits than that a pull request does not tell.
_MOST_COMMITS = 250
#: Page numbers end here; cursors do not.
_DEEPEST_OFFSET = 1_000
#: A `since` as early as that finds nothing.
_TOO_EARLY = parse_instant("1970-01-01T00:00:00Z")


def _pulls(world: World, request: Request, repository: Repository) -> Answer:
    if "pulls" in repository.off:
        return refusal(404, "Not Found")
    state = request.params.get("state", "open")
    if state not in {"open", "closed", "all"}:
        return refusal(422, "Validation Failed")
    found = [one for one in repository.pulls.values() if state in {"all", one.state}]
    sort = request.params.get("sort", "created")
    descending = request.params.get("direction", "desc" if sort == "created" else "asc") == "desc"
    found.sort(key=lambda one: (_when(one, sort), one.id), reverse=descending)
    return page_of(request, found, lambda one: shapes.pull(repository, one))


def _when(one: Any, sort: str) -> datetime:
    return one.updated_at if sort == "updated" else one.created_at


def _find(repository: Repository, number: str) -> Pull | None:
    return None if "pulls" in repository.off else repository.pulls.get(int(number))


def _pull(world: World, request: Request, repository: Repository, number: str) -> Answer:
    found = _find(repository, number)
    return refusal(404, "Not Found") if found is None else Answer(shapes.one_pull(repository, found))


def _reviews(world: World, request: Request, repository: Repository, number: str) -> Answer:
    found = _find(repository, number)
    if found is None:
        return refusal(404, "Not Found")
    mine = [one for one in found.reviews if one.state != "PENDING" or one.user.login == request.login]
    return page_of(request, mine, lambda one: shapes.review(repository, found, one))


def _commits(world: World, request: Request, repository: Repository, number: str) -> Answer:
    found = _find(repository, number)
    if found is None:
        return refusal(404, "Not Found")
    commits = [repository.git.commits[sha] for sha in found.shas[:_MOST_COMMITS]]
    return page_of(request, commits, lambda one: commit(repository, one))


def _comments_of_one(world: World, request: Request, repository: Repository, number: str) -> Answer:
    found = _find(repository, number)
    if found is None:
        return refusal(404, "Not Found")
    return page_of(request, found.review_comments, lambda one: shapes.review_comment(repository, found, one))


def _comments(world: World, request: Request, repository: Repository) -> Answer:
    if "pulls" in repository.off:
        return refusal(404, "Not Found")
    found = [(of, one) for of in repository.pulls.values() for one in of.review_comments]
    sort = request.params.get("sort", "created")
    if since := request.params.get("since"):
        found = [(of, one) for of, one in found if one.updated_at >= parse_instant(since)]
        found = [] if parse_instant(since) <= _TOO_EARLY else found
    descending = request.params.get("direction", "asc") == "desc" and "sort" in request.params
    found.sort(key=lambda pair: (_when(pair[1], sort), pair[1].id), reverse=descending)
    return page_of(request, found, lambda pair: shapes.review_comment(repository, *pair))


def _timeline(world: World, request: Request, repository: Repository, number: str) -> Answer:
    found: Issue | None = repository.pulls.get(int(number)) or repository.issues.get(int(number))
    if found is None:
        return refusal(404, "Not Found")
    return page_of(request, shapes.timeline(repository, found), lambda one: one)


def _issues(world: World, request: Request, repository: Repository) -> Answer:
    if "issues" in repository.off:
        return refusal(410, "Issues has been disabled in this repository.")
    state = request.params.get("state", "open")
    pulls = [] if "pulls" in repository.off else repository.pulls.values()
    found = [one for one in [*repository.issues.values(), *pulls] if state in {"all", one.state}]
    if since := request.params.get("since"):
        found = [one for one in found if one.updated_at >= parse_instant(since)]
        found = [] if parse_instant(since) <= _TOO_EARLY else found
    sort = request.params.get("sort", "created")
    descending = request.params.get("direction", "desc") == "desc"
    found.sort(key=lambda one: (_when(one, sort), one.id), reverse=descending)
    if "page" not in request.params:
        return page_after(
            request,
            found,
            lambda one: shapes.issue(repository, one),
            key=lambda one: f"{_when(one, sort).isoformat()} {one.id:015}",
        )
    if (request.number("page", 1) - 1) * request.per_page >= _DEEPEST_OFFSET:
        return refusal(422, "Pagination with the page parameter is not supported for large datasets")
    return page_of(request, found, lambda one: shapes.issue(repository, one), with_last=False)


def _issue(world: World, request: Request, repository: Repository, number: str) -> Answer:
    found: Issue | None = repository.pulls.get(int(number)) or repository.issues.get(int(number))
    return refusal(404, "Not Found") if found is None else Answer(shapes.issue(repository, found))


ROUTES = [
    (r"/pulls", _pulls),
    (r"/pulls/comments", _comments),
    (r"/pulls/(\d+)", _pull),
    (r"/pulls/(\d+)/reviews", _reviews),
    (r"/pulls/(\d+)/commits", _commits),
    (r"/pulls/(\d+)/comments", _comments_of_one),
    (r"/issues", _issues),
    (r"/issues/(\d+)", _issue),
    (r"/issues/(\d+)/timeline", _timeline),
]
