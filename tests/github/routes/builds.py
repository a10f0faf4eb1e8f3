"""Runs of workflows, releases, deployments."""

import operator
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from tests.github.answers import Answer, Request, page_of, parse_instant, refusal
from tests.github.model import Deployment, Repository, Run
from tests.github.shapes import builds as shapes
from tests.github.world import World

#: A list of runs with any filter shows so many, whatever it counts; without one it ends later.
_MOST_FILTERED = 1_000
_MOST_UNFILTERED = 40_000
_FILTERS = {"actor", "branch", "check_suite_id", "created", "event", "head_sha", "status"}


def _runs(world: World, request: Request, repository: Repository) -> Answer:
    if "actions" in repository.off:
        return refusal(404, "Not Found")
    within = _window(request.params.get("created", "*..*"))
    found = [one for one in repository.runs if within(one.created_at) and _matches(one, request.params)]
    found.sort(key=lambda one: (one.created_at, one.id), reverse=True)
    cap = _MOST_FILTERED if _FILTERS & set(request.params) else _MOST_UNFILTERED
    return page_of(request, found, lambda one: shapes.run(repository, one), under="workflow_runs", cap=cap)


def _matches(one: Run, params: dict[str, str]) -> bool:
    last = one.attempts[-1]
    values = {"branch": one.branch, "event": one.event, "head_sha": one.sha, "actor": one.actor.login}
    told = {name: params[name] for name in values if name in params}
    status = params.get("status")
    return told.items() <= values.items() and status in {None, last.status, last.conclusion}


#: The longer ones first: each is looked for at the beginning of the text.
_SIGNS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}


def _compared(compare: Callable[[datetime, datetime], bool], edge: datetime, at: datetime) -> bool:
    return compare(at, edge)


def _window(text: str) -> Callable[[datetime], bool]:
    """The filter `created` of a search: A..B with both ends within, either end `*`, or >=, >, <=, < before one."""
    for sign, compare in _SIGNS.items():
        if text.startswith(sign):
            return partial(_compared, compare, parse_instant(text.removeprefix(sign)))
    first, _, last = text.partition("..")
    since = None if first == "*" else parse_instant(first)
    until = None if last == "*" else _end(last or first)
    return lambda at: (since is None or at >= since) and (until is None or at <= until)


def _end(text: str) -> datetime:
    """A date alone as an end means the whole day."""
    at = parse_instant(text)
    return at if "T" in text else at + timedelta(days=1, seconds=-1)


def _find(repository: Repository, number: str) -> Run | None:
    return next((one for one in repository.runs if one.id == int(number)), None)


def _run(world: World, request: Request, repository: Repository, number: str) -> Answer:
    found = _find(repository, number)
    return refusal(404, "Not Found") if found is None else Answer(shapes.run(repository, found))


def _attempt(world: World, request: Request, repository: Repository, number: str, attempt: str) -> Answer:
    found = _find(repository, number)
    if found is None or not 1 <= int(attempt) <= len(found.attempts):
        return refusal(404, "Not Found")
    return Answer(shapes.run(repository, found, found.attempts[int(attempt) - 1]))


def _jobs_of_attempt(world: World, request: Request, repository: Repository, number: str, attempt: str) -> Answer:
    found = _find(repository, number)
    if found is None or not 1 <= int(attempt) <= len(found.attempts):
        return refusal(404, "Not Found")
    jobs = found.attempts[int(attempt) - 1].jobs
    return page_of(request, jobs, lambda one: shapes.job(repository, found, one), under="jobs")


def _jobs(world: World, request: Request, repository: Repository, number: str) -> Answer:
    """The jobs of a run: of its last attempt, or of all (`filter=all`)."""
    found = _find(repository, number)
    if found is None:
        return refusal(404, "Not Found")
    attempts = found.attempts if request.params.get("filter") == "all" else found.attempts[-1:]
    jobs = [job for attempt in attempts for job in attempt.jobs]
    return page_of(request, jobs, lambda one: shapes.job(repository, found, one), under="jobs")


def _releases(world: World, request: Request, repository: Repository) -> Answer:
    newest_first = repository.releases[::-1]
    return page_of(request, newest_first, lambda one: shapes.release(repository, one))


def _deployments(world: World, request: Request, repository: Repository) -> Answer:
    found = [
        one
        for one in reversed(repository.deployments)
        if request.params.get("environment", one.environment) == one.environment
    ]
    return page_of(request, found, lambda one: shapes.deployment(repository, one))


def _statuses(world: World, request: Request, repository: Repository, number: str) -> Answer:
    found: Deployment | None = next((one for one in repository.deployments if one.id == int(number)), None)
    if found is None:
        return refusal(404, "Not Found")
    return page_of(request, found.statuses[::-1], lambda one: shapes.deployment_status(repository, found, one))


ROUTES = [
    (r"/actions/runs", _runs),
    (r"/actions/runs/(\d+)", _run),
    (r"/actions/runs/(\d+)/jobs", _jobs),
    (r"/actions/runs/(\d+)/attempts/(\d+)", _attempt),
    (r"/actions/runs/(\d+)/attempts/(\d+)/jobs", _jobs_of_attempt),
    (r"/releases", _releases),
    (r"/deployments", _deployments),
    (r"/deployments/(\d+)/statuses", _statuses),
]
