"""Syncs that die: whatever is committed, the place from which the next one goes on is never ahead of the rows."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from app.errors import AttemptSuperseded
from app.jobs import lifecycle
from app.jobs.lifecycle import Claim
from app.sources.api.client import ApiClient
from app.sources.raw import RawPages
from app.sources.run import Run
from app.sources.service import SourceService
from app.sources.stream_load import StreamLoad
from app.sources.sync import SyncParams, produce
from app.storage.resources import Resources
from tests.github import World, serve
from tests.github.changes import Changes
from tests.github.server import Github
from tests.kinds import context_of
from tests.sources.syncing import TOKEN, add_source, rows, sync
from tests.sources.test_sync import PULLS, truth

#: Moments of a sync at which it may die, before and behind.
MOMENTS = ((ApiClient, "_ask"), (RawPages, "_write"), (StreamLoad, "_record"), (Run, "_settle"), (Run, "end"))

#: Syncs that are killed.
KILLS = 10


class Killed(BaseException):
    """As SIGKILL: nobody handles it."""


@pytest.fixture
def github() -> Iterator[Github]:
    world = World(seed=2)
    world.token(TOKEN)
    for name in ("acme/api", "acme/web"):
        world.create_repository(name)
    Changes(world, 2, only=("open", "review", "merge")).steps(30)
    with serve(world) as fake:
        fake.most_per_page = 4
        yield fake


@pytest.fixture
def dies(monkeypatch: pytest.MonkeyPatch) -> Callable[[int | None], None]:
    """Sets after how many moments the process dies; None: never."""
    left: list[int | None] = [None]

    def tick() -> None:
        if left[0] is not None:
            left[0] -= 1
            if left[0] < 0:
                raise Killed

    def mortal(function: Any) -> Any:
        def called(*given: Any, **named: Any) -> Any:
            tick()
            found = function(*given, **named)
            tick()
            return found

        return called

    for of, name in MOMENTS:
        monkeypatch.setattr(of, name, mortal(getattr(of, name)))

    def die(after: int | None) -> None:
        left[0] = after

    return die


def attempt(resources: Resources, claim: Claim, folder: Path) -> None:
    """An attempt at a sync, in this process, with the fence of the real protocol."""
    context = replace(
        context_of(resources, folder),
        job_id=claim.id,
        fence=lambda connection: lifecycle.fence(connection, job_id=claim.id, attempt=claim.attempt),
    )
    produce(context, SyncParams.model_validate(claim.params))


def claimed(resources: Resources) -> Claim:
    SourceService(resources).sync("hub")
    with resources.engine.begin() as connection:
        claim = lifecycle.claim_next(connection, owner="here", kinds=["sync"])
    assert claim is not None
    return claim


def require_no_place_ahead(resources: Resources, github: Github) -> None:
    """Of whatever is said to be read, all rows are there."""
    complete = "SELECT full_name FROM source_cursor JOIN source_repository ON repo_id::text = scope"
    names = {name for (name,) in rows(resources, f"{complete} WHERE pass IS NULL AND watermark IS NOT NULL")}
    there = [row for row in rows(resources, PULLS) if row[0] in names]
    assert there == [row for row in truth(github) if row[0] in names]


def test_a_sync_that_dies_anywhere_leaves_what_was_before_or_what_is_after(
    resources: Resources, github: Github, dies: Callable[[int | None], None], tmp_path: Path
) -> None:
    random = Random(1)
    changes = Changes(github.world, 3, only=("open", "review", "merge", "close", "reopen"))
    resources.settings.__dict__["sync_records"] = 3
    died = 0
    try:
        add_source(resources, github.address)
        for _ in range(KILLS):
            claim = claimed(resources)
            dies(random.choice([3, 10, 20, 30, 40, 50]) + random.randrange(10))
            try:
                attempt(resources, claim, tmp_path)
            except Killed:
                died += 1
            dies(None)
            require_no_place_ahead(resources, github)
            with resources.engine.begin() as connection:
                lifecycle.cancel(connection, claim.id)
                connection.execute(text("UPDATE report SET lease_until = NULL"))  # its process is dead
            if random.random() < 0.3:
                changes.steps(3)
                sync(resources)
    finally:
        resources.settings.__dict__["sync_records"] = 20_000
    assert died > KILLS // 3
    for _ in range(2):
        github.world.pass_seconds(3600)
        sync(resources)
    assert rows(resources, PULLS) == truth(github)


def test_a_sync_that_was_overtaken_writes_nothing(resources: Resources, github: Github, tmp_path: Path) -> None:
    add_source(resources, github.address)
    claim = claimed(resources)
    with resources.engine.begin() as connection:
        lifecycle.cancel(connection, claim.id)
    with pytest.raises(AttemptSuperseded):
        attempt(resources, claim, tmp_path)
    assert rows(resources, PULLS) == []
    assert rows(resources, "SELECT 1 FROM source_cursor") == []
    assert rows(resources, "SELECT 1 FROM source_repository") == []
