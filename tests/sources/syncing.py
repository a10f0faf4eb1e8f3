"""Adds sources and runs their syncs here, one after the other, as a worker would."""

from collections.abc import Sequence
from time import monotonic
from typing import Any

from sqlalchemy import text

from app.jobs import lifecycle
from app.jobs.foreground import run_here
from app.jobs.kind import JobKind
from app.sources.service import GivenToken, SourceService
from app.sources.sync import SYNC_JOB
from app.storage.resources import Resources

TOKEN = "ghp_" + "x" * 36


def add_source(
    resources: Resources,
    address: str,
    *,
    repositories: Sequence[str] = ("acme/*",),
    streams: Sequence[str] | None = ("pull_requests",),
    name: str = "hub",
) -> None:
    """Add a source; its first sync is queued."""
    options: dict[str, Any] = {"address": address, "repositories": list(repositories), "streams": streams}
    SourceService(resources).add(name, "github", options, GivenToken(token=TOKEN))


def sync(resources: Resources, name: str = "hub", *, kind: JobKind = SYNC_JOB, asked: bool = True) -> int:
    """Ask for a sync and run it, and those that go on with it; returns how many ran. One that has to wait does not."""
    if asked:
        SourceService(resources).sync(name)
    count = 0
    while run_next(resources, kind=kind):
        count += 1
    return count


def run_next(resources: Resources, *, kind: JobKind = SYNC_JOB) -> bool:
    """Run the next sync that may begin; False: there is none."""
    with resources.engine.begin() as connection:
        claim = lifecycle.claim_next(connection, owner="here", kinds=[kind.name])
    if claim is None:
        return False
    run_here(resources, kind, claim, owner="here", since=monotonic(), told=lambda *_: None)
    return True


def one(resources: Resources, query: str, **values: Any) -> Any:
    """The first value that a query finds."""
    with resources.engine.connect() as connection:
        return connection.scalar(text(query), values)


def rows(resources: Resources, query: str, **values: Any) -> list[tuple[Any, ...]]:
    """All rows that a query finds."""
    with resources.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), values)]
